import type { DataSpec } from "../graph/schema/schema.ts";
import type { JsonDocument, JsonPath } from "../graph/syntax/document.ts";
import { addFindings } from "./findings.ts";
import type { Sets } from "./overlap.ts";
import { type Data, type Sample, SPLITS } from "./sample.ts";
import { labelOf, type MappedRow, type SampleRow, type TargetUse, targetsOf } from "./samples.ts";

export interface LabelSource {
  readonly spec: DataSpec;
  /** Receives the faults. */
  readonly document: JsonDocument;
  /** Target of a node in `data.targets`, by the values in the rows. */
  targetOf(node: string, labels: readonly unknown[], rows: readonly SampleRow["fields"][]): TargetUse;
}

/** A row with its sample, and the name of its file in messages. */
export type DrawnRow = MappedRow & SampleRow & { readonly name: string };

/** All rows of all sets. */
export async function drawnOf(sets: Sets, yieldNow: () => Promise<void>): Promise<DrawnRow[]> {
  const all: DrawnRow[] = [];
  for (const set of SPLITS.flatMap((split) => sets[split] ?? [])) {
    for (const { sample, row, key } of set.drawn) {
      await yieldNow();
      all.push({ sample, row, key, fields: row.fields, name: set.name });
    }
  }
  return all;
}

/** Adds errors for rows in which nothing can be scored, and rows without an answer. */
export function refuseUnlabelled({ document, spec }: LabelSource, drawn: readonly DrawnRow[], data: Data): void {
  const { t } = document;
  const unlabelled = new Set(
    SPLITS.flatMap((split) => data[split].flatMap((one) => (one.nodeTargets ? [] : [one.id]))),
  );
  const fields = Object.values(spec.targets ?? {})
    .map((field) => JSON.stringify(field))
    .join(", ");
  const found = drawn.flatMap(({ sample, row, name }) =>
    unlabelled.has(sample.id) ? [t("In {0}, row {1} has none of the fields {2}.", name, row.number, fields)] : [],
  );
  addFindings(document, "missing-field", ["data", "targets"], found, t("Add one of them, or remove the row."));
}

/** Sample → accepted values of a node, for rows that have any. */
export function readLabels(
  source: LabelSource,
  node: string,
  all: readonly DrawnRow[],
): ReadonlyMap<Sample, readonly string[]> {
  const { document, spec } = source;
  const { t } = document;
  const path = ["data", "targets", node];
  const field = spec.targets?.[node] ?? node;
  const drawn = all.filter(({ row }) => labelOf(row, field) !== null);
  if (drawn.length === 0) {
    const message = t("No row has a value in the field {0}.", JSON.stringify(field));
    if (all.length > 0) document.addAt("missing-field", path, message, t("Name a field of the data, or remove it."));
    return new Map();
  }
  const use = source.targetOf(
    node,
    drawn.map(({ row }) => labelOf(row, field)),
    drawn.map(({ fields }) => fields),
  );
  const found: string[] = [];
  const labels = drawn.map((one) => {
    const read = targetsOf(one.row, field, use);
    const targets = Array.isArray(read) ? read : [];
    const faults = Array.isArray(read)
      ? targets.flatMap((target) => use.fault(target) ?? [])
      : "object" in read
        ? [t("it is an object")]
        : [];
    for (const fault of faults) {
      found.push(t("In {0}, the target of row {1} for {2} can't be used: {3}.", one.name, one.row.number, node, fault));
    }
    return { ...one, sample: { ...one.sample, targets } };
  });
  addFindings(document, "unfit-target", path, found, use.remedy);
  const read = readTargets(use, labels, path, document);
  return new Map(
    drawn.map(({ sample }, at) => {
      const own = labels[at]?.sample;
      return [sample, (own && read.get(own)) ?? own?.targets ?? []];
    }),
  );
}

/** Targets of samples, if they are not used unchanged. */
export function readTargets(
  { read }: TargetUse,
  drawn: readonly DrawnRow[],
  path: JsonPath,
  document: JsonDocument,
): ReadonlyMap<Sample, readonly string[]> {
  const reading = read?.(drawn);
  if (!reading) return new Map();
  const { fault, note, unmatched } = reading;
  if (fault) document.addAt("unfit-target", path, fault.message, fault.remedy);
  if (note !== null)
    document.addAt("index-targets", path, note, document.t('Set "indexFrom" in "loss" if this is wrong.'));
  const { t, locale } = document;
  const found = unmatched.flatMap(({ at, options }) => {
    const one = drawn[at];
    if (!one) return [];
    const [target, count] = [JSON.stringify(one.sample.targets[0]), locale.count(options, "option")];
    return [
      t("In {0}, the target of row {1} is {2}, which is not one of its {3}.", one.name, one.row.number, target, count),
    ];
  });
  addFindings(document, "stray-target", path, found, document.t("Correct the target. No answer can match it."));
  return new Map(drawn.map(({ sample }, at) => [sample, reading.targets[at] ?? sample.targets]));
}
