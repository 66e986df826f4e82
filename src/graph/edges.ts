import type { Graph, GraphNode, Texts } from "./graph.ts";
import { traitsOf } from "./node-kinds.ts";
import { roleSections } from "./text/role-marks.ts";
import { namedInFrame } from "./text/template.ts";
import { findPlaceholders, inputsNamedIn, placeholderOf, placeholders, type TextSyntax } from "./text/templating.ts";

/**
 * Edges as parameters: what a node reads is another element of Θ, `<node>:inputs`. Its text is the names of the
 * inputs, one per line. A node can only start to read what comes before it in one fixed order, so no combination of
 * changes has a cycle.
 */
const SUFFIX = ":inputs";

/** Name in Θ of what a node reads. No node can have this name. */
export function inputsIdOf(node: string): string {
  return node + SUFFIX;
}

/** The node of an element of Θ that is inputs; null if it is a text. */
export function nodeOfInputs(id: string): string | null {
  return id.endsWith(SUFFIX) ? id.slice(0, -SUFFIX.length) : null;
}

export function inputsText(names: readonly string[]): string {
  return names.join("\n");
}

export function namesIn(text: string): string[] {
  return [...new Set(text.split("\n").map((name) => name.trim()))].filter(Boolean);
}

/** The same names in order of review: unchanged ones first, then new ones. */
export function inBaseOrder(names: readonly string[], base: readonly string[]): string[] {
  return [...base.filter((name) => names.includes(name)), ...names.filter((name) => !base.includes(name))];
}

export interface EdgeChanges {
  readonly added: readonly string[];
  readonly dropped: readonly string[];
}

export function edgeChanges(base: string, text: string): EdgeChanges {
  const [before, after] = [namesIn(base), namesIn(text)];
  return {
    added: after.filter((name) => !before.includes(name)),
    dropped: before.filter((name) => !after.includes(name)),
  };
}

/** What a node would read without one of the changes to its inputs. */
export function withoutEdgeChange(base: string, text: string, name: string): string {
  const [before, after] = [namesIn(base), namesIn(text)];
  const names = after.includes(name) ? after.filter((one) => one !== name) : [...after, name];
  return inputsText(inBaseOrder(names, before));
}

/** What a node reads under Θ. */
export function inputsUnder(texts: Texts, node: GraphNode): readonly string[] {
  const text = node.tunesInputs ? texts[inputsIdOf(node.id)] : undefined;
  return text === undefined ? node.inputs : namesIn(text);
}

/** The graph with the edges of Θ. The same object for Θs with the same edges, and `graph` itself for its own. */
export function graphsUnder(graph: Graph): (texts: Texts) => Graph {
  const open = graph.nodes.filter(({ tunesInputs }) => tunesInputs);
  const known = new Map<string, Graph>();
  return (texts) => {
    const key = open.map((node) => inputsText(inputsUnder(texts, node))).join("\n\n");
    const found = known.get(key);
    if (found) return found;
    const isSame = open.every((node) => inputsText(inputsUnder(texts, node)) === inputsText(node.inputs));
    const nodes = graph.nodes.map((node) => ({ ...node, inputs: [...inputsUnder(texts, node)] }));
    const made = isSame ? graph : { ...graph, nodes };
    known.set(key, made);
    return made;
  };
}

/** The graph with the texts and the edges of Θ in place of its own. */
export function withTheta(graph: Graph, texts: Texts): Graph {
  const known = new Map(Object.entries(texts));
  const nodes = graph.nodes.map((node) => {
    const inputs = [...inputsUnder(texts, node)];
    return { ...node, inputs, text: fitText(node, known.get(node.id) ?? node.text, inputs) };
  });
  return { ...graph, nodes };
}

/** Makes something once for each set of edges. */
export function perEdges<T>(graph: Graph, make: (graph: Graph) => T): (texts: Texts) => T {
  const under = graphsUnder(graph);
  const made = new Map<Graph, T>();
  return (texts) => {
    const shape = under(texts);
    const found = made.get(shape) ?? make(shape);
    made.set(shape, found);
    return found;
  };
}

/** Whether the inputs of a node can change: code and tools read their inputs by name. */
export function canChangeInputs({ kind }: { readonly kind: string }): boolean {
  return traitsOf({ kind }).asksModel;
}

/** The graph with the nodes whose inputs a run can change. */
export function openInputs(graph: Graph, isOpen: (node: GraphNode) => boolean): Graph {
  const nodes = graph.nodes.map(({ tunesInputs: _, ...node }) =>
    canChangeInputs(node) && node.perElement === undefined && node.within === undefined && isOpen(node)
      ? { ...node, tunesInputs: true as const }
      : node,
  );
  return { ...graph, nodes };
}

/**
 * Names that each node can read: graph inputs, and the nodes before it in a topological order. Found when they are asked for: a run that
 * changes no inputs needs none.
 */
export function readableNames(graph: Graph): { readonly get: (node: string) => readonly string[] | undefined } {
  let position: ReadonlyMap<string, number> | null = null;
  const inputs = graph.inputs.filter(({ type }) => type !== "image").map(({ name }) => name);
  const get = (id: string) => {
    const node = graph.nodes.find((one) => one.id === id);
    if (!node) return;
    position ??= new Map(edgeOrder(graph).map((one, index) => [one, index]));
    const at = (one: string) => position?.get(one) ?? 0;
    const isBefore = (one: GraphNode) => at(one.id) < at(id);
    // What runs for each element of a list is read there alone.
    const before = graph.nodes.filter((one) => one.perElement === undefined && isBefore(one));
    return [...new Set([...node.inputs, ...inputs, ...before.map((one) => one.id)])];
  };
  return { get };
}

/** The topological order in which nodes can read the most: nodes that nothing reads come first, the answer last. */
function edgeOrder({ nodes, output }: Graph): string[] {
  const known = new Set(nodes.map(({ id }) => id));
  const readers = new Map<string, GraphNode[]>();
  const waiting = new Map<GraphNode, number>();
  for (const node of nodes) {
    const names = [...new Set(node.inputs)].filter((name) => known.has(name));
    waiting.set(node, names.length);
    for (const name of names) readers.set(name, (readers.get(name) ?? []).concat(node));
  }
  const rank = ({ id }: GraphNode) => (id === output ? 2 : readers.has(id) ? 1 : 0);
  const place = new Map(nodes.map((node, at) => [node, rank(node) * nodes.length + at]));
  const placeOf = (node: GraphNode) => place.get(node) ?? 0;
  const order: string[] = [];
  const ready = nodes.filter((node) => waiting.get(node) === 0);
  while (ready.length > 0) {
    const at = ready.reduce((first, node, index) => (placeOf(node) < placeOf(ready[first] ?? node) ? index : first), 0);
    const [next] = ready.splice(at, 1);
    if (!next) break;
    order.push(next.id);
    for (const reader of readers.get(next.id) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  return order;
}

/** Inputs that a node requires: those in the frame of its instruction, and the list of a map node. */
export function neededInputs(node: GraphNode): string[] {
  const kept = node.keep.flatMap((text) => [...inputsNamedIn(text, node)]);
  const framed = "frame" in node && node.frame !== undefined ? namedInFrame(node.frame, node.inputs) : [];
  const needed = new Set([
    ...kept,
    ...framed,
    ...Object.values(node.variables ?? {}),
    ...("over" in node ? [node.over] : []),
  ]);
  return node.inputs.filter((name) => needed.has(name));
}

/**
 * Adapts an instruction to other inputs than its node has in the file. Placeholders of removed inputs are removed,
 * with lines that only contain their label or tags. A new input gets a placeholder at the end if the instruction is
 * sent as rendered; otherwise, inputs are sent after the instruction anyway.
 * @param node as in the file
 */
export function fitText(node: GraphNode, text: string, inputs: readonly string[]): string {
  if (inputs === node.inputs) return text;
  const dropped = new Set(node.inputs.filter((name) => !inputs.includes(name)));
  const added = inputs.filter((name) => !node.inputs.includes(name));
  if (dropped.size + added.length === 0) return text;
  const named = inputsNamedIn(text, node);
  const isAlone = node.inputs.length > 0 && node.inputs.every((name) => named.has(name));
  const left = [...dropped].some((name) => named.has(name)) ? withoutPlaceholders(text, dropped, node) : text;
  if (!isAlone || !("message" in node) || node.message === "user" || node.frame !== undefined || roleSections(text))
    return left;
  const missing = added.filter((name) => !named.has(name)).map((name) => taggedPlaceholder(name, node));
  return [left, ...missing].filter(Boolean).join("\n\n");
}

function taggedPlaceholder(name: string, syntax: TextSyntax): string {
  const placeholder = placeholderOf(name, syntax.templating);
  return placeholders(placeholder, syntax).includes(name) ? `<${name}>\n${placeholder}\n</${name}>` : "";
}

/** A line with only a label: `Passage:`, `**Passage:**`, `## Passage`. */
const LABEL = /^[\s>*_#-]*[\p{L}\p{N}][\p{L}\p{N}\s_'’()-]{0,50}:?[\s*_]*:?\s*$/u;
const TAG = /^\s*<([^<>/]+)>\s*$/;

function withoutPlaceholders(text: string, names: ReadonlySet<string>, syntax: TextSyntax): string {
  const lines = text.split("\n");
  const gone = new Set<number>();
  const changed = lines.map((line, at) => {
    const found = findPlaceholders(line, syntax).filter(({ name }) => names.has(name));
    if (found.length === 0) return line;
    const rest = found.reduceRight(
      (left, one) => left.slice(0, one.offset) + left.slice(one.offset + one.length),
      line,
    );
    const isBare = rest.trim() === "";
    if (isBare || /^[\s>*_#-]*[\p{L}\p{N}\s_'’()-]{0,50}:[\s*_"'`]*$/u.test(rest)) gone.add(at);
    if (isBare) markLabel(at);
    return rest
      .replace(/(\S) {2,}/g, "$1 ")
      .replace(/ +([.,;:!?])/g, "$1")
      .trimEnd();
  });
  const kept: string[] = [];
  changed.forEach((line, at) => {
    const isDouble = line.trim() === "" && kept.at(-1)?.trim() === "" && gone.has(at - 1);
    if (!gone.has(at) && !isDouble) kept.push(line);
  });
  return kept.join("\n").replace(/^\n+|\n+$/g, "");

  /** Marks the label above, or the tags around, a line with only a placeholder. */
  function markLabel(at: number): void {
    const [above = "", below = ""] = [lines[at - 1], lines[at + 1]];
    const tag = TAG.exec(above)?.[1];
    if (tag !== undefined && [tag, tag.split(" ")[0]].some((one) => below.trim() === `</${one}>`)) {
      gone.add(at - 1).add(at + 1);
    } else if (LABEL.test(above) && /[:#]/.test(above)) gone.add(at - 1);
  }
}
