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
  for (const drawn of present.length > 1 ? present.flatMap((set) => set.drawn) : []) {
    await yieldNow();
    looseKeys.set(drawn, normalizedKey(drawn.sample));
  }
  const pairOf = (one: MappedRow, a: SampleSet, other: Row, b: SampleSet) =>
    t("row {0} of {1} and row {2} of {3}", one.row.number, a.name, other.number, b.name);
  for (const [index, split] of SPLITS.entries()) {
    for (const earlier of SPLITS.slice(0, index)) {
      const [a, b] = [sets[earlier], sets[split]];
      if (!a || !b) continue;
      const byKey = await indexed(a.drawn, ({ key }) => key, yieldNow);
      const byId = await indexed(a.drawn, ({ sample }) => sample.id, yieldNow);
      const shared: string[] = [];
      for (const { key, sample, row } of b.drawn) {
        await yieldNow();
        const equal = byKey.get(key);
        const other = equal ?? byId.get(sample.id);
        if (!other) continue;
        const rows = pairOf(other, a, row, b);
        const id = JSON.stringify(sample.id);
        shared.push(
          equal
            ? t('"{0}" and "{1}" share a sample: {2}.', earlier, split, rows)
            : t('"{0}" and "{1}" share the id {2}: {3}.', earlier, split, id, rows),
        );
      }
      const remedy = document.t("Remove it from one of the sets. A gate that uses training samples proves nothing.");
      addFindings(document, "overlap", b.path, shared, remedy, () => splitData(document));
      await yieldNow();
      const byLooseKey = await indexed(a.drawn, (drawn) => looseKeys.get(drawn), yieldNow);
      const near: string[] = [];
      for (const drawn of b.drawn) {
        await yieldNow();
        const { key, row } = drawn;
        const other = byKey.has(key) ? undefined : byLooseKey.get(looseKeys.get(drawn));
        if (!other) continue;
        const rows = pairOf(other, a, row, b);
        near.push(
          t('"{0}" and "{1}" share a sample except for case, spacing or punctuation: {2}.', earlier, split, rows),
        );
      }
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
  for (const row of rows) {
    await yieldNow();
    index.set(keyOf(row), row);
  }
  return index;
}
