import type { Files } from "../deps.ts";
import { type ContainmentRoot, MAX_DATA, ReferenceRefused, readReference, refusalWords } from "../graph/containment.ts";
import type { JsonDocument, JsonPath } from "../graph/document.ts";
import type { FaultCode, Fixes } from "../graph/fault.ts";
import { splitData } from "../graph/quick-fixes.ts";
import type { DataSet, DataSpec } from "../graph/schema.ts";
import { type Breathe, EXTENSIONS, formatOf, inlineRows, type Row, type Rows } from "./rows.ts";
import { type Data, SPLITS, type Split } from "./sample.ts";
import { type Drawn, type Mapping, sampleOf } from "./samples.ts";
import { splitRows } from "./split.ts";

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
  /** Why a target cannot be used, as the end of "the target …"; null when it can. */
  targetFault(target: string): string | null;
  /** What to do about a target that cannot be used. */
  readonly targetRemedy: string;
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
  const { spec, document } = source;
  if (spec.target === undefined && !source.targetless) {
    const message = '"data" does not say which field of a row holds the accepted answer.';
    document.addAtKey("no-target", ["data"], message, 'Add "target": the name of that field.');
    return null;
  }
  const sets = spec.split ? await drawSplit(source, spec.split) : await drawSets(source);
  for (const split of SPLITS) {
    const set = sets[split];
    if (set && set.drawn.length === 0) {
      document.addAt("empty-set", set.path, `The ${split} set is empty.`, "Give it rows.");
    } else if (split !== "test" && !spec.split && spec[split] === undefined) {
      document.addAtKey("missing-set", ["data"], `There is no ${split} set.`, `Add "${split}" to "data".`, () =>
        splitData(document),
      );
    }
  }
  checkOverlap(document, sets);
  const samples = (split: Split) => (sets[split]?.drawn ?? []).map(({ sample }) => sample);
  return { train: samples("train"), validation: samples("validation"), test: samples("test") };
}

type Sets = Partial<Record<Split, Drawing>>;

async function drawSets(source: DataSource): Promise<Sets> {
  const read = new Map<string, Promise<Rows | null>>();
  const sets: Sets = {};
  for (const split of SPLITS) {
    const spec = source.spec[split];
    if (spec === undefined) continue;
    const path = ["data", split];
    const rows = await rowsOf(source, spec, path, read);
    if (rows) sets[split] = await draw(source, rows, path, nameOf(spec, split));
  }
  return sets;
}

async function drawSplit(source: DataSource, split: NonNullable<DataSpec["split"]>): Promise<Sets> {
  const path = ["data", "file"];
  const rows = await readRows(source, source.spec.file ?? "", path);
  if (!rows) return {};
  // Equal questions are removed before the division, so that no two sets share one.
  const { name, drawn } = await draw(source, rows.rows, path, JSON.stringify(source.spec.file));
  const parts = splitRows(drawn, split, split.seed);
  const sets: Sets = {};
  for (const part of SPLITS) {
    if (part !== "test" || split.test > 0) sets[part] = { path: ["data", "split"], name, drawn: parts[part] };
  }
  return sets;
}

async function rowsOf(
  source: DataSource,
  spec: DataSet,
  path: JsonPath,
  read: Map<string, Promise<Rows | null>>,
): Promise<readonly Row[] | null> {
  if (Array.isArray(spec)) return inlineRows(spec).rows;
  const file = typeof spec === "string" ? spec : spec.file;
  const at = typeof spec === "string" ? path : [...path, "file"];
  const reading = read.get(file) ?? readRows(source, file, at);
  read.set(file, reading);
  const rows = (await reading)?.rows ?? null;
  if (!rows || typeof spec === "string" || !spec.rows) return rows;
  const [from, to] = spec.rows;
  if (to > rows.length && from < rows.length) {
    const message = `${JSON.stringify(file)} has ${rows.length} rows, so rows ${from} to ${to} are only ${rows.length - from}.`;
    source.document.addAt("rows-out-of-range", [...path, "rows"], message, "Name fewer rows, or add some to the file.");
  }
  return rows.slice(from, to);
}

/** null, with a fault, where the file cannot be read. */
async function readRows(source: DataSource, file: string, path: JsonPath): Promise<Rows | null> {
  const { document, root, files, breathe } = source;
  const format = formatOf(file);
  if (!format) {
    const message = `The ending of ${JSON.stringify(file)} does not say how to read it.`;
    document.addAt("unknown-format", path, message, `Use a file that ends in ${EXTENSIONS.join(", ")}.`);
    return null;
  }
  try {
    const { text } = await readReference(root, file, files, MAX_DATA);
    const rows = await format(text, breathe);
    const broken = rows.broken.map(({ number, reason }) => `row ${number} cannot be read: ${reason}`);
    report(document, "broken-row", path, `In ${JSON.stringify(file)}, `, broken, "Correct or remove the row.");
    return rows;
  } catch (error) {
    if (!(error instanceof ReferenceRefused)) throw error;
    const { code, message, remedy } = refusalWords(error);
    document.addAt(code, path, message, remedy);
    return null;
  }
}

/** Makes samples of rows; each question once. */
async function draw(source: DataSource, rows: readonly Row[], path: JsonPath, name: string): Promise<Drawing> {
  const mapping: Mapping = { ...source.spec, inputs: source.inputs, listIsAnswer: source.listIsAnswer };
  const kept = new Map<string, Drawn>();
  const ids = new Map<string, Drawn>();
  const found: Record<
    "missing-field" | "unfit-target" | "duplicate-row" | "conflicting-row" | "id-repeated",
    string[]
  > = {
    "missing-field": [],
    "unfit-target": [],
    "duplicate-row": [],
    "conflicting-row": [],
    "id-repeated": [],
  };
  for (const row of rows) {
    await source.breathe();
    const drawn = sampleOf(row, mapping);
    if ("missing" in drawn) {
      found["missing-field"].push(`row ${row.number} has no field ${JSON.stringify(drawn.missing)}`);
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
  report(document, "missing-field", path, where, found["missing-field"], 'Add the field, or name another in "data".');
  report(document, "unfit-target", path, where, found["unfit-target"], source.targetRemedy);
  report(document, "duplicate-row", path, where, found["duplicate-row"], "Only the first is used; remove the other.");
  report(
    document,
    "conflicting-row",
    path,
    where,
    found["conflicting-row"],
    "Only the first is used; remove the wrong one.",
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
      const remedy = "Remove it from one of them: a gate that has seen the training samples proves nothing.";
      report(document, "overlap", b.path, `The ${earlier} and ${split} sets share a sample: `, shared, remedy, () =>
        splitData(document),
      );
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
  const more = others.length > 0 ? `, and ${others.length} more of the kind` : "";
  document.addAt(code, path, `${before}${first}${more}.`, remedy, fixes);
}

function nameOf(spec: DataSet, split: Split): string {
  if (Array.isArray(spec)) return `the rows of "data.${split}"`;
  return JSON.stringify(typeof spec === "string" ? spec : spec.file);
}

function sameTargets(a: Drawn, b: Drawn): boolean {
  return JSON.stringify(a.sample.targets) === JSON.stringify(b.sample.targets);
}
