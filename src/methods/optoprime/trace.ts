import type { Sample } from "../../data/sample.ts";
import { nodeDescriptions } from "../../engine/backward/node-description.ts";
import type { ForwardPass, Scored } from "../../engine/forward/forward.ts";
import { block, escapeTags, fill, shorten, verbatimBlock } from "../../engine/forward/prompt.ts";
import { constraintsOf } from "../../engine/propose/optimizer-prompt.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { Graph, GraphNode, Texts } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import { topologyOf } from "../../graph/topology.ts";
import caseTemplate from "./optimizer-case.md";

/** Maximum characters shown of a value. */
const VALUE = 2000;

/** A text that was tried, and its result. */
export interface Attempt {
  readonly texts: Texts;
  readonly feedback: string;
}

/** One run of the graph, as shown to the model. */
export interface Trace {
  readonly shown: string;
  /** Feedback on the output. */
  readonly feedback: string;
}

/** Describes the whole graph as one program, with the values of its runs. */
export function createTraces(graph: Graph) {
  const topology = topologyOf(graph);
  const order = topology.order.filter(({ id }) => topology.isNeeded(id));
  const parameters = parametersOf(graph);
  const placeOf = nodeDescriptions(graph);
  const program = order
    .filter(runs)
    .map((node) =>
      traitsOf(node).computed
        ? `${node.id} = compute(${node.inputs.join(", ")})`
        : `${node.id} = step(${["instruction", ...node.inputs].join(", ")})`,
    );

  return { traceOf, promptOf };

  /** @returns null if the sample could not be scored */
  async function traceOf(pass: ForwardPass): Promise<Trace | null> {
    const score = await pass.score;
    if (!score) return null;
    const steps = order.filter((node) => runs(node) && node.id !== graph.output);
    const values = await Promise.all(steps.map(async ({ id }) => value("value", (await pass.value(id)).text, id)));
    const feedback = [score.criticism || "The answer is right.", pass.sample.feedback ?? ""].filter(Boolean).join("\n");
    const parts = [
      ...graph.inputs.map(({ name }) => value("input", pass.sample.inputs[name] ?? "", name)),
      ...values,
      value("output", (await pass.value(graph.output)).text),
      ...(score.nodes ? feedbackByStep(score.nodes, pass.sample) : [block("feedback", feedback)]),
    ];
    return { shown: `<case id="${pass.sample.id.replace(/["<>\n]/g, " ")}">\n${parts.join("\n")}\n</case>`, feedback };
  }

  /** Feedback on each scored node, those that are right included. */
  function feedbackByStep(nodes: NonNullable<Scored["nodes"]>, { feedback: human }: Sample): string[] {
    const shown = Object.entries(nodes).map(([id, { criticism }]) =>
      block("feedback", criticism || "This value is right.", { step: id }),
    );
    return human ? [...shown, block("feedback", human)] : shown;
  }

  function promptOf(texts: Texts, traces: readonly Trace[], attempts: readonly Attempt[]): string {
    return fill(caseTemplate, {
      purpose: escapeTags(graph.description || graph.name),
      program: escapeTags(program.join("\n")),
      documentation: escapeTags(order.map((node) => `[${node.id}] ${placeOf(node)}`).join("\n")),
      variables: parameters.map((node) => variable(node, texts)).join("\n\n"),
      cases: traces.map(({ shown }) => shown).join("\n\n"),
      memory: attempts.map(attempted).join("\n\n"),
    });
  }

  function variable(node: GraphNode, texts: Texts): string {
    const text = texts[node.id] ?? node.text;
    const rules = block("rules", constraintsOf(node, text));
    return `<variable name="${node.id}">\n${verbatimBlock("current_text", text)}\n${rules}\n</variable>`;
  }

  function attempted({ texts, feedback }: Attempt, index: number): string {
    const tried = parameters.map(({ id, text }) => value("tried_text", texts[id] ?? text, id));
    const parts = [...tried, block("feedback", shorten(feedback, VALUE))];
    return `<earlier_attempt number="${index + 1}">\n${parts.join("\n")}\n</earlier_attempt>`;
  }
}

function runs(node: GraphNode): boolean {
  const { text, computed } = traitsOf(node);
  return text === "instruction" || computed;
}

function value(tag: string, text: string, id = ""): string {
  return block(tag, shorten(text, VALUE), { id });
}
