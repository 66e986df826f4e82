import type { GraphNode, ModelChoice } from "../../graph/graph.ts";
import type { ForwardPass } from "../forward/forward.ts";
import { askJson, type Llm } from "../forward/llm.ts";
import { repairOf } from "../propose/optimizer-prompt.ts";
import type { Contributions } from "./backpropagation.ts";
import { quoted, schemaOf } from "./feedback-reply.ts";

/** Sends one backward call, and reads its reply. */
export function createAskFor(ask: Llm, choice: ModelChoice) {
  return (
    node: GraphNode,
    keys: readonly string[],
    system: string,
    user: string,
    pass: ForwardPass,
    read: (value: unknown) => Contributions<string> | null,
  ): Promise<Contributions<string>> =>
    askJson(
      ask,
      {
        purpose: "backward",
        node: node.id,
        sample: pass.sample.id,
        split: pass.split,
        choice,
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
        schema: { name: "feedback", schema: schemaOf(keys) },
        priority: 2,
      },
      { read, repair: (doubts) => repairOf(quoted(keys), doubts) },
    );
}
