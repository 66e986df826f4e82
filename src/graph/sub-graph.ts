import { posix } from "node:path";
import type { Files } from "../deps.ts";
import { addNothingToOptimize } from "./checks/checks.ts";
import { IN_BODY } from "./checks/map-checks.ts";
import { overlap } from "./checks/shared-files.ts";
import type { ContainmentRoot } from "./containment.ts";
import type { Fault } from "./fault.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { referencedFile } from "./node-texts.ts";
import type { TextPart } from "./places/part.ts";
import { placedText } from "./places/place.ts";
import { isPlaced } from "./places/placed-text.ts";
import type { GraphReading, TextSource } from "./reading.ts";
import type { JsonDocument, JsonPath } from "./syntax/document.ts";
import type { FileReference, Outline, OutlineNode } from "./syntax/outline.ts";
import { namesOf } from "./syntax/symbols.ts";

/** The nodes of another graph file that a map runs for each element, as nodes of the graph with the map. */
export interface SubGraph {
  readonly nodes: readonly GraphNode[];
  /** The node whose values the map joins. */
  readonly output: string;
}

export interface SubGraphs {
  readonly byMap: ReadonlyMap<string, SubGraph>;
  /** Places of their texts, by node id. */
  readonly sources: Readonly<Record<string, TextSource>>;
  /** Files that the other graphs name, as this one would. */
  readonly references: readonly FileReference[];
}

/** A graph file as it is read so far. */
export interface OuterGraph {
  readonly document: JsonDocument;
  readonly outline: Outline;
  readonly sources: Readonly<Record<string, TextSource>>;
  readonly root: ContainmentRoot;
  readonly files: Files;
}

/** Reads another graph file; null: no graph may be in the one that asks. */
type Read = (path: string, text: string) => Promise<GraphReading> | null;

/** Reads the graphs that maps of a file run for each element, with the faults that keep them from running there. */
export async function readSubGraphs(outer: OuterGraph, read: Read): Promise<SubGraphs> {
  const byMap = new Map<string, SubGraph>();
  const sources: Record<string, TextSource> = {};
  const references: FileReference[] = [];
  const names = new Map([...namesOf(outer.outline)].map((name) => [name, ""]));
  const texts = new FileTexts(outer);
  for (const map of outer.outline.nodes) {
    if (map.graph === null) continue;
    const reading = await readingOf(map, map.graph, outer, read);
    if (!reading) continue;
    const range = outer.document.rangeAt(["nodes", map.id, "graph"]);
    const folder = posix.dirname(map.graph);
    const inside = reading.outline.references.filter(({ node }) => node !== null);
    references.push(...inside.map((one) => ({ node: map.id, range, reference: posix.join(folder, one.reference) })));
    const bound = bind(map, reading, outer.document, names);
    if (!bound) continue;
    const nodes = reading.graph.nodes.map((node) => placed(node, map, bound, reading));
    byMap.set(map.id, { nodes, output: reading.graph.output });
    for (const node of nodes) {
      names.set(node.id, map.graph);
      const source = sourceOf(node, reading);
      if (!source) continue;
      // A step without a text of its own, such as a tool, has no place in its graph file.
      if (source.part || source.path !== reading.document.path) await texts.refuse(map, node, source);
      sources[node.id] = { ...source, range };
    }
  }
  refuseFixed(outer, byMap);
  return { byMap, sources, references };
}

type ValidReading = GraphReading & { readonly graph: Graph };

async function readingOf(
  { id }: OutlineNode,
  reference: string,
  { document, root, files }: OuterGraph,
  read: Read,
): Promise<ValidReading | null> {
  const { t } = document;
  const path = ["nodes", id, "graph"];
  const file = await referencedFile(document, [...path, "file"], reference, root, files);
  if (!file) return null;
  if (file.path === document.path) {
    document.addAt("wrong-value", path, t("A graph can't run itself."), t("Name another graph file."));
    return null;
  }
  const reading = await read(file.path, file.text);
  if (!reading) {
    const message = t('"{0}" is in a graph that a map runs, so it can\'t run another one.', id);
    document.addAt("wrong-value", path, message, t('Put its nodes into this file, and name them in "nodes".'));
    return null;
  }
  const { graph, faults } = reading;
  if (graph) return { ...reading, graph };
  const fault = faults.find(isOfGraph) ?? faults.find(({ severity }) => severity === "error");
  const message = fault
    ? t("The graph {0} can't run. Line {1}: {2}", reference, fault.line, fault.message)
    : t("{0} is not a graph.", reference);
  document.addAt("bad-graph", path, message, fault?.remedy ?? t("Name a graph file."));
  return null;
}

function isOfGraph({ code, severity }: Fault): boolean {
  return severity === "error" && code !== "missing-key";
}

/** What the names of the other graph stand for here. */
interface Bound {
  /** Its inputs → names of this graph. */
  readonly names: ReadonlyMap<string, string>;
  /** Its nodes that run for each element. */
  readonly perElement: ReadonlySet<string>;
}

function bind(
  map: OutlineNode,
  { graph }: ValidReading,
  document: JsonDocument,
  taken: ReadonlyMap<string, string>,
): Bound | null {
  const { t } = document;
  const path = ["nodes", map.id, "graph"];
  const file = map.graph ?? "";
  const refuse = (code: "wrong-value" | "name-taken" | "unknown-name", at: JsonPath, message: string, help: string) => {
    document.addAt(code, at, message, help);
    return null;
  };
  const same = graph.nodes.find(({ id }) => taken.has(id));
  if (same) {
    const other = taken.get(same.id);
    const message = other
      ? t('Both {0} and {1} have a node "{2}".', other, file, same.id)
      : t('Both this graph and {0} have the name "{1}".', file, same.id);
    return refuse("name-taken", path, message, t("Rename one of them."));
  }
  const own = new Set(map.inputs.map(({ name }) => name));
  const over = map.over?.name ?? "";
  const inputs = graph.inputs.map(({ name }) => name);
  const names = new Map(
    inputs.flatMap((name) => {
      const given = map.variables[name] ?? (own.has(name) ? name : undefined);
      return given === undefined ? [] : [[name, given]];
    }),
  );
  for (const variable of Object.keys(map.variables).filter((name) => !inputs.includes(name))) {
    const message = t('"{0}" is not an input of {1}.', variable, file);
    refuse(
      "unknown-name",
      ["nodes", map.id, "variables", variable],
      message,
      t("Name one of: {0}.", inputs.join(", ")),
    );
  }
  const open = inputs.filter((name) => !names.has(name));
  const [element] = open;
  if (element !== undefined && open.length === 1 && ![...names.values()].includes(over)) names.set(element, over);
  const missing = inputs.find((name) => !names.has(name));
  if (missing !== undefined) {
    const message = t('{0} has the input "{1}", which "{2}" doesn\'t give.', file, missing, map.id);
    const help = t(
      'Add it to the inputs of "{0}", or name its value in "variables": {1}.',
      map.id,
      `{ "${missing}": "…" }`,
    );
    return refuse("wrong-value", path, message, help);
  }
  const perElement = dependents(
    graph,
    [...names].filter(([, given]) => given === over).map(([name]) => name),
  );
  for (const { id, kind } of graph.nodes) {
    const isMap = kind === "map" || kind === "join";
    if (!isMap && (!perElement.has(id) || IN_BODY.has(kind))) continue;
    const message = t(
      '"{0}" of {1} can\'t run for each element, because it is a node of kind "{2}".',
      id,
      file,
      isMap ? "map" : kind,
    );
    return refuse("wrong-value", path, message, t("Use nodes of these kinds there: {0}.", [...IN_BODY].join(", ")));
  }
  if (perElement.has(graph.output)) return { names, perElement };
  const message = t("The output of {0} reads nothing of the element.", file);
  return refuse("wrong-value", path, message, t("Let its output depend on the input that is the element."));
}

/** Nodes whose values depend on one of these inputs. */
function dependents({ nodes }: Graph, inputs: readonly string[]): ReadonlySet<string> {
  const found = new Set(inputs);
  for (const name of found) for (const node of nodes) if (node.inputs.includes(name)) found.add(node.id);
  for (const name of inputs) found.delete(name);
  return found;
}

/** A node of the other graph, as a node of this one. */
function placed(node: GraphNode, map: OutlineNode, { names, perElement }: Bound, reading: ValidReading): GraphNode {
  const folder = posix.dirname(map.graph ?? "");
  const given = (name: string) => names.get(name) ?? name;
  const inputs = [...new Set(node.inputs.map(given))];
  const lists = perElement.has(node.id) ? inputs.filter((name) => name === map.over?.name || perElement.has(name)) : [];
  const own = Object.entries(node.variables ?? {}).map(([variable, input]) => [variable, given(input)]);
  const isRenamed = (name: string) =>
    given(name) !== name || node.inputs.some((other) => other !== name && given(other) === name);
  const renamed = node.inputs.filter(isRenamed).map((name) => [name, given(name)]);
  const variables = Object.fromEntries([...renamed, ...own]);
  const part = reading.sources[node.id]?.form === "file" ? node.part : partOf(node);
  const changed = {
    ...node,
    inputs,
    within: map.id,
    // Rows stay as they are: they have no place that a new text could be written to.
    trainable: node.trainable && !("form" in node),
    ...(Object.keys(variables).length > 0 && { variables }),
    ...(lists.length > 0 && { perElement: lists }),
    ...(part && { part }),
  };
  if (changed.kind === "function" && reading.sources[node.id]?.form === "file")
    return { ...changed, file: posix.join(folder, changed.file) };
  if (changed.kind === "retriever") return { ...changed, corpus: changed.corpus.map((one) => posix.join(folder, one)) };
  return changed;
}

const KEYS = { text: "text", function: "code", retriever: "query", llm: "instruction" } as const;

/** Where its text is in its graph file. */
function partOf({ id, kind }: GraphNode): GraphNode["part"] {
  const key = kind === "tool" || kind === "map" || kind === "join" ? null : KEYS[kind];
  return key === null ? undefined : { kind: "key", key: `nodes.${id}.${key}`, format: "json" };
}

function sourceOf(node: GraphNode, { sources, document }: ValidReading): TextSource | null {
  const source = sources[node.id];
  if (!source) return null;
  if (source.form === "file") return source;
  return { ...source, form: "file", path: document.path, ...(node.part && { part: node.part }) };
}

interface KnownText {
  readonly node: string;
  readonly trainable: boolean;
  readonly path: string;
  readonly part: TextPart | undefined;
}

/** The texts in files of a graph and of the graphs of its maps, to find those that share a place. */
class FileTexts {
  readonly #known: KnownText[];
  readonly #contents = new Map<string, Promise<string | null>>();

  constructor(private readonly outer: OuterGraph) {
    const trainable = new Map(outer.outline.nodes.map((node) => [node.id, node.trainable]));
    this.#known = Object.values(outer.sources)
      .filter(({ form }) => form === "file")
      .map(({ node, path, part }) => ({ node, trainable: trainable.get(node) ?? false, path, part }));
  }

  /** Adds a fault if the text of a map's node is at the place of another one and either can change. */
  async refuse(map: OutlineNode, { id, trainable }: GraphNode, { path, part }: TextSource): Promise<void> {
    const text: KnownText = { node: id, trainable, path, part };
    let other: KnownText | undefined;
    for (const one of this.#known) {
      if (one.path !== path || !(trainable || one.trainable) || !(await this.#isShared(one, text))) continue;
      other = one;
      break;
    }
    this.#known.push(text);
    if (!other) return;
    const { document } = this.outer;
    const { t } = document;
    const message =
      part === undefined && other.part === undefined
        ? t('The texts of "{0}" and "{1}" are the same file, so a new text for one would change both.', id, other.node)
        : t(
            'The texts of "{0}" and "{1}" overlap in their file, so a new text for one would change both.',
            id,
            other.node,
          );
    document.addAt("shared-file", ["nodes", map.id, "graph"], message, t("Give each node its own text."));
  }

  async #isShared(one: KnownText, other: KnownText): Promise<boolean> {
    if (one.part === undefined && other.part === undefined) return true;
    const content = await this.#contentOf(one.path);
    if (content === null) return false;
    const [a, b] = [one, other].map(({ part }) => placedText(content, part));
    return a !== undefined && b !== undefined && isPlaced(a) && isPlaced(b) && overlap(a.range, b.range);
  }

  #contentOf(path: string): Promise<string | null> {
    const known = this.#contents.get(path);
    if (known) return known;
    const content = this.outer.files.read(path).then(
      (bytes) => new TextDecoder().decode(bytes),
      () => null,
    );
    this.#contents.set(path, content);
    return content;
  }
}

/** Adds a fault if no text of the graph and of its maps can change. */
function refuseFixed({ document, outline }: OuterGraph, byMap: ReadonlyMap<string, SubGraph>): void {
  if (byMap.size === 0) return;
  const inside = [...byMap.values()].flatMap(({ nodes }) => nodes);
  if ([...outline.nodes, ...inside].every(({ trainable }) => !trainable)) addNothingToOptimize(document);
}
