import type { GraphNode } from "../../graph/graph.ts";
import type { Draft, Engine, OptimizerCall } from "../method.ts";
import { PROPOSAL_SCHEMA, readProposal } from "./optimizer-prompt.ts";

export interface TextRequest extends Pick<OptimizerCall<Draft>, "messages" | "index" | "temperature"> {
  readonly node: GraphNode;
  /** The text that it replaces. */
  readonly base: string;
}

/** Asks ϕ for one new text, as JSON with a hypothesis. @returns null if the call was lost */
export function askForText(engine: Pick<Engine, "ask">, { node, base, ...call }: TextRequest): Promise<Draft | null> {
  return engine.ask<Draft>({
    ...call,
    parameter: node.id,
    form: {
      ...PROPOSAL_SCHEMA,
      read: (value: unknown) => readProposal(value, node, base),
      sure: true,
      doubts: ({ doubts = [] }) => doubts,
    },
    unreadable: (doubts) => ({ hypothesis: "", text: "", doubts }),
  });
}
