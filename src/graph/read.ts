import { modify } from "jsonc-parser";
import type { Files } from "../deps.ts";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import { buildGraph } from "./build-graph.ts";
import { checkGraph } from "./checks/checks.ts";
import { checkFunctionNames } from "./checks/code-checks.ts";
import { didYouMean } from "./checks/did-you-mean.ts";
import { GraphNames } from "./checks/foreign-templates.ts";
import { addMissing, declareInput, remove, rename, startGraph } from "./checks/quick-fixes.ts";
import { checkSharedFiles, type FilePlace } from "./checks/shared-files.ts";
import { checkText } from "./checks/text-checks.ts";
import { checkToolArguments } from "./checks/tool-checks.ts";
import { findRoot } from "./containment.ts";
import { canChangeInputs, inputsIdOf, inputsText } from "./edges.ts";
import { applyEdits, type Fault, type FaultCode, hasErrors, type Range } from "./fault.ts";
import { textOf } from "./node-texts.ts";
import { programExtension } from "./program-file.ts";
import type { GraphReading, GraphTextReading, TextSource } from "./reading.ts";
import { parseWith } from "./schema/issues.ts";
import { type FileFormat, type GraphFile, type GraphPart, graphPartSchema, VERSION } from "./schema/schema.ts";
import { isBlank } from "./starters.ts";
import { readSubGraphs } from "./sub-graph.ts";
import { JsonDocument, rangeOf } from "./syntax/document.ts";
import { type Outline, type OutlineNode, outlineOf } from "./syntax/outline.ts";
import { namesOf } from "./syntax/symbols.ts";
import { namesInCode } from "./text/templating.ts";
import { hashText } from "./text/text.ts";

export interface ReadGraphOptions {
  /** Values that override the file's: `["optimize.batch", "4"]`; parsed as JSON if possible, else a text. */
  readonly set?: readonly (readonly [path: string, value: string])[] | undefined;
  /** Language of the faults. Default: English. */
  readonly locale?: Locale;
  /** Awaited between steps, so that a large graph doesn't block the process. Default: it is read at once. */
  readonly yieldNow?: (() => Promise<void>) | undefined;
}

/**
 * Reads only the graph file itself: fast enough for each keystroke, without disk access, never throws.
 * @param path named in the faults
 * @param locale language of the faults
 */
export function readGraphText(path: string, text: string, format: FileFormat, locale = ENGLISH): GraphTextReading {
  const steps = readAlone(path, text, format, { locale });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return textReading(step.value);
}

/** Like `readGraphText`, in turns with other work: the checks of a large graph take longer than one task may. */
export async function readGraphTextInTurns(
  path: string,
  text: string,
  format: FileFormat,
  { locale = ENGLISH, yieldNow }: { readonly locale?: Locale; readonly yieldNow: () => Promise<void> },
): Promise<GraphTextReading> {
  return textReading(await inTurns(readAlone(path, text, format, { locale }), yieldNow));
}

function textReading({ document, outline, file }: ReadAlone): GraphTextReading {
  return { file, outline, faults: document.faults, document };
}

async function inTurns<T>(steps: Generator<void, T>, yieldNow: () => Promise<void>): Promise<T> {
  let step = steps.next();
  for (; !step.done; step = steps.next()) await yieldNow();
  return step.value;
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
  return readWithFiles(path, text, files, format, options, true);
}

/** @param opensGraphs whether it also reads graphs that maps run for each element; a graph of a map can't have such maps */
async function readWithFiles(
  path: string,
  text: string,
  files: Files,
  format: FileFormat,
  options: ReadGraphOptions,
  opensGraphs: boolean,
): Promise<GraphReading> {
  const { yieldNow = async () => {} } = options;
  const { document, outline, file, part } = await inTurns(readAlone(path, text, format, options), yieldNow);
  const root = await findRoot(path, files);
  const names = new GraphNames(namesOf(outline));
  const texts = new Map<string, string>();
  const sources: Record<string, TextSource> = {};
  const places = new Map<string, FilePlace>();
  for (const node of outline.nodes) {
    await yieldNow();
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
  const { locale } = options;
  await yieldNow();
  const subGraphs = await readSubGraphs({ document, outline, sources, root, files }, (other, content) =>
    opensGraphs ? readWithFiles(other, content, files, format, { ...(locale && { locale }), yieldNow }, false) : null,
  );
  const all = { ...sources, ...subGraphs.sources };
  const known = { ...outline, references: [...outline.references, ...subGraphs.references] };
  const graph = part && !hasGraphErrors(document) ? buildGraph(part, outline, texts, subGraphs.byMap) : null;
  return { graph, file, outline: known, faults: document.faults, sources: all, root, document };
}

/** Checks the names that the code of a function node reads. */
function checkCodeOf(document: JsonDocument, { id, text, inputs, variables }: OutlineNode, code: string): void {
  if (text?.key !== "code" || (text.reference !== null && programExtension(text.reference) !== null)) return;
  const known = inputs.flatMap(({ name }) => namesInCode(name, variables));
  checkFunctionNames(document, id, { text: code, file: text.reference, path: ["nodes", id, "code"] }, known);
}

/** What the file says by itself. */
interface ReadAlone {
  readonly document: JsonDocument;
  readonly outline: Outline;
  readonly file: GraphFile | null;
  readonly part: GraphPart | null;
}

/** Between its steps, other work can have a turn. */
function* readAlone(
  path: string,
  text: string,
  format: FileFormat,
  { set = [], locale = ENGLISH }: ReadGraphOptions,
): Generator<void, ReadAlone> {
  const document = withSettings(path, text, set, locale);
  yield;
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
  yield;
  const value = document.value();
  yield;
  const file = parseWith(format.schema, value, document, (path) => addMissing(document, outline, path), format.keys);
  yield;
  const part = graphPartSchema.safeParse(value).data ?? null;
  yield;
  checkGraph(document, outline);
  yield;
  checkToolArguments(document, outline);
  yield;
  const names = new GraphNames(namesOf(outline));
  for (const node of outline.nodes) {
    yield;
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
  const value = document.at(steps);
  const isInside = ({ start, end }: Range) =>
    value !== undefined && start >= value.offset && end <= value.offset + value.length;
  const unknown = document.faults.find(
    ({ code, range }) => code === "unknown-key" && (starts.includes(range.start) || isInside(range)),
  );
  if (!unknown) return;
  const { start, end } = unknown.range;
  const key = isInside(unknown.range) ? `.${JSON.parse(document.text.slice(start, end))}` : "";
  const message = document.t('"{0}" can\'t be set because it is not a known key.', `${setting}${key}`);
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
