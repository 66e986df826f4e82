import type { Graph, GraphNode } from "../../src/graph/graph.ts";
import type { LayoutNode } from "../../src/graph/layout/node.ts";

const ROLES = ["breaks the problem into steps", "gives the answer", "checks the arithmetic", "lists what is known", ""];
const TEXTS = [
  "List the quantities in the problem.\nThen list the steps, one a line, and say which quantity each step needs.",
  "Read the steps of the plan. Compute each of them and show your work. End with “Answer:” and the number.",
  "Compare the result with the question. If a unit is missing, add it. Say “ok” where nothing is wrong.",
  "Name every item with its quantity. Ignore what is not asked for.",
];

/** A graph of the given shape with words on it, as people write them. */
export function graphOf(shape: readonly LayoutNode[], name = "Word problems"): Graph {
  const nodes = shape.filter(({ kind }) => kind !== "input");
  return {
    name,
    description: "Solves grade-school word problems; the answer is one number.",
    inputs: shape
      .filter(({ kind }) => kind === "input")
      .map(({ id }) => ({ name: id, description: "a word problem from the data" })),
    nodes: nodes.map((node, i) => nodeOf(node, i)),
    output: nodes.at(-1)?.id ?? "",
  };
}

function nodeOf({ id, kind, inputs }: LayoutNode, i: number): GraphNode {
  const common = { id, trainable: i % 5 !== 3, keep: [], maxWords: null, constraints: [], inputs, output: null };
  if (kind === "text")
    return { ...common, kind, role: "house style, read by several", text: "Be brief. Use plain words." };
  const role = ROLES[i % ROLES.length] ?? "";
  const text = TEXTS[i % TEXTS.length] ?? "";
  return { ...common, kind: "llm", role, text, model: null, message: "system" };
}

/** Five nodes and an input, as in the examples: a chain with a shared text. */
export const five = graphOf([
  { id: "question", kind: "input", inputs: [] },
  { id: "style", kind: "text", inputs: [] },
  { id: "plan", kind: "llm", inputs: ["question"] },
  { id: "solve", kind: "llm", inputs: ["question", "plan", "style"] },
  { id: "check", kind: "llm", inputs: ["question", "solve"] },
  { id: "answer", kind: "llm", inputs: ["solve", "check", "style"] },
]);

/** One node of each kind, each with a role and a long text. */
export const everyKind: Graph = (() => {
  const long = "Read what the customer writes, find all that matters in it, and say what follows from it for us.";
  const common = { trainable: false, keep: [], maxWords: null, constraints: [], output: null, text: long };
  const role = "does what a role says in many more words than a line holds";
  const asking = { model: null, message: "system" } as const;
  return {
    name: "Claims",
    description: "",
    inputs: [{ name: "question", description: "what a customer asks" }],
    nodes: [
      { ...common, id: "parts", kind: "function", role, inputs: ["question"], file: "steps/parts.js" },
      { ...common, id: "find", kind: "retriever", role, inputs: ["question"], corpus: ["docs/**/*.md"], top: 3 },
      {
        ...common,
        id: "weigh",
        kind: "tool",
        role,
        inputs: ["question"],
        tool: "scale",
        arguments: { parcel: "{{question}}" },
        text: JSON.stringify({ parcel: "{{question}}", of: long }),
      },
      {
        ...common,
        ...asking,
        id: "notes",
        kind: "map",
        role,
        inputs: ["parts"],
        over: "parts",
        each: null,
        join: "; ",
      },
      { ...common, id: "style", kind: "text", role, inputs: [] },
      { ...common, id: "bare", kind: "function", role: "", inputs: ["question"], file: "steps/bare.js" },
      { ...common, id: "note", kind: "text", role: "", inputs: [] },
      {
        ...common,
        ...asking,
        id: "answer",
        kind: "llm",
        role,
        inputs: ["find", "weigh", "notes", "style", "bare", "note"],
        keep: ["Be kind."],
        maxWords: 40,
      },
    ],
    output: "answer",
  };
})();

/** Wide and deep like a real pipeline: stages of a few parallel nodes, joined again, all reading the question. */
export function pipeline(size: number): Graph {
  const nodes: LayoutNode[] = [
    { id: "question", kind: "input", inputs: [] },
    { id: "documents", kind: "input", inputs: [] },
    { id: "style", kind: "text", inputs: [] },
  ];
  let ends = ["question", "documents"];
  for (let stage = 0; nodes.length < size; stage++) {
    const width = 1 + ((stage * 2) % 5);
    const next: string[] = [];
    for (let i = 0; i < width && nodes.length < size; i++) {
      const id = `${["gather", "plan", "draft", "judge", "merge", "refine"][stage % 6]}_${stage}${width > 1 ? String.fromCharCode(97 + i) : ""}`;
      const own =
        width >= ends.length
          ? [ends[Math.floor((i * ends.length) / width)] ?? "question"]
          : ends.filter((_, end) => Math.floor((end * width) / ends.length) === i);
      const extra = stage % 3 === 1 ? ["question"] : stage % 4 === 3 ? ["style"] : [];
      nodes.push({ id, kind: "llm", inputs: [...new Set([...own, ...extra])] });
      next.push(id);
    }
    ends = next;
  }
  nodes.push({ id: "answer", kind: "llm", inputs: [...ends, "question"] });
  return graphOf(nodes, "Pipeline");
}

/** The same graph with other names. */
export function renameAll(graph: Graph, rename: (id: string) => string): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, name: rename(input.name) })),
    nodes: graph.nodes.map(
      (node): GraphNode => ({
        ...node,
        id: rename(node.id),
        ...(node.kind === "llm" ? { inputs: node.inputs.map(rename) } : {}),
      }),
    ),
    output: rename(graph.output),
  };
}
