import { addRow, editRow, RowsUneditable } from "../data/edit-rows.ts";
import { DataUnreadable, type Row } from "../data/row.ts";
import { formatOf } from "../data/rows.ts";
import { SPLITS, type Split } from "../data/sample.ts";
import { sampleOf } from "../data/samples.ts";
import type { Deps, Files } from "../deps.ts";
import { add } from "../graph/checks/quick-fixes.ts";
import { MAX_DATA, ReferenceRefused, readReference } from "../graph/containment.ts";
import { JsonDocument } from "../graph/document.ts";
import { applyEdits } from "../graph/fault.ts";
import { type GraphReading, readGraph } from "../graph/read.ts";
import type { DataSet, DataSpec } from "../graph/schema/schema.ts";
import type { Locale } from "../i18n/locale.ts";
import { graphFormat } from "../methods/registry.ts";

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

export interface Rated {
  /** As in the graph file. */
  readonly file: string;
  /** Field → its new value. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether the field of the comments was added to the graph file. */
  readonly namesFeedback: boolean;
}

/** Column of comments if the graph names none. */
const FEEDBACK = "feedback";

/**
 * Writes a rating into the row of the data file that a sample came from: the answer or the correction as target, the
 * comment as feedback. Nothing else of the file changes, or nothing is written at all.
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
  const found = await findRow(reading, sample, files, locale);
  if (!found) throw new NotRated(t("The graph's data no longer contains the sample {0}.", JSON.stringify(sample)));
  const { name, path, text, list, row } = found;
  const values = valuesOf(rating, row, data, name, locale);
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
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(inputs)) values[data.fields[name] ?? name] = value;
  if (data.target !== undefined && target !== null) values[data.target] = target;
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

async function findRow(reading: GraphReading, id: string, files: Files, locale: Locale) {
  const { data } = fileOf(reading, locale);
  const inputs = reading.outline.inputs.map(({ name }) => name);
  const mapping = { fields: data.fields, id: data.id, inputs, listIsAnswer: false, objectIsAnswer: false };
  for (const { file: name, list, split } of setsOf(data)) {
    const { path, text } = await contentOf(reading, name, files, locale);
    const names = split === null ? [] : [split];
    const context = { name, locale, yieldNow: async () => {}, list, names };
    const rows = (await formatOf(name)?.(text, context))?.rows ?? [];
    const row = rows.find((one) => {
      const mapped = sampleOf(one, mapping);
      return "sample" in mapped && mapped.sample.id === id;
    });
    if (row) return { name, path, text, list, row };
  }
  return null;
}

/** @param row its current values */
function valuesOf(
  { answer, correction, comment }: Rating,
  row: Row,
  { target, feedback = FEEDBACK }: DataSpec,
  name: string,
  { t }: Locale,
): Record<string, unknown> {
  const said = correction ?? answer;
  const values: Record<string, unknown> = {};
  const comments = comment === undefined ? [] : [comment];
  if (said !== undefined && target !== undefined) values[target] = targetOf(said, correction, row, target, name);
  // A graph without targets has a judge, which can read the correction, too.
  else if (correction !== undefined) comments.push(t("The answer should be: {0}", correction));
  if (comments.length > 0) values[feedback] = comments.join("\n");
  if (Object.keys(values).length === 0) {
    throw new NotRated(t("This graph has no targets, so there is nowhere to save a right answer. Add a comment."));
  }
  return values;
}

/** Adds to a list of accepted answers; keeps a number a number. */
function targetOf(
  said: string,
  correction: string | undefined,
  { fields }: Row,
  target: string,
  name: string,
): unknown {
  const known = fields[target];
  if (/\.(csv|tsv|tab)$/i.test(name)) return said;
  if (Array.isArray(known) && correction === undefined)
    return known.map(String).includes(said) ? known : [...known, said];
  const isNumber = typeof known === "number" && String(Number(said)) === said.trim();
  return isNumber ? Number(said) : said;
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
