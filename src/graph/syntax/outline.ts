import { getNodeValue, type Node } from "jsonc-parser";
import { plainLine } from "../edits/lines-edit.ts";
import type { Range } from "../fault.ts";
import { canChange } from "../node-kinds.ts";
import { isCode, keyedFormat, type TextPart } from "../places/part.ts";
import { looseAmong, TEMPLATINGS, type Templating } from "../text/templating.ts";
import { plainText } from "../text/text.ts";
import { type JsonDocument, type JsonPath, rangeOf } from "./document.ts";

/** A valid name of a node. */
export const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** The name of a column as people write it: `Customer Message`, `Réponse`, `q.1`, `What is missing?`. */
const COLUMN = /^(?=[^\p{L}]*\p{L})[\p{L}\p{N}][^\p{C}\p{Zl}\p{Zp}{}<>"\\|=]{0,119}$/u;

/** Whether a name is valid for a graph input: that of a node, or of a column. */
export function isInputName(name: string): boolean {
  return NAME.test(name) || (COLUMN.test(name) && name.trim() === name);
}

/** Positions of everything in a graph file that can be read, even if the file is broken. */
export interface Outline {
  readonly inputs: readonly NamedRange[];
  readonly nodes: readonly OutlineNode[];
  readonly output: NamedRange | null;
  /** Nodes that `data.targets` names. */
  readonly targets: readonly NamedRange[];
  /** Every file reference: `{ "file": … }` of texts, and data files. */
  readonly references: readonly FileReference[];
}

export interface NamedRange {
  readonly name: string;
  /** Including its quotes. */
  readonly range: Range;
}

export interface OutlineNode {
  readonly id: string;
  /** As written; `llm` if it is missing, and `join` for a map over several nodes. */
  readonly kind: string;
  readonly role: string;
  readonly trainable: boolean;
  /** Key and value. */
  readonly range: Range;
  readonly idRange: Range;
  readonly inputs: readonly NamedRange[];
  /** The list whose elements it goes over; null for every kind but `map` and `join`. */
  readonly over: NamedRange | null;
  /** Nodes that run for each element of `over`; empty for every kind but `join`. */
  readonly body: readonly NamedRange[];
  /** File of the graph that runs for each element of `over`; null for every kind but `join`. */
  readonly graph: string | null;
  /** The programming language of its text; null if that is not code. */
  readonly language: string | null;
  /** The template language of its text. */
  readonly templating: Templating;
  /** Names in its text for inputs with other names: variable → input. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of the graph, and variables, that its language can't have. They are still placeholders. */
  readonly looseNames: readonly string[];
  /** The text sent around its instruction; null if there is none. */
  readonly frame: string | null;
  /** The instruction or text; null if the node has none. */
  readonly text: OutlineText | null;
}

export interface OutlineText {
  readonly key: "instruction" | "text" | "examples" | "code" | "query";
  /** Range of the value: a text, a list of lines, rows, or a reference. */
  readonly range: Range;
  readonly form: "string" | "lines" | "rows" | "file";
  /** null if it is in a separate file. */
  readonly value: string | null;
  /** null unless the form is `file`. */
  readonly reference: string | null;
  /** The part of the file that contains the text; absent: the whole file. */
  readonly part?: TextPart;
}

export interface FileReference {
  readonly reference: string;
  /** Range of the path, including its quotes. */
  readonly range: Range;
  /** The node whose text or graph it contains; null for data and rubrics. */
  readonly node: string | null;
}

export function outlineOf(document: JsonDocument): Outline {
  const members = (path: JsonPath) => {
    const node = document.at(path);
    return node ? [...document.members(node)] : [];
  };
  const inputs = inputNames(document);
  const named = members(["nodes"]);
  const names = [...inputs.map(({ name }) => name), ...named.map(([id]) => id)];
  const looseByLanguage = new Map<Templating, readonly string[]>();
  const looseIn = (templating: Templating) => {
    const found = looseByLanguage.get(templating) ?? looseAmong(names, templating);
    looseByLanguage.set(templating, found);
    return found;
  };
  const nodes = named.map(([id, member]) => outlineNode(document, id, member, looseIn));
  return {
    inputs,
    nodes,
    output: namedRange(document.at(["output"])),
    targets: keysOf(document, ["data", "targets"]),
    references: [...nodes.flatMap((node) => textReference(document, node)), ...otherReferences(document)],
  };
}

/** The node at an offset. */
export function nodeAt(outline: Outline, offset: number): OutlineNode | null {
  return outline.nodes.find(({ range }) => range.start <= offset && offset <= range.end) ?? null;
}

/** The entry of a node's `inputs` at an offset. */
export function inputAt(outline: Outline, offset: number): NamedRange | null {
  const inputs = nodeAt(outline, offset)?.inputs ?? [];
  return inputs.find(({ range }) => range.start <= offset && offset <= range.end) ?? null;
}

/** The file reference at an offset. */
export function referenceAt(outline: Outline, offset: number): FileReference | null {
  return outline.references.find(({ range }) => range.start <= offset && offset <= range.end) ?? null;
}

function inputNames(document: JsonDocument): NamedRange[] {
  const inputs = document.at(["inputs"]);
  if (inputs?.type === "array") return namesInList(inputs);
  return [...(inputs ? document.members(inputs).values() : [])].flatMap(
    ({ children }) => namedRange(children?.[0]) ?? [],
  );
}

function outlineNode(
  document: JsonDocument,
  id: string,
  member: Node,
  looseIn: (templating: Templating) => readonly string[],
): OutlineNode {
  const [key, value] = member.children ?? [];
  const parts = value ? document.members(value) : new Map<string, Node>();
  const part = (name: string): Node | undefined => parts.get(name)?.children?.[1];
  const isMap = stringOf(part("kind")) === "map";
  const [members, file] = isMap ? [part("nodes"), part("graph")] : [];
  const graph = file ? stringOf(document.members(file).get("file")?.children?.[1]) : null;
  const isJoin = members?.type === "array" || file !== undefined;
  const body = namesInList(members);
  const templating = templatingOf(part("templating")) ?? templatingOf(document.at(["templating"])) ?? "mustache";
  const variables = variablesOf(document, part("variables"));
  const loose = looseAmong(Object.keys(variables), templating);
  const kind = isJoin ? "join" : (stringOf(part("kind")) ?? "llm");
  return {
    id,
    kind,
    role: stringOf(part("role")) ?? "",
    trainable: canChange({ kind }) && part("trainable")?.value !== false,
    range: rangeOf(member),
    idRange: rangeOf(key),
    inputs: body.length > 0 ? body.slice(-1) : namesInList(part("inputs")),
    over: kind === "map" || isJoin ? namedRange(part("over")) : null,
    body,
    graph,
    language: stringOf(part("language")),
    templating,
    variables,
    looseNames: loose.length === 0 ? looseIn(templating) : [...new Set([...looseIn(templating), ...loose])],
    frame: frameOf(part("frame")),
    text: outlineText(document, part),
  };
}

function outlineText(document: JsonDocument, part: (name: string) => Node | undefined): OutlineText | null {
  for (const key of ["instruction", "text", "code", "query"] as const) {
    const value = part(key);
    if (!value) continue;
    const about = { key, range: rangeOf(value), reference: null };
    if (value.type === "string") return { ...about, form: "string", value: plainText(String(value.value)) };
    if (value.type === "array") {
      return { ...about, form: "lines", value: (value.children ?? []).map(plainLine).join("\n") };
    }
    const reference = stringOf(document.members(value).get("file")?.children?.[1]);
    const within = reference === null ? null : partOf(document, value, reference);
    if (reference !== null) return { ...about, form: "file", value: null, reference, ...(within && { part: within }) };
  }
  const examples = part("examples");
  const rows = examples && document.members(examples).get("rows")?.children?.[1];
  if (rows?.type !== "array") return null;
  const value = (rows.children ?? []).map(plainRow).join("\n");
  return { key: "examples", range: rangeOf(rows), form: "rows", value, reference: null };
}

/** The part of a file that `{ "file": … }` names; null: all of it. */
export function partOf(document: JsonDocument, value: Node, file: string): TextPart | null {
  const members = document.members(value);
  const member = (name: string) => members.get(name)?.children?.[1];
  const [key, section] = [stringOf(member("key")), stringOf(member("section"))];
  if (key !== null) return { kind: "key", key, format: keyedFormat(file) };
  if (section !== null) return { kind: "section", section };
  const [start = null, end = null] = (member("between")?.children ?? []).map(stringOf);
  return start === null || end === null ? null : { kind: "between", start, end, code: isCode(file) };
}

function templatingOf(node: Node | undefined): Templating | null {
  return TEMPLATINGS.find((one) => one === node?.value) ?? null;
}

function variablesOf(document: JsonDocument, node: Node | undefined): Record<string, string> {
  const members = node ? [...document.members(node)] : [];
  return Object.fromEntries(
    members.flatMap(([name, { children }]) => {
      const input = stringOf(children?.[1]);
      return input === null ? [] : [[name, input]];
    }),
  );
}

function frameOf(node: Node | undefined): string | null {
  return node?.type === "array" ? (node.children ?? []).map(plainLine).join("\n") : stringOf(node);
}

/** A row of examples as a line of text. */
export function plainRow(row: Node): string {
  return plainText(JSON.stringify(getNodeValue(row)));
}

function textReference(document: JsonDocument, { id, text, graph }: OutlineNode): FileReference[] {
  const key = graph === null ? text?.form === "file" && text.key : "graph";
  const path = key ? document.at(["nodes", id, key, "file"]) : undefined;
  return path ? reference(path, id) : [];
}

/** Files with code that the graph runs, as they are named: of function nodes and of losses. */
export function codeReferences(document: JsonDocument, { nodes }: Outline): string[] {
  const ofNodes = nodes.flatMap(({ text }) =>
    text?.key === "code" && text.reference !== null ? [text.reference] : [],
  );
  const ofLosses = lossPaths(document).flatMap((path) => {
    const kind = stringOf(document.at([...path, "kind"]));
    const keys = kind === "script" ? ["file"] : kind === "tests" ? ["visible", "hidden"] : [];
    return keys.flatMap((key) => stringOf(document.at([...path, key])) ?? []);
  });
  return [...ofNodes, ...ofLosses];
}

/** Paths at which a loss names files. */
const LOSS_FILES: readonly JsonPath[] = [["rubric", "file"], ["file"], ["visible"], ["hidden"]];

/** Paths of the losses of a file: that of the answer, and those of single nodes. */
export function lossPaths(document: JsonDocument): JsonPath[] {
  return [["loss"], ...keysOf(document, ["losses"]).map(({ name }) => ["losses", name])];
}

/** Keys of an object, with their ranges; empty if there is none. */
export function keysOf(document: JsonDocument, path: JsonPath): NamedRange[] {
  const node = document.at(path);
  const members = node?.type === "object" ? [...document.members(node)] : [];
  return members.map(([name, { children }]) => ({ name, range: rangeOf(children?.[0]) }));
}

function otherReferences(document: JsonDocument): FileReference[] {
  const sets = ["train", "validation", "test"].flatMap((set) => [
    document.at(["data", set]),
    document.at(["data", set, "file"]),
  ]);
  const losses = lossPaths(document).flatMap((loss) => LOSS_FILES.map((path) => document.at([...loss, ...path])));
  const all = [...sets, document.at(["data", "file"]), ...losses];
  return all.flatMap((path) => (path?.type === "string" ? reference(path, null) : []));
}

function reference(path: Node, node: string | null): FileReference[] {
  return [{ reference: String(path.value), range: rangeOf(path), node }];
}

function namesInList(list: Node | undefined): NamedRange[] {
  return list?.type === "array" ? (list.children ?? []).flatMap((entry) => namedRange(entry) ?? []) : [];
}

function namedRange(node: Node | undefined): NamedRange | null {
  const name = stringOf(node);
  return node && name !== null ? { name, range: rangeOf(node) } : null;
}

function stringOf(node: Node | undefined): string | null {
  const value: unknown = node?.type === "string" ? node.value : null;
  return typeof value === "string" ? value : null;
}
