import { modify } from "jsonc-parser";
import type { Files } from "../deps.ts";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import { checkGraph } from "./checks/checks.ts";
import { checkFunctionNames } from "./checks/code-checks.ts";
import { didYouMean } from "./checks/did-you-mean.ts";
import { GraphNames } from "./checks/foreign-templates.ts";
import { addMissing, declareInput, remove, rename, startGraph } from "./checks/quick-fixes.ts";
import { checkSharedFiles, type FilePlace } from "./checks/shared-files.ts";
import { checkText } from "./checks/text-checks.ts";
import { checkToolArguments } from "./checks/tool-checks.ts";
import { type ContainmentRoot, findRoot } from "./containment.ts";
import { canChangeInputs, inputsIdOf, inputsText } from "./edges.ts";
import { applyEdits, type Fault, type FaultCode, hasErrors, type Range } from "./fault.ts";
import type { Extractor, Graph, GraphNode, ModelChoice } from "./graph.ts";
import { textOf } from "./node-texts.ts";
import type { TextPart } from "./places/part.ts";
import { programExtension } from "./program-file.ts";
import { parseWith } from "./schema/issues.ts";
import { type FileFormat, type GraphFile, type GraphPart, graphPartSchema, VERSION } from "./schema/schema.ts";
import type { ModelSpec, NodeSpec } from "./schema/schema-nodes.ts";
import { isBlank } from "./starters.ts";
import { JsonDocument, rangeOf } from "./syntax/document.ts";
import { type Outline, type OutlineNode, outlineOf } from "./syntax/outline.ts";
import { namesOf } from "./syntax/symbols.ts";
import { nameInCode } from "./text/templating.ts";
import { hashText } from "./text/text.ts";
import { defaultArguments } from "./tool-arguments.ts";

/** The content of a graph file, without the files that it names. */
export interface GraphTextReading {
  /** null if the file does not match the format; the faults say why. */
  readonly file: GraphFile | null;
  readonly outline: Outline;
  readonly faults: readonly Fault[];
  /** Collects further faults, with positions in the file. */
  readonly document: JsonDocument;
}

export interface GraphReading extends GraphTextReading {
  /** null if the graph itself has errors. Errors in data, loss or options leave it: it can be shown. */
  readonly graph: Graph | null;
  /** By node id: place of its text. By `inputsIdOf` a node: place of its inputs. */
  readonly sources: Readonly<Record<string, TextSource>>;
  readonly root: ContainmentRoot;
}

export interface ReadGraphOptions {
  /** Values that override the file's: `["optimize.batch", "4"]`; parsed as JSON if possible, else a text. */
  readonly set?: readonly (readonly [path: string, value: string])[] | undefined;
  /** Language of the faults. Default: English. */
  readonly locale?: Locale;
}

/** Position of a node's text, and its hash when it was read. */
export interface TextSource {
  readonly node: string;
  /** `inputs`: not a text but the inputs of a node, and `node` is `inputsIdOf` the node. */
  readonly form: "string" | "lines" | "rows" | "file" | "inputs";
  /** Absolute path of the file that contains the text: the graph file, or a prompt file. */
  readonly path: string;
  /** Range of the value in the graph file: the text itself, or the reference to its file. */
  readonly range: Range;
  /** The part of the file that contains it; absent for a whole file, and for a text in the graph file. */
  readonly part?: TextPart;
  /** `hashText` of the text. */
  readonly hash: string;
}

/**
 * Reads only the graph file itself: fast enough for each keystroke, without disk access, never throws.
 * @param path named in the faults
 * @param locale language of the faults
 */
export function readGraphText(path: string, text: string, format: FileFormat, locale = ENGLISH): GraphTextReading {
  const { document, outline, file } = readAlone(path, text, format, { locale });
  return { file, outline, faults: document.faults, document };
}

/**
 * Reads a graph file and the texts that it names, and collects all faults. Never throws, whatever the bytes.
 * @param path absolute
 */
export async function readGraph(
  path: string,
  text: string,
  files: Files,
  format: FileFormat,
  options: ReadGraphOptions = {},
): Promise<GraphReading> {
  const { document, outline, file, part } = readAlone(path, text, format, options);
  const root = await findRoot(path, files);
  const names = new GraphNames(namesOf(outline));
  const texts = new Map<string, string>();
  const sources: Record<string, TextSource> = {};
  const places = new Map<string, FilePlace>();
  for (const node of outline.nodes) {
    const { id, inputs } = node;
    if (canChangeInputs(node)) {
      const form = "inputs" as const;
      const hash = hashText(inputsText(inputs.map(({ name }) => name)));
      const range = document.rangeAt(["nodes", id, "inputs"]);
      sources[inputsIdOf(id)] = { node: inputsIdOf(id), form, path: document.path, range, hash };
    }
    const found = await textOf(document, node, root, files);
    if (!node.text || !found) continue;
    texts.set(node.id, found.text);
    checkCodeOf(document, node, found.text);
    const { form, range } = node.text;
    const where = found.part && { part: found.part };
    sources[node.id] = { node: node.id, form, path: found.path, range, hash: hashText(found.text), ...where };
    if (form !== "file" || !found.range) continue;
    checkText(document, outline, names, node, found.text, found.firstLine);
    places.set(node.id, { path: found.path, range: found.range });
  }
  checkSharedFiles(document, outline, places);
  const graph = part && !hasGraphErrors(document) ? buildGraph(part, outline, texts) : null;
  return { graph, file, outline, faults: document.faults, sources, root, document };
}

/** Checks the names that the code of a function node reads. */
function checkCodeOf(document: JsonDocument, { id, text, inputs, variables }: OutlineNode, code: string): void {
  if (text?.key !== "code" || (text.reference !== null && programExtension(text.reference) !== null)) return;
  const known = inputs.map(({ name }) => nameInCode(name, variables));
  checkFunctionNames(document, id, { text: code, file: text.reference, path: ["nodes", id, "code"] }, known);
}

function readAlone(path: string, text: string, format: FileFormat, { set = [], locale = ENGLISH }: ReadGraphOptions) {
  const document = withSettings(path, text, set, locale);
  const outline = outlineOf(document);
  const alone = { document, outline, file: null, part: null };
  // The first brace is a start: a list of faults would not help yet.
  if (isBlank(text)) {
    document.clear();
    document.add(
      "syntax",
      { start: 0, end: text.length },
      document.t("The file is empty."),
      document.t("Start with {0}.", '{ "version": 1, "inputs": {}, "nodes": {} }'),
      () => startGraph(document),
    );
    return alone;
  }
  if (!document.root) return alone;
  const version = document.at(["version"])?.value;
  if (Number.isInteger(version) && version > VERSION) {
    const message = document.t(
      "This file has version {0}. This version of AgentGraph reads files up to version {1}.",
      version,
      VERSION,
    );
    document.addAt("version-newer", ["version"], message, document.t("Update AgentGraph. The file is not changed."));
    return alone;
  }
  const value = document.value();
  const file = parseWith(format.schema, value, document, (path) => addMissing(document, outline, path), format.keys);
  const part = graphPartSchema.safeParse(value).data ?? null;
  checkGraph(document, outline);
  checkToolArguments(document, outline);
  const names = new GraphNames(namesOf(outline));
  for (const node of outline.nodes) {
    if (node.text?.value != null) checkText(document, outline, names, node, node.text.value);
  }
  if (file) checkFields(document, outline, file);
  for (const [setting] of set) refuseUnknown(setting, document);
  return { document, outline, file, part };
}

/** An unknown key in the file is kept for other programs; one that is set for this run alone is a mistake. */
function refuseUnknown(setting: string, document: JsonDocument): void {
  const steps = stepsOf(setting);
  const starts = steps.map((_, at) => document.keyAt(steps.slice(0, at + 1))?.offset);
  const unknown = document.faults.find(({ code, range }) => code === "unknown-key" && starts.includes(range.start));
  if (!unknown) return;
  const message = document.t('"{0}" can\'t be set because it is not a known key.', setting);
  document.add("bad-setting", unknown.range, message, document.t("Correct its spelling, or leave it out."));
}

function stepsOf(setting: string): (string | number)[] {
  return setting.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** The file with the given values, on the same lines. */
function withSettings(
  path: string,
  text: string,
  set: readonly (readonly [string, string])[],
  locale: Locale,
): JsonDocument {
  let changed = text;
  const refused: string[] = [];
  for (const [setting, value] of set) {
    try {
      const parent = new JsonDocument(path, changed);
      const steps = stepsOf(setting);
      const keys = steps.map((step, at) => (parent.at(steps.slice(0, at))?.type === "array" ? step : String(step)));
      const edits = modify(changed, keys, parsedOr(value), {});
      changed = applyEdits(
        changed,
        edits.map(({ offset, length, content }) => ({ offset, length, text: content })),
      );
    } catch {
      refused.push(setting);
    }
  }
  const document = new JsonDocument(path, changed, { locale });
  for (const setting of refused) {
    const message = document.t('"{0}" can\'t be set because the part before its last dot is not an object.', setting);
    document.add(
      "bad-setting",
      document.rangeAt([]),
      message,
      document.t("Name a value of the file, such as optimize.semantic.batch."),
    );
  }
  return document;
}

function parsedOr(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function checkFields(document: JsonDocument, outline: Outline, file: GraphFile): void {
  const inputs = outline.inputs.map(({ name }) => name);
  for (const name of Object.keys(file.data.fields)) {
    if (inputs.includes(name)) continue;
    const key = document.keyAt(["data", "fields", name]);
    const meant = didYouMean(name, inputs);
    const message = document.t('"data.fields" names "{0}", which is not an input of the graph.', name);
    const remedy = meant
      ? document.t('Did you mean "{0}"?', meant)
      : document.t('Name an input of the graph; "data.target" names the answer.');
    document.add("unknown-name", rangeOf(key), message, remedy, () => [
      ...(meant ? [rename(document, rangeOf(key), meant)] : []),
      ...declareInput(document, name),
      ...remove(document, ["data", "fields", name], document.t("Remove it")),
    ]);
  }
}

/** Whether there are errors that prevent the graph from being shown: not those of data, loss and options. */
function hasGraphErrors(document: JsonDocument): boolean {
  const apart = ["data", "loss", "optimize"].flatMap((key) => {
    const node = document.at([key]);
    const name = document.keyAt([key]);
    return node && name ? [{ start: name.offset, end: node.offset + node.length }] : [];
  });
  const inside = ({ range }: Fault) => apart.some(({ start, end }) => start <= range.start && range.end <= end);
  const elsewhere: readonly FaultCode[] = ["missing-key", "no-trainable-text", "bad-setting", "shared-file"];
  return hasErrors(document.faults.filter((fault) => !inside(fault) && !elsewhere.includes(fault.code)));
}

function buildGraph(part: GraphPart, outline: Outline, texts: ReadonlyMap<string, string>): Graph | null {
  const outlined = new Map(outline.nodes.map((node) => [node.id, node]));
  const perElement = perElementOf(outline);
  const nodes = Object.entries(part.nodes).map(([id, spec]) => {
    const node = buildNode(id, spec, texts.get(id), outlined.get(id));
    const lists = node ? node.inputs.filter((name) => perElement.get(id)?.has(name)) : [];
    return node && lists.length > 0 ? { ...node, perElement: lists } : node;
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
  if (spec.kind === "map" && spec.nodes) {
    return { kind: "join", ...unchangeable(id, role, "", spec.nodes.slice(-1)), join: spec.join ?? null };
  }
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
