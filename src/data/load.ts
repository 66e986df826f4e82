import type { Files } from "../deps.ts";
import { splitData } from "../graph/checks/quick-fixes.ts";
import { asText, type ContainmentRoot, MAX_DATA, ReferenceRefused, refusalFault } from "../graph/containment.ts";
import type { DataSet, DataSpec } from "../graph/schema/schema.ts";
import type { JsonDocument, JsonPath } from "../graph/syntax/document.ts";
import type { Translate } from "../i18n/locale.ts";
import { addFindings } from "./findings.ts";
import { losslessValue } from "./json-rows.ts";
import { checkOverlap, type SampleSet, type Sets } from "./overlap.ts";
import { DataUnreadable, type Row, type Rows } from "./row.ts";
import { EXTENSIONS, formatOf, openData } from "./rows.ts";
import { type Data, type Sample, SPLITS, type Split } from "./sample.ts";
import { fieldsUsed, labelOf, type MappedRow, type Mapping, sampleOf, type TargetUse } from "./samples.ts";
import { divisionOf, namedSets, type Shares, splitRows } from "./split.ts";
import { drawnOf, type LabelSource, readLabels, readTargets, refuseUnlabelled } from "./targets.ts";

export interface DataSource extends LabelSource {
  /** Names of the graph's inputs. */
  readonly inputs: readonly string[];
  readonly root: ContainmentRoot;
  readonly files: Files;
  /** Awaited after each row, so that a large file doesn't block the process. */
  readonly yieldNow: () => Promise<void>;
  /** Whether rows need no target, because the loss doesn't. */
  readonly targetless: boolean;
  /** Sets that are required. */
  readonly needed: readonly Split[];
  /** Sets to read. Default: the required ones. */
  readonly read?: readonly Split[];
  /** Target of the answer. */
  readonly target: TargetUse;
}

/**
 * Reads, splits and checks the data of a graph. Duplicate questions in one set are removed, with a warning; in two
 * sets they are an error.
 * @returns null if a required set can't be read
 */
export async function loadData(source: DataSource): Promise<Data | null> {
  const { spec, document, needed } = source;
  const { t } = document;
  const labelled = Object.keys(spec.targets ?? {});
  if (spec.target === undefined && labelled.length === 0 && !source.targetless) {
    const message = t('"data" does not name the field with the accepted answer.');
    document.addAtKey("no-target", ["data"], message, t('Add "target": the name of that field.'));
    return null;
  }
  const division = divisionOf(spec);
  const sets = division ? await drawSplit(source, division) : await drawSets(source);
  for (const split of needed) {
    const set = sets[split];
    if (set && set.drawn.length === 0) {
      // The unreadable rows are already reported.
      if (!document.hasErrorAt(set.path)) {
        document.addAt("empty-set", set.path, t('The set "{0}" is empty.', split), t("Add rows."));
      }
    } else if (
      (split !== "test" || needed.length === 1) &&
      !sets[split] &&
      spec[split] === undefined &&
      (!division || division[split] === 0)
    ) {
      const others = needed.length === 1 ? namedSets(spec).join(", ") : "";
      const remedy = others
        ? t('Add "{0}" to "data", or choose another set: {1}.', split, others)
        : t('Add "{0}" to "data".', split);
      const message = t('The data has no set "{0}".', split);
      document.addAtKey("missing-set", ["data"], message, remedy, () => splitData(document));
    }
  }
  await checkOverlap(document, sets, source.yieldNow);
  const drawn = await drawnOf(sets, source.yieldNow);
  const targets = readTargets(source.target, drawn, ["data", "target"], document);
  const nodes = labelled.map((node) => [node, readLabels(source, node, drawn)] as const);
  const sampleFrom = ({ sample }: MappedRow): Sample => {
    const own = nodes.flatMap(([node, found]) => {
      const accepted = found.get(sample);
      return accepted ? [[node, accepted] as const] : [];
    });
    const nodeTargets = own.length > 0 && { nodeTargets: Object.fromEntries(own) };
    return { ...sample, targets: targets.get(sample) ?? sample.targets, ...nodeTargets };
  };
  const samplesOf = async (split: Split) => {
    const samples: Sample[] = [];
    for (const drawn of needed.includes(split) ? (sets[split]?.drawn ?? []) : []) {
      await source.yieldNow();
      samples.push(sampleFrom(drawn));
    }
    return samples;
  };
  const [train, validation, test] = [await samplesOf("train"), await samplesOf("validation"), await samplesOf("test")];
  const data = { train, validation, test };
  if (spec.target === undefined && !source.targetless) refuseUnlabelled(source, drawn, data);
  return data;
}

async function drawSets(source: DataSource): Promise<Sets> {
  const { document, needed, read: splits = needed } = source;
  const read = new Map<string, Promise<Rows | null>>();
  const sets: Sets = {};
  for (const split of splits) {
    const spec = source.spec[split];
    if (spec === undefined) continue;
    const path = ["data", split];
    const rows = await rowsOf(source, spec, split, read);
    if (rows) sets[split] = await draw(source, rows, path, nameOf(spec, split, document.t));
  }
  return sets;
}

async function drawSplit(source: DataSource, split: Shares & { readonly seed: number }): Promise<Sets> {
  const { needed, read = needed } = source;
  const path = ["data", "file"];
  const { file = "", list } = source.spec;
  const rows = await readRows(source, { file, list }, path);
  if (!rows) return {};
  // Duplicate questions are removed before the split, so that no two sets share one.
  const { name, drawn } = await draw(source, rows.rows, path, JSON.stringify(file));
  await source.yieldNow();
  const parts = splitRows(drawn, split, split.seed);
  await source.yieldNow();
  const sets: Sets = {};
  for (const part of SPLITS) {
    if (read.includes(part) && (part !== "test" || split.test > 0))
      sets[part] = { path: ["data", source.spec.split ? "split" : "folds"], name, drawn: parts[part] };
  }
  return sets;
}

/** Names of lists in a JSON file that belong to each set. */
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
    const { t, locale } = source.document;
    const [all, taken] = [locale.count(rows.length, "row"), locale.count(rows.length - from, "row")];
    const message = t('{0} has {1}, so "rows" [{2}, {3}] gives only {4}.', JSON.stringify(file), all, from, to, taken);
    source.document.addAt(
      "rows-out-of-range",
      [...path, "rows"],
      message,
      t("Use fewer rows, or add rows to the file."),
    );
  }
  return rows.slice(from, to);
}

/** Rows in the graph file itself, with numbers as written. */
function inlineRows(document: JsonDocument, split: Split): Row[] {
  const nodes = document.at(["data", split])?.children ?? [];
  return nodes.map((node, index) => ({ number: index + 1, fields: Object(losslessValue(node, document.text)) }));
}

interface DataFile {
  readonly file: string;
  readonly list: string | undefined;
  readonly names?: readonly string[];
}

/** null, with a fault, if the file can't be read. */
async function readRows(
  source: DataSource,
  { file, list, names = [] }: DataFile,
  path: JsonPath,
): Promise<Rows | null> {
  const { document, root, files, yieldNow } = source;
  const { t, locale } = document;
  const name = JSON.stringify(file);
  const format = formatOf(file);
  if (!format) {
    const message = document.t("The file name extension of {0} is not supported.", name);
    document.addAt("unknown-format", path, message, remedyFor(file, document.t));
    return null;
  }
  try {
    const text = await openData(root, file, files, MAX_DATA);
    const rows = await format(text, { name, locale, yieldNow, list, names });
    const broken = rows.broken.map(({ number, reason }) =>
      t("In {0}, row {1} can't be read: {2}.", name, number, reason),
    );
    addFindings(document, "broken-row", path, broken, document.t("Correct or remove the row."));
    const used = fieldsUsed(mappingOf(source));
    const repeated = rows.repeated?.filter((column) => used.includes(column)) ?? [];
    const twice = repeated.map((column) =>
      t("In {0}, the header names the column {1} more than once.", name, JSON.stringify(column)),
    );
    addFindings(document, "repeated-column", path, twice, document.t("Rename all but one."));
    if (rows.note)
      document.addAt("partial-file", path, rows.note, document.t("Add the other rows, or continue without them."));
    return rows;
  } catch (error) {
    if (error instanceof DataUnreadable) {
      document.addAt("unreadable-file", path, error.message, error.remedy);
      return null;
    }
    if (!(error instanceof ReferenceRefused)) throw error;
    const { code, message, remedy } = refusalFault(error, locale);
    document.addAt(code, path, message, remedy);
    return null;
  }
}

function mappingOf({ spec, inputs, target: { listIsAnswer, objectIsAnswer } }: DataSource): Mapping {
  return { ...spec, inputs, listIsAnswer, objectIsAnswer };
}

/** Makes samples from rows, without duplicate questions. */
async function draw(source: DataSource, rows: readonly Row[], path: JsonPath, name: string): Promise<SampleSet> {
  const mapping = mappingOf(source);
  const kept = new Map<string, MappedRow>();
  const ids = new Map<string, MappedRow>();
  const { document, spec, yieldNow } = source;
  const { t } = document;
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
    await yieldNow();
    const drawn = sampleOf(row, mapping);
    if ("missing" in drawn) {
      present ??= Object.keys(row.fields);
      const field = JSON.stringify(drawn.missing);
      found["missing-field"].push(
        Object.hasOwn(row.fields, drawn.missing)
          ? t("In {0}, row {1} has no value for {2}.", name, row.number, field)
          : t("In {0}, row {1} has no field {2}.", name, row.number, field),
      );
      continue;
    }
    if ("object" in drawn) {
      inner ??= drawn.object;
      found["object-target"].push(t("In {0}, the target of row {1} is an object.", name, row.number));
      continue;
    }
    for (const target of drawn.sample.targets) {
      const fault = source.target.fault(target);
      if (fault === null) continue;
      found["unfit-target"].push(t("In {0}, the target of row {1} can't be used: {2}.", name, row.number, fault));
    }
    const equal = kept.get(drawn.key);
    const namesake = ids.get(drawn.sample.id);
    if (equal) {
      const earlier = equal.row.number;
      if (sameTargets(equal, drawn, spec)) {
        found["duplicate-row"].push(t("In {0}, rows {1} and {2} have the same inputs.", name, earlier, row.number));
      } else {
        found["conflicting-row"].push(
          t("In {0}, rows {1} and {2} have the same inputs but different answers.", name, earlier, row.number),
        );
      }
    } else if (namesake) {
      const id = JSON.stringify(drawn.sample.id);
      found["id-repeated"].push(
        t("In {0}, rows {1} and {2} have the same id {3}.", name, namesake.row.number, row.number, id),
      );
    } else {
      kept.set(drawn.key, drawn);
      ids.set(drawn.sample.id, drawn);
    }
  }
  const fields = present
    ?.slice(0, 10)
    .map((field) => JSON.stringify(field))
    .join(", ");
  const add = fields
    ? t('Add the field, or name another in "data". The row has {0}.', fields)
    : t('Add the field, or name another in "data".');
  const example = JSON.stringify(inner ?? "");
  const inside = t('Name the field inside it, such as "target": {0}, or use the loss "json".', example);
  addFindings(document, "missing-field", path, found["missing-field"], add);
  addFindings(document, "unfit-target", path, found["object-target"], inside);
  addFindings(document, "unfit-target", path, found["unfit-target"], source.target.remedy);
  addFindings(
    document,
    "duplicate-row",
    path,
    found["duplicate-row"],
    document.t("Only the first is used. Remove the other."),
  );
  addFindings(
    document,
    "conflicting-row",
    path,
    found["conflicting-row"],
    document.t("Only the first is used. Remove the wrong one."),
  );
  addFindings(
    document,
    "id-repeated",
    path,
    found["id-repeated"],
    t('Make the values of "{0}" differ.', spec.id ?? ""),
  );
  return { path, name, drawn: [...kept.values()] };
}

function nameOf(spec: DataSet, split: Split, t: Translate): string {
  if (Array.isArray(spec)) return t('the rows of "data.{0}"', split);
  return JSON.stringify(typeof spec === "string" ? spec : spec.file);
}

function sameTargets(a: MappedRow, b: MappedRow, { targets = {} }: DataSpec): boolean {
  const all = ({ sample, row }: MappedRow) => [
    sample.targets,
    Object.values(targets).map((field) => labelOf(row, field)),
  ];
  return JSON.stringify(all(a)) === JSON.stringify(all(b));
}

const FOREIGN = [
  [/\.xlsx?$/i, "a ZIP file"],
  [/\.(gz|zst|xz|bz2)$/i, "compressed"],
  [/\.parquet$/i, "Parquet"],
] as const;

/** What to do about a data file with an unknown extension. */
function remedyFor(file: string, t: Translate): string {
  const kind = FOREIGN.find(([extension]) => extension.test(file))?.[1];
  return kind ? asText(kind, t) : t("Use a file with the extension {0}.", EXTENSIONS.join(", "));
}
