import type { Extractor, Graph, GraphNode, ModelChoice } from "./graph.ts";
import type { GraphPart } from "./schema/schema.ts";
import type { ModelSpec, NodeSpec } from "./schema/schema-nodes.ts";
import type { SubGraph } from "./sub-graph.ts";
import type { Outline, OutlineNode } from "./syntax/outline.ts";
import { defaultArguments } from "./tool-arguments.ts";

/**
 * The graph of a file.
 * @param texts by node id
 * @param subGraphs by the id of the map node that runs them
 */
export function buildGraph(
  part: GraphPart,
  outline: Outline,
  texts: ReadonlyMap<string, string>,
  subGraphs: ReadonlyMap<string, SubGraph>,
): Graph | null {
  const outlined = new Map(outline.nodes.map((node) => [node.id, node]));
  const perElement = perElementOf(outline);
  const nodes = Object.entries(part.nodes).flatMap(([id, spec]) => {
    const sub = subGraphs.get(id);
    if (sub && spec.kind === "map") return [...sub.nodes, joinNode(id, spec, [sub.output])];
    const node = buildNode(id, spec, texts.get(id), outlined.get(id));
    const lists = node ? node.inputs.filter((name) => perElement.get(id)?.has(name)) : [];
    return [node && lists.length > 0 ? { ...node, perElement: lists } : node];
  });
  const complete = nodes.filter((node) => node !== null);
  if (complete.length < nodes.length) return null;
  const inputs = Array.isArray(part.inputs)
    ? part.inputs.map((name) => ({ name, description: "" }))
    : Object.entries(part.inputs).map(([name, input]) => ({
        name,
        description: typeof input === "string" ? input : input.description,
        ...(typeof input !== "string" && input.type !== "text" && { type: input.type }),
      }));
  const { name, description, output } = part;
  const targets = outline.targets.map((target) => target.name).filter((id) => id !== output && outlined.has(id));
  return { name, description, inputs, nodes: complete, output, ...(targets.length > 0 && { targets }) };
}

/** Node of a map over several → names that stand for one element there. */
function perElementOf({ nodes }: Outline): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    nodes.flatMap(({ over, body }) => {
      const lists = new Set([...(over ? [over.name] : []), ...body.map(({ name }) => name)]);
      return body.map(({ name }) => [name, lists] as const);
    }),
  );
}

function unchangeable(id: string, role: string, text: string, inputs: string[]) {
  return { id, role, text, inputs, trainable: false, keep: [], maxWords: null, constraints: [], output: null };
}

function joinNode(id: string, { role, join }: NodeSpec & { kind: "map" }, inputs: string[]): GraphNode {
  return { kind: "join", ...unchangeable(id, role, "", inputs), join: join ?? null };
}

function buildNode(id: string, spec: NodeSpec, text: string | undefined, outline?: OutlineNode): GraphNode | null {
  const { role } = spec;
  const inputs = [...new Set(spec.inputs)];
  const { templating = "mustache", frame = null, variables = {}, looseNames = [] } = outline ?? {};
  const renamed = {
    ...(Object.keys(variables).length > 0 && { variables }),
    ...(looseNames.length > 0 && { looseNames: [...looseNames] }),
  };
  if (spec.kind === "retriever") {
    const query = text ?? inputs.map((name) => `{{${name}}}`).join("\n");
    const fixed = { ...unchangeable(id, role, query, inputs), ...renamed };
    return { kind: "retriever", ...fixed, corpus: [spec.corpus].flat(), top: spec.top };
  }
  if (spec.kind === "tool") {
    const given = spec.arguments ?? defaultArguments(inputs, outline?.variables);
    const shown = JSON.stringify({ tool: spec.tool, arguments: given });
    return { kind: "tool", ...unchangeable(id, role, shown, inputs), ...renamed, tool: spec.tool, arguments: given };
  }
  if (spec.kind === "map" && spec.nodes) return joinNode(id, spec, spec.nodes.slice(-1));
  if (text === undefined) return null;
  const fixed = unchangeable(id, role, text, inputs);
  if (spec.kind === "function") {
    const file = isReference(spec.code) ? spec.code.file : `nodes.${id}.code`;
    return { kind: "function", ...fixed, ...renamed, file };
  }
  const { trainable, keep, maxWords = null, constraints } = spec;
  const within = outline?.text?.part;
  const base = {
    ...{ ...fixed, trainable, keep, maxWords, constraints },
    ...(templating !== "mustache" && { templating }),
    ...renamed,
    ...(within && { part: within }),
  };
  switch (spec.kind) {
    case "llm":
    case "map": {
      const model = spec.model === undefined ? null : modelChoice(spec.model);
      const around = frame !== null && { frame };
      const { message } = spec;
      const output = extractorOf(spec.output);
      const asking = { ...base, ...around, inputs, model, message };
      if (!("over" in spec)) return { ...asking, kind: "llm", output };
      return { ...asking, kind: "map", over: spec.over, each: output, join: spec.join ?? null };
    }
    case "text":
      return {
        kind: "text",
        ...base,
        ...(spec.examples && { form: "rows" }),
        ...(spec.language && { language: spec.language }),
      };
  }
}

/** Whether the text is in a separate file. */
function isReference(text: string | readonly string[] | { readonly file: string }): text is { readonly file: string } {
  return typeof text === "object" && "file" in text;
}

/** Default parameters of a model: at a higher temperature, the gate can't distinguish a gain from noise. */
export const DEFAULT_PARAMS = { temperature: 0 } as const;

export function modelChoice(spec: ModelSpec): ModelChoice {
  if (typeof spec === "string") return { model: spec, params: { ...DEFAULT_PARAMS } };
  const { model, temperature, params } = spec;
  return { model, params: { ...(temperature !== null && { temperature }), ...params } };
}

function extractorOf(spec: (NodeSpec & { kind: "llm" | "map" })["output"]): Extractor | null {
  if (!spec) return null;
  if ("after" in spec) return { kind: "after", ...spec };
  if ("tag" in spec) return { kind: "tag", ...spec };
  if ("pattern" in spec) return { kind: "pattern", ...spec };
  return { kind: "json", ...spec };
}
