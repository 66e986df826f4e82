import { AS_LIST, PASS_ON, PROGRAM, PROGRAM_FILE } from "./local.ts";
import type { SeededRandom } from "./seeded-random.ts";

/**
 * A random graph as a user's folder, by path. The task behind it is made up: a question names rules, as `n1~r0`, and is
 * answered right when each stands in the text of the node it belongs to (`Mind n1~r0!`); see model.ts.
 */
export interface RandomGraph {
  readonly files: Readonly<Record<string, string>>;
  readonly graphFile: string;
  /** LLM nodes. */
  readonly steps: number;
  /** Parameters that the server refuses. */
  readonly refuses: readonly string[];
  readonly format: "json_schema" | "json_object" | "none";
  readonly loss: string;
  readonly concurrency: number;
}

export const FORMS = ["plain", "after", "tag", "json", "pattern"] as const;
export type Form = (typeof FORMS)[number];

const OUTPUTS: Record<Form, object | null> = {
  plain: null,
  after: { after: "Answer:" },
  tag: { tag: "out" },
  json: { json: "out.value" },
  pattern: { pattern: "<<(.*)>>" },
};

const LOSSES: Record<string, { readonly spec: object; target(index: number): unknown }> = {
  exact: { spec: {}, target: (index) => `a${index}` },
  contains: { spec: {}, target: (index) => [`a${index}`, `as${index}`] },
  number: { spec: {}, target: (index) => index },
  choice: { spec: { options: ["red", "green", "blue"] }, target: (index) => ["red", "green", "blue"][index % 3] },
  regex: { spec: {}, target: (index) => `^a${index}$` },
  f1: { spec: {}, target: (index) => `the answer a${index}` },
  set: { spec: {}, target: (index) => `a${index}, b${index}` },
  json: { spec: {}, target: (index) => ({ x: `a${index}`, y: 1 }) },
  judge: { spec: { rubric: "It is the accepted answer.", votes: 3 }, target: (index) => `a${index}` },
};

/** Calls of one forward pass over all samples, at most. */
const CALLS = 110;

export function createRandomGraph(random: SeededRandom): RandomGraph {
  const steps = random.pick([
    random.int(2, 4),
    random.int(2, 4),
    random.int(2, 8),
    random.int(2, 8),
    random.int(5, 20),
    random.chance(0.3) ? random.int(20, 50) : 3,
  ]);
  const loss = random.pick(["exact", "exact", "contains", "number", "choice", "regex", "f1", "set", "json", "judge"]);
  const { nodes, texts } = graphOf(steps, loss, random);
  const minding = Object.entries(nodes).flatMap(([id, node]) => ("instruction" in node || "text" in node ? id : []));
  const rules = minding.filter((id) => !/^[ms]/.test(id)).flatMap((id) => [`${id}~r0`, `${id}~r1`]);
  const most = Math.floor(CALLS / steps);
  const size = (least: number, largest: number) => Math.max(least, Math.min(random.int(least, largest), most));
  const sizes = { train: size(2, 12), validation: size(2, 14), test: random.chance(0.4) ? size(1, 5) : 0 };
  const rows = rowsOf(sizes, rules, loss, random);
  const graph = {
    version: 1,
    name: `chaos ${random.seed}`,
    inputs: { question: "names rules" },
    nodes,
    output: `n${steps - 1}`,
    data: {
      train: "data/train.jsonl",
      validation: "data/validation.jsonl",
      ...(sizes.test > 0 && { test: "data/test.jsonl" }),
      target: "answer",
      ...(random.chance(0.5) && { id: "id" }),
      ...(random.chance(0.2) && { feedback: "remark" }),
    },
    loss: { kind: loss, ...LOSSES[loss]?.spec },
    models: modelsOf(random),
    optimize: { ...optionsOf(loss, random), edges: random.chance(0.35) },
  };
  return {
    files: {
      "graph.agentgraph.json": `${JSON.stringify(graph, null, 2)}\n`,
      ...Object.fromEntries(rows),
      ...Object.fromEntries(texts),
      [PROGRAM_FILE]: PROGRAM,
      "docs/one.md": "# One\n\nA question names rules.\n",
      "docs/two.md": "# Two\n\nNeeds are of no help here.\n",
    },
    graphFile: "graph.agentgraph.json",
    steps,
    refuses: random.some(["temperature", "max_tokens"], 0.15),
    format: random.pick(["json_schema", "json_schema", "json_object", "none"]),
    loss,
    concurrency: random.pick([1, 2, random.int(3, 8), 16, 32]),
  };
}

/** Every step reads some of those before it; what nobody reads, the last one does. */
function graphOf(steps: number, loss: string, random: SeededRandom) {
  const nodes: Record<string, object> = {};
  const texts = new Map<string, string>();
  const shared = random.chance(0.4) ? Array.from({ length: random.int(1, 2) }, (_, index) => `t${index}`) : [];
  for (const id of shared) {
    nodes[id] = { kind: "text", role: "shared by some", text: `Text ${id}: be brief.`, trainable: random.chance(0.8) };
  }
  const unread = new Set<string>(shared);
  const span = random.pick([1, 2, 3, steps]);
  for (let index = 0; index < steps; index++) {
    const id = `n${index}`;
    const last = index === steps - 1;
    const near = Array.from({ length: Math.min(span, index) }, (_, back) => `n${index - 1 - back}`);
    const reads = new Set([...near.filter((_, back) => back === 0 || random.chance(0.4)), ...random.some(shared, 0.4)]);
    if (reads.size === 0 || !near.some((one) => reads.has(one)) || random.chance(0.5)) reads.add("question");
    if (last) for (const one of unread) reads.add(one);
    const inputs = random.shuffled([...reads]);
    for (const one of inputs) unread.delete(one);
    unread.add(id);
    const form = random.pick(FORMS);
    const placed = random.chance(0.3) ? ` Use ${inputs.map((one) => `{{${one}}}`).join(" and ")}.` : "";
    const text = `Node ${id}: work. Form ${form}.${last ? ` Final ${loss}.` : ""}${placed}`;
    const place = random.pick(["string", "string", "string", "lines", "file"]);
    if (place === "file") texts.set(`prompts/${id}.md`, `${text}\n`);
    nodes[id] = {
      ...(random.chance(0.7) && { role: `does part ${index}` }),
      inputs,
      instruction: place === "file" ? { file: `prompts/${id}.md` } : place === "lines" ? text.split(/(?<=\.) /) : text,
      ...(random.chance(0.05) && { model: modelOf(random) }),
      ...(random.chance(0.1) && { keep: [`Form ${form}`], maxWords: 40, constraints: ["Keep it short."] }),
      ...(OUTPUTS[form] && { output: OUTPUTS[form] }),
      ...(random.chance(0.15) && !last && { trainable: false }),
      ...(random.chance(0.1) && { message: "user" }),
    };
  }
  addOtherKinds(nodes, steps, random);
  return { nodes, texts };
}

/**
 * Puts nodes of other kinds between some steps: code, programs, tools and maps that pass a value on, and searches beside it. They
 * have the name of the step with another letter.
 */
function addOtherKinds(nodes: Record<string, object>, steps: number, random: SeededRandom): void {
  if (!random.chance(0.5)) return;
  const share = random.pick([0.2, 0.5]);
  for (let index = 1; index < steps; index++) {
    const reader = nodes[`n${index}`] as { inputs: string[]; instruction: unknown };
    const source = reader.inputs.find((name) => /^n\d+$/.test(name));
    // A text that names its inputs would have to name the new one.
    if (source === undefined || !random.chance(share) || typeof reader.instruction !== "string") continue;
    if (reader.instruction.includes("{{")) continue;
    const id = `c${index}`;
    const others = reader.inputs.filter((name) => name !== source);
    switch (random.pick(["function", "tool", "retriever", "map", "map of nodes", "program"])) {
      case "function":
        nodes[id] = { kind: "function", inputs: [source], code: PASS_ON };
        reader.inputs = [...others, id];
        break;
      case "tool":
        nodes[id] = { kind: "tool", inputs: [source], tool: "pass_on", arguments: { text: `{{${source}}}` } };
        reader.inputs = [...others, id];
        break;
      case "retriever":
        nodes[id] = { kind: "retriever", inputs: [source], corpus: "docs/*.md", query: `{{${source}}}`, top: 1 };
        reader.inputs = [...reader.inputs, id];
        break;
      case "map":
        nodes[id] = { kind: "function", inputs: [source], code: AS_LIST };
        nodes[`m${index}`] = { kind: "map", inputs: [id], over: id, instruction: `Node m${index}: work. Form plain.` };
        reader.inputs = [...others, `m${index}`];
        break;
      case "map of nodes":
        nodes[id] = { kind: "function", inputs: [source], code: AS_LIST };
        nodes[`s${index}`] = { inputs: [id], instruction: `Node s${index}: work. Form plain.` };
        nodes[`f${index}`] = { kind: "function", inputs: [`s${index}`], code: PASS_ON };
        nodes[`m${index}`] = { kind: "map", over: id, nodes: [`s${index}`, `f${index}`], join: "\n" };
        reader.inputs = [...others, `m${index}`];
        break;
      case "program":
        nodes[id] = { kind: "function", inputs: [source], code: { file: PROGRAM_FILE } };
        reader.inputs = [...others, id];
    }
  }
}

type Sizes = Readonly<Record<"train" | "validation" | "test", number>>;

function rowsOf(
  sizes: Sizes,
  rules: readonly string[],
  loss: string,
  random: SeededRandom,
): [path: string, rows: string][] {
  let index = 0;
  const row = () => {
    index += 1;
    const needed = random.chance(0.25) ? [] : random.shuffled(rules).slice(0, random.int(1, 2));
    const question = `Q${index} needs ${[...needed, ...(random.chance(0.1) ? ["luck"] : [])].join(" ")}.`;
    return { id: `s${index}`, question, answer: LOSSES[loss]?.target(index), remark: "Not what I wanted." };
  };
  return Object.entries(sizes).flatMap(([name, size]) => {
    const rows = Array.from({ length: size }, row);
    return size === 0 ? [] : [[`data/${name}.jsonl`, rows.map((one) => `${JSON.stringify(one)}\n`).join("")]];
  });
}

function modelsOf(random: SeededRandom) {
  return {
    forward: modelOf(random),
    ...(random.chance(0.5) && { backward: modelOf(random) }),
    ...(random.chance(0.5) && { optimizer: modelOf(random) }),
  };
}

function modelOf(random: SeededRandom) {
  return {
    model: "chaos",
    params: { temperature: random.pick([0, 0, 0.7]), ...(random.chance(0.3) && { max_tokens: 600 }) },
  };
}

function optionsOf(loss: string, random: SeededRandom) {
  const graded = ["f1", "set", "json", "judge"].includes(loss);
  return {
    iterations: random.int(0, 4),
    batch: random.int(1, 8),
    patience: random.int(1, 3),
    threshold: graded ? random.pick([0, 0.3, 0.5]) : 0,
    gate: { policy: random.pick(["strict", "strict", "significant", "off"]), alpha: random.pick([0.05, 0.3]) },
    gateEvery: random.pick([1, 1, 2, 4]),
    proposals: random.pick([1, 1, 1, 2, 3]),
    update: random.pick(["all", "all", "half", "one"]),
    baseline: random.chance(0.1),
    neighbors: random.chance(0.8),
    gradients: random.chance(0.9),
    seed: random.int(0, 99),
    budget: { calls: null },
  };
}

/** The files of a graph, with a function instead of the nodes that `isReplaced` names. It passes on the same. */
export function withCode(
  files: RandomGraph["files"],
  isReplaced: (node: { readonly kind?: string; readonly code?: { readonly file?: string } }) => boolean,
): Record<string, string> {
  const path = "graph.agentgraph.json";
  const graph = JSON.parse(files[path] ?? "{}");
  for (const [id, node] of Object.entries<{ kind?: string; inputs?: string[]; code?: { file?: string } }>(
    graph.nodes,
  )) {
    if (isReplaced(node)) graph.nodes[id] = { kind: "function", inputs: node.inputs, code: PASS_ON };
  }
  return { ...files, [path]: `${JSON.stringify(graph, null, 2)}\n` };
}
