import { inBaseOrder, inputsText, namesIn, neededInputs, readableNames } from "../../graph/edges.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { Message } from "../../models/model.ts";
import { nodeDescriptions } from "../backward/node-description.ts";
import type { InvalidReason } from "../events.ts";
import { block, escapeTags, fill } from "../forward/prompt.ts";
import type { Draft, Engine } from "../method.ts";
import type { Parameter } from "../parameters.ts";
import inputsTemplate from "../prompts/inputs.md";
import caseTemplate from "../prompts/inputs-case.md";
import { caseBlock, type OptimizerPrompt, type OptimizerPromptDeps } from "./optimizer-prompt.ts";

/** Asks ϕ what a node should read. */
export type AskForInputs = (
  engine: Pick<Engine, "ask">,
  parameter: Parameter,
  prompt: Omit<OptimizerPrompt, "node">,
) => Promise<Draft | null>;

/** The request to ϕ about the edges of one node, and how its reply is read (docs/method.md, "Edges"). */
export function createAskForInputs({ graph, gradients, answers }: OptimizerPromptDeps): AskForInputs {
  const readable = readableNames(graph);
  const describe = nodeDescriptions(graph);
  const roles = new Map([
    ...graph.inputs.map(({ name, description }) => [name, description] as const),
    ...graph.nodes.map(({ id, role }) => [id, role] as const),
  ]);

  return (engine, { id, node }, prompt) => {
    const names = readable.get(node.id) ?? node.inputs;
    return engine.ask<Draft>({
      parameter: id,
      messages: messagesFor(node, prompt, names),
      index: prompt.index,
      form: {
        name: "inputs",
        schema: schemaOf(names),
        read: (value) => readInputs(value, node.inputs),
      },
      unreadable: (doubts) => ({ hypothesis: "", text: "", doubts }),
    });
  };

  function messagesFor(
    node: GraphNode,
    { text, cases, right, history, index }: Omit<OptimizerPrompt, "node">,
    names: readonly string[],
  ): Message[] {
    const present = namesIn(text);
    const named = (tag: string, some: readonly string[]) =>
      some.map((name) => block(tag, roles.get(name) ?? "", { id: name })).join("\n");
    const parts = {
      feedback: gradients,
      expected: node.id === graph.output || graph.targets?.includes(node.id) === true,
    };
    const user = fill(caseTemplate, {
      purpose: escapeTags(graph.description || graph.name),
      place: escapeTags(describe({ ...node, inputs: present })),
      answers: escapeTags(answers(node.id)),
      reads: named("reads", present),
      others: named(
        "other",
        names.filter((name) => !present.includes(name)),
      ),
      cases: cases.map((context) => caseBlock("case", context, parts)).join("\n\n"),
      right: right.map((context) => caseBlock("correct_case", context, { ...parts, feedback: false })).join("\n\n"),
      history,
    });
    return [
      { role: "system", content: fill(inputsTemplate, { constraints: constraintsOf(node, index) }) },
      { role: "user", content: user },
    ];
  }
}

function constraintsOf(node: GraphNode, index: number): string {
  const needed = neededInputs(node);
  return [
    ...(needed.length > 0 ? [`- Keep these inputs: ${needed.join(", ")}.`] : []),
    "- Name only inputs that are shown, and at least one.",
    ...(index > 0 ? [`- The obvious choice is being made by others. Take another approach: idea ${index + 1}.`] : []),
  ].join("\n");
}

function schemaOf(names: readonly string[]): Record<string, unknown> {
  return {
    type: "object",
    properties: {
      hypothesis: { type: "string", description: "What changes and why it should help, in one sentence." },
      inputs: {
        type: "array",
        items: { type: "string", enum: [...names] },
        description: "Everything that the step should read.",
      },
    },
    required: ["hypothesis", "inputs"],
    additionalProperties: false,
  };
}

/** null without a list of names. */
function readInputs(value: unknown, base: readonly string[]): Draft | null {
  if (typeof value !== "object" || value === null) return null;
  const said: unknown = Reflect.get(value, "inputs");
  const list = typeof said === "string" ? said.split(/[\n,]/) : said;
  if (!Array.isArray(list) || !list.every((one) => typeof one === "string")) return null;
  const names = namesIn(list.map((name) => name.trim().replace(/^["'`{\s-]+|["'`}\s]+$/g, "")).join("\n"));
  const hypothesis: unknown = Reflect.get(value, "hypothesis");
  return {
    hypothesis: typeof hypothesis === "string" ? hypothesis : "",
    text: inputsText(inBaseOrder(names, base)),
  };
}

/** Why a node can't read these inputs, regardless of their score; null if it can. */
export function inputsViolation(graph: Graph, node: GraphNode, text: string): InvalidReason | null {
  const names = namesIn(text);
  if (names.length === 0) return "no inputs";
  const known = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.map(({ id }) => id)]);
  if (names.some((name) => !known.has(name))) return "names an unknown input";
  const readable = readableNames(graph).get(node.id) ?? node.inputs;
  if (names.some((name) => !readable.includes(name))) return "reads a later node";
  if (neededInputs(node).some((name) => !names.includes(name))) return "drops a needed input";
  return null;
}
