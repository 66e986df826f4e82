import { LosslessNumber } from "lossless-json";
import { addRow, editRow, isTable, RowsUneditable } from "../data/edit-rows.ts";
import { DataUnreadable, type Row } from "../data/row.ts";
import { formatOf } from "../data/rows.ts";
import { SPLITS, type Split } from "../data/sample.ts";
import { fieldFor, labelOf, type SampleRow, sampleOf, type TargetUse, targetsOf } from "../data/samples.ts";
import type { Deps, Files } from "../deps.ts";
import { add } from "../graph/checks/quick-fixes.ts";
import { MAX_DATA, ReferenceRefused, readReference } from "../graph/containment.ts";
import { applyEdits } from "../graph/fault.ts";
import { readGraph } from "../graph/read.ts";
import type { GraphReading } from "../graph/reading.ts";
import { parseJson } from "../graph/replies/json.ts";
import type { DataSet, DataSpec, LossSpec } from "../graph/schema/schema.ts";
import { JsonDocument } from "../graph/syntax/document.ts";
import type { Locale } from "../i18n/locale.ts";
import { targetFault } from "../loss/make.ts";
import { comparesTexts, isExpected, noTargetIn, targetOfAnswer, targetOfText } from "../loss/target-form.ts";
import { graphFormat } from "../methods/registry.ts";
import { targetUse } from "./load.ts";
import { lossOf } from "./load-loss.ts";

/** A person's rating of one answer. */
export interface Rating {
  /** The answer is right: it becomes the expected one. */
  readonly answer?: string;
  /** What the answer should have been. */
  readonly correction?: string;
  readonly comment?: string;
}

/** Why nothing was written: a sentence in the reader's language. */
export class NotRated extends Error {
  override readonly name = "NotRated";
}

/** The answer has no target in the form of the other rows: a person has to enter one. */
export class FormUnknown extends NotRated {}

export interface Rated {
  /** As in the graph file. */
  readonly file: string;
  /** Field → its new value. Empty: the answer was expected already, and nothing was written. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether the field of the comments was added to the graph file. */
  readonly namesFeedback: boolean;
}

/** Column of comments if the graph names none. */
const FEEDBACK = "feedback";

/**
 * The samples in the order in which a person rates them: those with the highest loss first.
 * @param scores losses by sample; null: not scored
 */
export function worstFirst(scores: Readonly<Record<string, { readonly loss: number | null }>>): string[] {
  return Object.entries(scores)
    .sort(([, one], [, other]) => (other.loss ?? 0) - (one.loss ?? 0))
    .map(([sample]) => sample);
}

/**
 * Writes a rating into the row of the data file that a sample came from: the answer or the correction as target, in the
 * form of its column, the comment as feedback. Nothing else of the file changes, or nothing is written at all.
 * @param graphFile absolute
 * @param sample its id
 * @throws NotRated
 */
export async function rate(
  graphFile: string,
  sample: string,
  rating: Rating,
  { files }: Pick<Deps, "files">,
  locale: Locale,
): Promise<Rated> {
  const { t } = locale;
  const reading = await readingOf(graphFile, files, locale);
  const { data } = fileOf(reading, locale);
  const rows = await rowsOf(reading, files, locale);
  const found = rows.find((row) => row.sample.id === sample);
  if (!found) throw new NotRated(t("The graph's data no longer contains the sample {0}.", JSON.stringify(sample)));
  const { name, path, text, list, row } = found;
  const target = await targetColumn(reading, rows, files, locale);
  const values = await valuesOf(rating, found, target, data, locale);
  if (Object.keys(values).length === 0) return { file: name, values, namesFeedback: false };
  const edited = await editRow({ name, text, list }, row.number, values).catch((error: unknown) => {
    throw error instanceof RowsUneditable ? uneditable(name, row.number, locale) : error;
  });
  const namesFeedback = data.feedback === undefined && Object.hasOwn(values, FEEDBACK);
  // The graph file is written first: a field that no row has is harmless, but a comment that nothing reads is lost.
  if (namesFeedback) await nameFeedback(graphFile, reading, files);
  await files.write(path, edited);
  return { file: name, values, namesFeedback };
}

/**
 * Adds a row to the file of the training set.
 * @param inputs by name of the graph input
 * @param target null: none is known
 * @returns the file as the graph names it, and whether the division of its rows into sets changes
 * @throws NotRated
 */
export async function addSample(
  graphFile: string,
  inputs: Readonly<Record<string, string>>,
  target: string | null,
  { files, clock }: Pick<Deps, "files" | "clock">,
  locale: Locale,
): Promise<{ readonly file: string; readonly divides: boolean }> {
  const { t } = locale;
  const reading = await readingOf(graphFile, files, locale);
  const { data } = fileOf(reading, locale);
  const [set] = setsOf(data);
  if (!set) throw new NotRated(t("The rows of the training set are in the graph file. Add the row there."));
  if (data.target !== undefined && target === null) {
    throw new NotRated(t("The expected answer is missing. Every row of this graph needs one."));
  }
  const { path, text } = await contentOf(reading, set.file, files, locale);
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(inputs)) values[fieldFor(name, data.fields)] = value;
  if (data.target !== undefined && target !== null) {
    const rows = await rowsOf(reading, files, locale);
    const column = await targetColumn(reading, rows, files, locale);
    const sample = { id: "", inputs, targets: [], feedback: null };
    values[data.target] = column
      ? inColumn(column, enteredIn(column, target, { sample, fields: values }, locale), set.file, null)
      : target;
  }
  if (data.id !== undefined) values[data.id] = `added-${clock.now()}`;
  const edited = await addRow({ name: set.file, text, list: set.list }, values).catch((error: unknown) => {
    if (!(error instanceof RowsUneditable)) throw error;
    throw new NotRated(t("The row can't be added to {0} without changing other rows. Add it manually.", set.file));
  });
  await files.write(path, edited);
  return { file: set.file, divides: set.split === null };
}

interface SetFile {
  readonly file: string;
  readonly list: string | undefined;
  /** null: the file is for all sets. */
  readonly split: Split | null;
}

/** Files of the sets, training first; rows in the graph file have none. */
function setsOf(data: DataSpec): SetFile[] {
  if (data.file !== undefined) return [{ file: data.file, list: data.list, split: null }];
  return SPLITS.flatMap((split) => {
    const set: DataSet | undefined = data[split];
    if (set === undefined || Array.isArray(set)) return [];
    return [
      typeof set === "string" ? { file: set, list: undefined, split } : { file: set.file, list: set.list, split },
    ];
  });
}

/** A row of a data file, with its sample. */
interface RatedRow extends SampleRow {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly list: string | undefined;
  readonly row: Row;
}

/** All rows of the data files, without their targets. */
async function rowsOf(reading: GraphReading, files: Files, locale: Locale): Promise<RatedRow[]> {
  const { data } = fileOf(reading, locale);
  const inputs = reading.outline.inputs.map(({ name }) => name);
  const mapping = { fields: data.fields, id: data.id, inputs, listIsAnswer: false, objectIsAnswer: false };
  const found: RatedRow[] = [];
  for (const { file: name, list, split } of setsOf(data)) {
    const { path, text } = await contentOf(reading, name, files, locale);
    const names = split === null ? [] : [split];
    const context = { name, locale, yieldNow: async () => {}, list, names };
    for (const row of (await formatOf(name)?.(text, context))?.rows ?? []) {
      const mapped = sampleOf(row, mapping);
      if ("sample" in mapped) found.push({ name, path, text, list, row, sample: mapped.sample, fields: row.fields });
    }
  }
  return found;
}

/** The field with the right answers of the graph, and how its loss reads them. */
interface Target {
  readonly field: string;
  readonly spec: LossSpec;
  readonly use: TargetUse;
  /** Rows with targets. */
  readonly rows: readonly SampleRow[];
  /** The first value that a row has. */
  readonly example: unknown;
}

/** null: the graph has no targets. */
async function targetColumn(
  reading: GraphReading,
  rows: readonly RatedRow[],
  files: Files,
  locale: Locale,
): Promise<Target | null> {
  const { data, loss } = fileOf(reading, locale);
  const field = data.target;
  if (field === undefined) return null;
  const spec = await lossOf(loss, ["loss"], reading, files);
  if (!spec) throw new NotRated(locale.t("The graph file has errors. Correct them first."));
  const use = targetUse(spec, true, locale);
  const example = rows.map(({ row }) => labelOf(row, field)).find((label) => label !== null);
  return { field, spec, use, example, rows: rows.flatMap((row) => withTargets(row, field, use) ?? []) };
}

/** null: the row has no target. */
function withTargets({ row, sample, fields }: RatedRow, field: string, use: TargetUse): SampleRow | null {
  const targets = labelOf(row, field) === null ? null : targetsOf(row, field, use);
  return Array.isArray(targets) ? { sample: { ...sample, targets }, fields } : null;
}

/** @param row without its targets */
async function valuesOf(
  { answer, correction, comment }: Rating,
  row: RatedRow,
  target: Target | null,
  { feedback = FEEDBACK }: DataSpec,
  locale: Locale,
): Promise<Record<string, unknown>> {
  const { t } = locale;
  const comments = comment === undefined ? [] : [comment];
  const values: Record<string, unknown> = {};
  if (target && correction !== undefined) {
    const entered = enteredIn(target, correction, row, locale);
    values[target.field] = inColumn(target, entered, row.name, labelOf(row.row, target.field));
  } else if (target && answer !== undefined) {
    const accepted = await acceptedIn(target, answer, row, locale);
    if (accepted !== null) values[target.field] = accepted;
  }
  // A graph without targets has a judge, which can read the correction, too.
  else if (correction !== undefined) comments.push(t("The answer should be: {0}", correction));
  else if (answer !== undefined && comments.length === 0) {
    throw new NotRated(t("This graph has no targets, so there is nowhere to save a right answer. Add a comment."));
  }
  if (comments.length > 0) values[feedback] = comments.join("\n");
  return values;
}

/** The value of the target field with a right answer; null if it accepts the answer already. */
async function acceptedIn(target: Target, answer: string, row: RatedRow, locale: Locale): Promise<unknown> {
  const { spec, use, rows, field } = target;
  const old = withTargets(row, field, use) ?? row;
  const column = { spec, rows, row: old };
  if (await isExpected(answer, column)) return null;
  const said = await targetOfAnswer(answer, column);
  if (said === null || targetFault(spec, said, locale) !== null) throw new FormUnknown(noTargetIn(spec, locale));
  const relabelled = { ...old, sample: { ...old.sample, targets: [said] } };
  if (comparesTexts(spec) && !(await isExpected(answer, { ...column, row: relabelled }))) {
    throw new FormUnknown(noTargetIn(spec, locale));
  }
  const own = labelOf(row.row, field);
  const value = inColumn(target, said, row.name, own);
  return Array.isArray(own) && !use.listIsAnswer ? own.concat(value) : value;
}

/** What a person entered, as a target. @throws NotRated */
function enteredIn({ spec, rows }: Target, text: string, row: SampleRow, locale: Locale): string {
  const said = targetOfText(text, { spec, rows, row });
  const fault = targetFault(spec, said ?? text, locale);
  if (fault !== null) {
    throw new NotRated(locale.t("{0} can't be the expected answer: {1}.", JSON.stringify(text), fault));
  }
  if (said === null) throw new FormUnknown(noTargetIn(spec, locale));
  return said;
}

/** A target as a value of its column. @param own the present value of the row; null: it has none */
function inColumn({ use, example }: Target, said: string, name: string, own: unknown): unknown {
  if (isTable(name)) return said;
  const known = own ?? example;
  return Array.isArray(known) && !use.listIsAnswer ? [typed(said, known[0])] : typed(said, known);
}

/** A target as JSON of the type that its column has. */
function typed(said: string, example: unknown): unknown {
  if (typeof example === "number" || example instanceof LosslessNumber) {
    return String(Number(said)) === said ? Number(said) : said;
  }
  if (typeof example === "boolean") return /^true$/i.test(said) || (!/^false$/i.test(said) && said);
  const value = typeof example === "object" ? parseJson(said)?.value : undefined;
  return typeof value === "object" && value !== null ? value : said;
}

async function nameFeedback(graphFile: string, { document }: GraphReading, files: Files): Promise<void> {
  const [fix] = add(new JsonDocument(graphFile, document.text), ["data"], "feedback", JSON.stringify(FEEDBACK));
  if (fix) await files.write(graphFile, applyEdits(document.text, fix.edits));
}

async function readingOf(graphFile: string, files: Files, locale: Locale): Promise<GraphReading> {
  const text = new TextDecoder().decode(await files.read(graphFile));
  return readGraph(graphFile, text, files, graphFormat, { locale });
}

function fileOf({ file }: GraphReading, { t }: Locale) {
  if (!file) throw new NotRated(t("The graph file has errors. Correct them first."));
  return file;
}

async function contentOf({ root }: GraphReading, name: string, files: Files, { t }: Locale) {
  try {
    const found = await readReference(root, name, files, MAX_DATA);
    if (!found.text.includes("\0")) return found;
  } catch (error) {
    if (!(error instanceof ReferenceRefused || error instanceof DataUnreadable)) throw error;
  }
  throw new NotRated(t("{0} can't be read as UTF-8 text, so it can't be edited.", name));
}

function uneditable(name: string, number: number, { t }: Locale): NotRated {
  return new NotRated(
    t("Row {0} of {1} can't be changed without changing other rows. Edit it manually.", number, JSON.stringify(name)),
  );
}
