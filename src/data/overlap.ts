import { splitData } from "../graph/checks/quick-fixes.ts";
import type { JsonDocument, JsonPath } from "../graph/syntax/document.ts";
import { addFindings } from "./findings.ts";
import type { Row } from "./row.ts";
import { SPLITS, type Split } from "./sample.ts";
import { type MappedRow, normalizedKey } from "./samples.ts";

/** The samples of a set, and the name of their file in messages. */
export interface SampleSet {
  readonly path: JsonPath;
  readonly name: string;
  readonly drawn: readonly MappedRow[];
}

export type Sets = Partial<Record<Split, SampleSet>>;

/** Adds a fault for samples that two sets share, and a warning for samples that are nearly the same. */
export async function checkOverlap(document: JsonDocument, sets: Sets, yieldNow: () => Promise<void>): Promise<void> {
  const { t } = document;
  const looseKeys = new Map<MappedRow, string>();
  const present = SPLITS.flatMap((split) => sets[split] ?? []);
  for (const { drawn } of present.length > 1 ? present : []) {
    await inTurns(drawn, (one) => looseKeys.set(one, normalizedKey(one.sample)), yieldNow);
  }
  const pairOf = (one: MappedRow, a: SampleSet, other: Row, b: SampleSet) =>
    t("row {0} of {1} and row {2} of {3}", one.row.number, a.name, other.number, b.name);
  for (const [index, earlier] of SPLITS.entries()) {
    const a = sets[earlier];
    const later = SPLITS.slice(index + 1).flatMap((split) => (sets[split] ? { split, b: sets[split] } : []));
    if (!a || later.length === 0) continue;
    const byKey = await indexed(a.drawn, ({ key }) => key, yieldNow);
    const byId = await indexed(a.drawn, ({ sample }) => sample.id, yieldNow);
    const byLooseKey = await indexed(a.drawn, (drawn) => looseKeys.get(drawn), yieldNow);
    for (const { split, b } of later) {
      const shared: string[] = [];
      const near: string[] = [];
      const look = (drawn: MappedRow) => {
        const { key, sample, row } = drawn;
        const equal = byKey.get(key);
        const other = equal ?? byId.get(sample.id);
        if (other) {
          const rows = pairOf(other, a, row, b);
          const id = JSON.stringify(sample.id);
          shared.push(
            equal
              ? t('"{0}" and "{1}" share a sample: {2}.', earlier, split, rows)
              : t('"{0}" and "{1}" share the id {2}: {3}.', earlier, split, id, rows),
          );
        }
        const alike = equal ? undefined : byLooseKey.get(looseKeys.get(drawn));
        if (!alike) return;
        const rows = pairOf(alike, a, row, b);
        near.push(
          t('"{0}" and "{1}" share a sample except for case, spacing or punctuation: {2}.', earlier, split, rows),
        );
      };
      await inTurns(b.drawn, look, yieldNow);
      const remedy = document.t("Remove it from one of the sets. A gate that uses training samples proves nothing.");
      addFindings(document, "overlap", b.path, shared, remedy, () => splitData(document));
      addFindings(document, "near-overlap", b.path, near, document.t("Remove it from one of them."));
    }
  }
}

async function indexed<K>(
  rows: readonly MappedRow[],
  keyOf: (row: MappedRow) => K,
  yieldNow: () => Promise<void>,
): Promise<ReadonlyMap<K, MappedRow>> {
  const index = new Map<K, MappedRow>();
  await inTurns(rows, (row) => index.set(keyOf(row), row), yieldNow);
  return index;
}

/** Rows between two turns of other work. */
const GROUP = 50;

async function inTurns<T>(rows: readonly T[], work: (row: T) => void, yieldNow: () => Promise<void>): Promise<void> {
  for (const [at, row] of rows.entries()) {
    if (at % GROUP === 0) await yieldNow();
    work(row);
  }
}
