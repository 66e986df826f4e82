import type { Files } from "../deps.ts";
import { type ContainmentRoot, MAX_DATA, ReferenceRefused, readReference, refusalWords } from "../graph/containment.ts";
import type { JsonDocument, JsonPath } from "../graph/document.ts";
import type { FaultCode, Fixes } from "../graph/fault.ts";
import { splitData } from "../graph/quick-fixes.ts";
import type { DataSet, DataSpec } from "../graph/schema.ts";
import { losslessValue } from "./json-rows.ts";
import { type Breathe, DataUnreadable, type Row, type Rows } from "./row.ts";
import { decodeData, EXTENSIONS, formatOf } from "./rows.ts";
import { type Data, type Sample, SPLITS, type Split } from "./sample.ts";
import {
  type Drawn,
  fieldsUsed,
  looseKey,
  type Mapping,
  type SampleRow,
  sampleOf,
  type TargetReading,
} from "./samples.ts";
import { namedSets, splitRows } from "./split.ts";

export interface DataSource {
  readonly spec: DataSpec;
  /** Names of the graph's inputs. */
  readonly inputs: readonly string[];
  /** Takes the faults, at the places where the graph file names the data. */
  readonly document: JsonDocument;
  readonly root: ContainmentRoot;
  readonly files: Files;
  /** Called with each row. */
  readonly breathe: Breathe;
  /** Rows may do without a target: the loss needs none. */
  readonly targetless: boolean;
  /** The loss compares structure: a list in the target field is one answer. */
  readonly listIsAnswer: boolean;
  /** The loss can use an object as a target. */
  readonly objectIsAnswer: boolean;
  /** Sets that are needed: the others are neither read nor missed. */
  readonly needed: readonly Split[];
  /** Why a target cannot be used, as the end of "the target …"; null when it can. */
  targetFault(target: string): string | null;
  /** What to do about a target that cannot be used. */
  readonly targetRemedy: string;
  /** Reads the targets of all rows together, where a single one does not say what it means. */
  readonly readTargets?: ((rows: readonly SampleRow[]) => TargetReading) | undefined;
}

/** One of the sets on its way: the samples of a set, and what messages call the file they came from. */
interface Drawing {
  readonly path: JsonPath;
  readonly name: string;
  readonly drawn: readonly Drawn[];
}

/**
 * Reads, divides and checks the data of a graph. Equal questions of one set are kept once, with a warning; in two
 * sets they are an error. @returns null where a set that is needed cannot be read
 */
export async function loadData(source: DataSource): Promise<Data | null> {
  const { spec, document, needed } = source;
  if (spec.target === undefined && !source.targetless) {
    const message = '"data" does not say which field of a row holds the accepted answer.';
    document.addAtKey("no-target", ["data"], message, 'Add "target": the name of that field.');
    return null;
  }
  const sets = spec.split ? await drawSplit(source, spec.split) : await drawSets(source);
  for (const split of needed) {
    const set = sets[split];
    if (set && set.drawn.length === 0) {
      document.addAt("empty-set", set.path, `The ${split} set is empty.`, "Add rows.");
    } else if ((split !== "test" || needed.length === 1) && !spec.split && spec[split] === undefined) {
      const others = needed.length === 1 ? namedSets(spec).join(" or ") : "";
      const remedy = `Add "${split}" to "data"${others && `, or choose another set: ${others}`}.`;
      document.addAtKey("missing-set", ["data"], `There is no ${split} set.`, remedy, () => splitData(document));
    }
  }
  checkOverlap(document, sets);
  const targets = readTargets(source, sets);
  const samples = (split: Split) =>
    (sets[split]?.drawn ?? []).map(({ sample }) => ({ ...sample, targets: targets.get(sample) ?? sample.targets }));
  return { train: samples("train"), validation: samples("validation"), test: samples("test") };
}

type Sets = Partial<Record<Split, Drawing>>;

/** What the targets of samples mean where they are not read as they are. */
function readTargets({ document, readTargets }: DataSource, sets: Sets): ReadonlyMap<Sample, readonly string[]> {
  const drawn = SPLITS.flatMap((split) => {
    const set = sets[split];
    return set ? set.drawn.map(({ sample, row }) => ({ sample, fields: row.fields, row, name: set.name })) : [];
  });
  const reading = readTargets?.(drawn);
  if (!reading) return new Map();
  const path = ["data", "target"];
  const { fault, note, strays } = reading;
  if (fault) document.addAt("unfit-target", path, fault.message, fault.remedy);
  if (note !== null) document.addAt("index-targets", path, note, 'Set "indexFrom" in "loss" if this is wrong.');
  const found = strays.flatMap(({ at, options }) => {
    const one = drawn[at];
    return one
      ? [
          `the target of row ${one.row.number} of ${one.name}, ${JSON.stringify(one.sample.targets[0])}, is none of its ${options} options`,
        ]
      : [];
  });
  report(document, "stray-target", path, "", found, "Correct the target. No answer can match it.");
  return new Map(drawn.map(({ sample }, at) => [sample, reading.targets[at] ?? sample.targets]));
}

async function drawSets(source: DataSource): Promise<Sets> {
  const read = new Map<string, Promise<Rows | null>>();
  const sets: Sets = {};
  for (const split of source.needed) {
    const spec = source.spec[split];
    if (spec === undefined) continue;
    const path = ["data", split];
    const rows = await rowsOf(source, spec, split, read);
    if (rows) sets[split] = await draw(source, rows, path, nameOf(spec, split));
  }
  return sets;
}

async function drawSplit(source: DataSource, split: NonNullable<DataSpec["split"]>): Promise<Sets> {
  const { needed } = source;
  const path = ["data", "file"];
  const { file = "", list } = source.spec;
  const rows = await readRows(source, { file, list }, path);
  if (!rows) return {};
  // Equal questions are removed before the division, so that no two sets share one.
  const { name, drawn } = await draw(source, rows.rows, path, JSON.stringify(file));
  const parts = splitRows(drawn, split, split.seed);
  const sets: Sets = {};
  for (const part of SPLITS) {
    if (needed.includes(part) && (part !== "test" || split.test > 0))
      sets[part] = { path: ["data", "split"], name, drawn: parts[part] };
  }
  return sets;
}

/** Names of lists in a JSON file that is read for a set. */
const LIST_NAMES: Readonly<Record<Split, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev", "eval"],
  test: ["test", "testing"],
};

async function rowsOf(
  source: DataSource,
  spec: DataSet,
  split: Split,
  read: Map<string, Promise<Rows | null>>,
): Promise<readonly Row[] | null> {
  const path = ["data", split];
  if (Array.isArray(spec)) return inlineRows(source.document, split);
  const { file, list, rows: range } = typeof spec === "string" ? { file: spec } : { list: undefined, ...spec };
  const names = list === undefined && /\.json$/i.test(file) ? LIST_NAMES[split] : [];
  const key = JSON.stringify([file, list, names]);
  const reading =
    read.get(key) ?? readRows(source, { file, list, names }, typeof spec === "string" ? path : [...path, "file"]);
  read.set(key, reading);
  const rows = (await reading)?.rows ?? null;
  if (!rows || !range) return rows;
  const [from, to] = range;
  if (to > rows.length && from < rows.length) {
    const message = `${JSON.stringify(file)} has ${rows.length} rows, so rows ${from} to ${to} are only ${rows.length - from}.`;
    source.document.addAt("rows-out-of-range", [...path, "rows"], message, "Use fewer rows, or add rows to the file.");
  }
  return rows.slice(from, to);
}

/** Rows that stand in the graph file itself, with their numbers as they are written. */
function inlineRows(document: JsonDocument, split: Split): Row[] {
  const nodes = document.at(["data", split])?.children ?? [];
  return nodes.map((node, index) => ({ number: index + 1, fields: Object(losslessValue(node, document.text)) }));
}

interface DataFile {
  readonly file: string;
  readonly list: string | undefined;
  readonly names?: readonly string[];
}

/** null, with a fault, where the file cannot be read. */
async function readRows(
  source: DataSource,
  { file, list, names = [] }: DataFile,
  path: JsonPath,
): Promise<Rows | null> {
  const { document, root, files, breathe } = source;
  const name = JSON.stringify(file);
  const format = formatOf(file);
  if (!format) {
    const message = `The file name extension of ${name} is not supported.`;
    document.addAt("unknown-format", path, message, `Use a file with the extension ${EXTENSIONS.join(", ")}.`);
    return null;
  }
  try {
    const { text } = await readReference(root, file, files, MAX_DATA, decodeData);
    const rows = await format(text, breathe, { list, names });
    const broken = rows.broken.map(({ number, reason }) => `row ${number} cannot be read: ${reason}`);
    report(document, "broken-row", path, `In ${name}, `, broken, "Correct or remove the row.");
    const used = fieldsUsed(mappingOf(source));
    const repeated = rows.repeated?.filter((column) => used.includes(column)) ?? [];
    const twice = repeated.map((column) => `the header names the column ${JSON.stringify(column)} more than once`);
    report(document, "repeated-column", path, `In ${name}, `, twice, "Rename all but one.");
    if (rows.note)
      document.addAt(
        "partial-file",
        path,
        `${name} is not whole. ${rows.note}`,
        "Add the other rows, or continue without them.",
      );
    return rows;
  } catch (error) {
    if (error instanceof DataUnreadable) {
      document.addAt("unreadable-file", path, `The file ${name} ${error.problem}.`, error.remedy);
      return null;
    }
    if (!(error instanceof ReferenceRefused)) throw error;
    const { code, message, remedy } = refusalWords(error);
    document.addAt(code, path, message, remedy);
    return null;
  }
}

function mappingOf({ spec, inputs, listIsAnswer, objectIsAnswer }: DataSource): Mapping {
  return { ...spec, inputs, listIsAnswer, objectIsAnswer };
}

/** Makes samples of rows; each question once. */
async function draw(source: DataSource, rows: readonly Row[], path: JsonPath, name: string): Promise<Drawing> {
  const mapping = mappingOf(source);
  const kept = new Map<string, Drawn>();
  const ids = new Map<string, Drawn>();
  const found: Record<
    "missing-field" | "object-target" | "unfit-target" | "duplicate-row" | "conflicting-row" | "id-repeated",
    string[]
  > = {
    "missing-field": [],
    "object-target": [],
    "unfit-target": [],
    "duplicate-row": [],
    "conflicting-row": [],
    "id-repeated": [],
  };
  let present: string[] | undefined;
  let inner: string | undefined;
  for (const row of rows) {
    await source.breathe();
    const drawn = sampleOf(row, mapping);
    if ("missing" in drawn) {
      present ??= Object.keys(row.fields);
      found["missing-field"].push(`row ${row.number} has no field ${JSON.stringify(drawn.missing)}`);
      continue;
    }
    if ("object" in drawn) {
      inner ??= drawn.object;
      found["object-target"].push(`the target of row ${row.number} is an object`);
      continue;
    }
    for (const target of drawn.sample.targets) {
      const fault = source.targetFault(target);
      if (fault !== null) found["unfit-target"].push(`the target of row ${row.number} ${fault}`);
    }
    const equal = kept.get(drawn.key);
    const namesake = ids.get(drawn.sample.id);
    const rowsWords = (other: Drawn) => `rows ${other.row.number} and ${row.number}`;
    if (equal) {
      const same = sameTargets(equal, drawn);
      found[same ? "duplicate-row" : "conflicting-row"].push(
        `${rowsWords(equal)} ask the same${same ? "" : " and answer differently"}`,
      );
    } else if (namesake) {
      found["id-repeated"].push(`${rowsWords(namesake)} have the id ${JSON.stringify(drawn.sample.id)}`);
    } else {
      kept.set(drawn.key, drawn);
      ids.set(drawn.sample.id, drawn);
    }
  }
  const where = `In ${name}, `;
  const { document, spec } = source;
  const fields = present
    ?.slice(0, 10)
    .map((field) => JSON.stringify(field))
    .join(", ");
  const add = `Add the field, or name another in "data"${fields ? `. The row has ${fields}` : ""}.`;
  report(document, "missing-field", path, where, found["missing-field"], add);
  const inside = `Name the field inside it, such as "target": ${JSON.stringify(inner)}, or use the loss "json".`;
  report(document, "unfit-target", path, where, found["object-target"], inside);
  report(document, "unfit-target", path, where, found["unfit-target"], source.targetRemedy);
  report(document, "duplicate-row", path, where, found["duplicate-row"], "Only the first is used. Remove the other.");
  report(
    document,
    "conflicting-row",
    path,
    where,
    found["conflicting-row"],
    "Only the first is used. Remove the wrong one.",
  );
  report(document, "id-repeated", path, where, found["id-repeated"], `Make the values of "${spec.id}" differ.`);
  return { path, name, drawn: [...kept.values()] };
}

function checkOverlap(document: JsonDocument, sets: Sets): void {
  for (const [index, split] of SPLITS.entries()) {
    for (const earlier of SPLITS.slice(0, index)) {
      const [a, b] = [sets[earlier], sets[split]];
      if (!a || !b) continue;
      const byKey = new Map(a.drawn.map((drawn) => [drawn.key, drawn]));
      const byId = new Map(a.drawn.map((drawn) => [drawn.sample.id, drawn]));
      const shared = b.drawn.flatMap(({ key, sample, row }) => {
        const rowsWords = (other: Drawn) => `row ${other.row.number} of ${a.name} and row ${row.number} of ${b.name}`;
        const equal = byKey.get(key);
        if (equal) return [rowsWords(equal)];
        const namesake = byId.get(sample.id);
        return namesake ? [`${rowsWords(namesake)} have the id ${JSON.stringify(sample.id)}`] : [];
      });
      const remedy = "Remove it from one of the sets. A gate that uses training samples proves nothing.";
      report(document, "overlap", b.path, `The ${earlier} and ${split} sets share a sample: `, shared, remedy, () =>
        splitData(document),
      );
      const byLooseKey = new Map(a.drawn.map((drawn) => [looseKey(drawn.sample), drawn]));
      const near = b.drawn.flatMap(({ key, sample, row }) => {
        const other = byKey.has(key) ? undefined : byLooseKey.get(looseKey(sample));
        return other ? [`row ${other.row.number} of ${a.name} and row ${row.number} of ${b.name}`] : [];
      });
      const same = `The ${earlier} and ${split} sets contain nearly the same sample, which differs only in case, spacing or punctuation: `;
      report(document, "near-overlap", b.path, same, near, "Remove it from one of them.");
    }
  }
}

/** One fault for all rows of one kind: it names the first and counts the others. */
function report(
  document: JsonDocument,
  code: FaultCode,
  path: JsonPath,
  before: string,
  found: readonly string[],
  remedy: string,
  fixes?: Fixes,
): void {
  const [first, ...others] = found;
  if (first === undefined) return;
  const more = others.length > 0 ? `, and ${others.length} more` : "";
  const message = `${before}${first}${more}.`;
  document.addAt(code, path, message.charAt(0).toUpperCase() + message.slice(1), remedy, fixes);
}

function nameOf(spec: DataSet, split: Split): string {
  if (Array.isArray(spec)) return `the rows of "data.${split}"`;
  return JSON.stringify(typeof spec === "string" ? spec : spec.file);
}

function sameTargets(a: Drawn, b: Drawn): boolean {
  return JSON.stringify(a.sample.targets) === JSON.stringify(b.sample.targets);
}
