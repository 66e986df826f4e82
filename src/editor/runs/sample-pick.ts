import { l10n, window } from "vscode";
import type { Data, Sample, Split } from "../../data/sample.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled } from "../errors.ts";
import { oneLine } from "../markdown.ts";

/** A row of a graph's data. */
export interface FoundSample {
  readonly sample: Sample;
  readonly split: Split;
}

const ORDER = ["validation", "train", "test"] as const;

export function findSample(data: Data, id: string): FoundSample | null {
  for (const split of ORDER) {
    const sample = data[split].find((one) => one.id === id);
    if (sample) return { sample, split };
  }
  return null;
}

/** Asks for a row of any set, searchable by its inputs. @throws Cancelled */
export async function pickSample(data: Data): Promise<FoundSample> {
  const items = ORDER.flatMap((split) =>
    data[split].map((sample) => ({
      label: oneLine(labelOf(sample), 120),
      description: splitLabel(split, LOCALE),
      detail: sample.targets.length > 0 ? l10n.t("expected: {0}", oneLine(sample.targets.join(" | "), 100)) : undefined,
      found: { sample, split },
    })),
  );
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Which sample?"),
    placeHolder: l10n.t("Search by input or expected answer"),
    matchOnDetail: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (!picked) throw new Cancelled();
  return picked.found;
}

export function labelOf({ id, inputs }: Sample): string {
  return Object.values(inputs).join(" · ") || id;
}
