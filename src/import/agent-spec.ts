import { isMapping, keyOf, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused, type ImportSource } from "./importer.ts";
import { readJinja } from "./jinja-prompt.ts";
import { Names } from "./names.ts";
import { topologicalOrder } from "./order.ts";

interface Component {
  readonly name: string;
  readonly id: string;
  readonly key: string;
  readonly prompt: string;
  readonly value: Mapping;
}

const PROMPTS: Readonly<Record<string, string>> = { LlmNode: "prompt_template", Agent: "system_prompt" };

/** Agent Spec: its LLM nodes and agents, joined by its data flow. */
export const agentSpec: Importer = {
  kind: "agentspec",
  recognizes: (name, head) =>
    /\.(?:ya?ml|json)$/i.test(name) &&
    /["']?component_type["']?\s*:/.test(head) &&
    /agentspec_version|component_type["']?\s*:\s*["']?(?:Flow|Agent|LlmNode)\b/.test(head),
  async read([file = ""], source) {
    return new Spec(source, file, await readMapping(file, source)).draft();
  },
};

class Spec {
  readonly #notes: string[] = [];
  readonly #names = new Names();
  readonly #inputs: Record<string, string> = {};

  constructor(
    private readonly source: ImportSource,
    private readonly file: string,
    private readonly spec: Mapping,
  ) {}

  draft(): Draft {
    const { t } = this.source;
    const found = componentsIn(this.spec, []);
    if (found.length === 0) throw new ImportRefused(t("{0} has no LLM node and no agent with a prompt.", this.file));
    const edges = edgesIn(this.spec);
    const keyed = new Map(found.flatMap((one) => [[one.id, one] as const, [one.name, one] as const]));
    const back = backEdges(edges, keyed, runOrder(this.spec, found));
    const makersOf = (reader: Component, input: string) =>
      edges.filter(({ to, target }) => keyed.get(to) === reader && target === input);
    const order = topologicalOrder(
      found,
      ({ id }) => id,
      (one) =>
        edges
          .filter((edge) => keyed.get(edge.to) === one && !back.has(edge))
          .flatMap(({ from }) => keyed.get(from)?.id ?? []),
    );
    const ids = new Map(order.map((one) => [one, this.#names.take(one.name)]));
    const nodes: Record<string, DraftNode> = {};
    const shared = new Map<string, string>();
    for (const component of order) {
      const where = `${this.file}: ${component.key}`;
      const { names, note } = readJinja(component.prompt, where, t);
      if (note !== null) this.#notes.push(note);
      const node: DraftNode = {
        role: textOf(component.value.description) ?? component.name,
        inputs: [],
        instruction: { file: this.file, key: component.key },
      };
      for (const name of names) {
        const makers = makersOf(component, name);
        const edge = makers.find((one) => !back.has(one));
        const maker = edge && keyed.get(edge.from);
        const key = edge && !maker ? `${edge.from}.${edge.source}` : name;
        const input =
          (maker && ids.get(maker)) ?? shared.get(key) ?? this.#names.take(edge && !maker ? edge.source : name);
        if (!maker) {
          shared.set(key, input);
          this.#inputs[input] = "";
        }
        const again = makers.find((one) => back.has(one));
        if (again)
          this.#notes.push(
            t(
              '{0}: "{1}" reads "{2}" of the round before. Loops do not run here: give the graph input "{3}" the value of the first round.',
              this.file,
              component.name,
              keyed.get(again.from)?.name ?? again.from,
              input,
            ),
          );
        node.templating = "jinja";
        if (input !== name) node.variables = { ...node.variables, [name]: input };
        node.inputs = [...new Set([...(node.inputs ?? []), input])];
      }
      const model = textOf(mappingOf(component.value.llm_config).model_id);
      if (model !== null) node.model = model;
      if (listOf(component.value.tools).length > 0)
        this.#notes.push(t('The tools of "{0}" are not used here.', component.name));
      nodes[ids.get(component) ?? component.name] = node;
    }
    const others = [...new Set(typesIn(this.spec))].filter((type) => !(type in PROMPTS) && !SILENT.test(type));
    if (others.length > 0) this.#notes.push(t("These components do not run here: {0}.", others.join(", ")));
    const last = order.at(-1);
    return {
      name: textOf(this.spec.name) ?? "Agent Spec",
      inputs: this.#inputs,
      nodes,
      output: (last && ids.get(last)) ?? "",
      files: [this.file],
      notes: this.#notes,
    };
  }
}

/** Components that are not steps. */
const SILENT = /^(?:Flow|StartNode|EndNode|AgentNode|.*Edge|.*Config|.*LLM.*)$/;

function componentsIn(value: unknown, steps: readonly (string | number)[]): Component[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => componentsIn(one, [...steps, at]));
  if (!isMapping(value) || steps.length > 12) return [];
  const key = PROMPTS[textOf(value.component_type) ?? ""];
  const prompt = key === undefined ? null : textOf(value[key]);
  const own =
    key !== undefined && prompt !== null && prompt !== ""
      ? [{ ...about(value), key: keyOf(...steps, key), prompt, value }]
      : [];
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => componentsIn(inner, [...steps, name]))];
}

function about(value: Mapping) {
  const name = textOf(value.name) ?? "step";
  return { name, id: textOf(value.id) ?? name };
}

interface Edge {
  readonly from: string;
  readonly source: string;
  readonly to: string;
  readonly target: string;
}

function nameOf(node: unknown): string {
  return textOf(mappingOf(node).$component_ref) ?? textOf(mappingOf(node).id) ?? textOf(mappingOf(node).name) ?? "";
}

/** Positions of the components as the flow first runs them, by id; those that it does not name keep their order in the file, at the end. */
function runOrder(spec: Mapping, found: readonly Component[]): ReadonlyMap<string, number> {
  const next = controlEdgesIn(spec);
  const order = new Set([nameOf(spec.start_node)]);
  for (const one of order) for (const { from, to } of next) if (from === one) order.add(to);
  const named = [...order, ...found.map(({ id }) => id)];
  return new Map(found.map(({ id, name }) => [id, named.findIndex((one) => one === id || one === name)]));
}

/** Edges through which a component reads what comes after it: those that close a loop. */
function backEdges(
  edges: readonly Edge[],
  keyed: ReadonlyMap<string, Component>,
  position: ReadonlyMap<string, number>,
): ReadonlySet<Edge> {
  const idOf = (name: string) => keyed.get(name)?.id;
  const reaches = (from: string | undefined, to: string | undefined): boolean => {
    const seen = new Set([from]);
    for (const one of seen) for (const edge of edges) if (idOf(edge.from) === one) seen.add(idOf(edge.to));
    return seen.has(to);
  };
  return new Set(
    edges.filter((edge) => {
      const [from, to] = [idOf(edge.from), idOf(edge.to)];
      if (from === undefined || to === undefined) return false;
      return (position.get(from) ?? 0) >= (position.get(to) ?? 0) && reaches(to, from);
    }),
  );
}

function controlEdgesIn(spec: Mapping): { from: string; to: string }[] {
  const edges = mappingsIn(spec).filter((one) => one.component_type === "ControlFlowEdge");
  return edges.map((edge) => ({ from: nameOf(edge.from_node), to: nameOf(edge.to_node) }));
}

function edgesIn(spec: Mapping): Edge[] {
  const edges = mappingsIn(spec).filter((one) => one.component_type === "DataFlowEdge");
  return edges.map((edge) => ({
    from: nameOf(edge.source_node),
    source: String(edge.source_output ?? ""),
    to: nameOf(edge.destination_node),
    target: String(edge.destination_input ?? ""),
  }));
}

function typesIn(spec: Mapping): string[] {
  return mappingsIn(spec).flatMap(({ component_type }) => textOf(component_type) ?? []);
}

/** A component and all in it, the outer ones first: an edge may hold the nodes that it joins, and a node a flow. */
function mappingsIn(value: unknown): Mapping[] {
  if (Array.isArray(value)) return value.flatMap(mappingsIn);
  return isMapping(value) ? [value, ...Object.values(value).flatMap(mappingsIn)] : [];
}
