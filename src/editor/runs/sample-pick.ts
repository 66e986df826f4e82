import { l10n, type QuickPickItem, window } from "vscode";
import type { Data, Sample, Split } from "../../data/sample.ts";
import { titleOf } from "../../data/sample-title.ts";
import type { Task } from "../../engine/task.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LossSpec } from "../../graph/schema/schema.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { targetFault, worksWithoutTarget } from "../../loss/make.ts";
import { TYPED } from "../../run/report/sample.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled } from "../errors.ts";
import { oneLine } from "../ui/markdown.ts";

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
  const { found } = await pickFrom(itemsOf(data));
  if (!found) throw new Cancelled();
  return found;
}

interface SampleItem extends QuickPickItem {
  readonly found: FoundSample | null;
}

function itemsOf(data: Data): SampleItem[] {
  return ORDER.flatMap((split) =>
    data[split].map((sample) => ({
      label: oneLine(titleOf(sample), 120),
      // Not in the description: a long label leaves no room for it.
      detail: [
        splitLabel(split, LOCALE),
        ...(sample.targets.length > 0 ? [l10n.t("expected: {0}", oneLine(sample.targets.join(" | "), 100))] : []),
      ].join(" · "),
      found: { sample, split },
    })),
  );
}

/** @throws Cancelled */
async function pickFrom(items: readonly SampleItem[]): Promise<SampleItem> {
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Which sample?"),
    placeHolder: l10n.t("Search by input or expected answer"),
    matchOnDetail: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (!picked) throw new Cancelled();
  return picked;
}

/**
 * Asks for a row of any set, or for an input that the user types.
 * @param isSimulated whether the simulated model answers, which knows no other questions than the examples'
 * @throws Cancelled
 */
export async function pickOrTypeSample(
  { graph, data }: Pick<Task, "graph" | "data">,
  loss: LossSpec,
  isSimulated: boolean,
): Promise<Picked> {
  const type: SampleItem = {
    label: `$(edit) ${l10n.t("Type your own…")}`,
    ...(isSimulated && { description: l10n.t("the simulated model can't answer every text") }),
    alwaysShow: true,
    found: null,
  };
  const { found } = await pickFrom([type, ...itemsOf(data)]);
  return found ? { ...found, scores: true } : typeSample(graph, loss);
}

/** A sample to try. */
export interface Picked extends FoundSample {
  /** Whether the right answer is known. */
  readonly scores: boolean;
}

/** @throws Cancelled */
async function typeSample({ inputs }: Graph, loss: LossSpec): Promise<Picked> {
  const typed: Record<string, string> = {};
  for (const [index, { name, description }] of inputs.entries()) {
    const title =
      inputs.length > 1
        ? l10n.t("Your own text for “{0}” ({1} of {2})", name, index + 1, inputs.length)
        : l10n.t("Your own text for “{0}”", name);
    const text = await window.showInputBox({ title, prompt: description, ignoreFocusOut: true });
    if (text === undefined) throw new Cancelled();
    typed[name] = text;
  }
  const expected = await window.showInputBox({
    title: l10n.t("Expected answer"),
    prompt: l10n.t("Leave it empty if you don't know: the sample is then run, but not scored."),
    ignoreFocusOut: true,
    validateInput: (text) => {
      const fault = text.trim() === "" ? null : targetFault(loss, text, LOCALE);
      return fault && l10n.t("This can't be the expected answer: {0}.", fault);
    },
  });
  if (expected === undefined) throw new Cancelled();
  const targets = expected.trim() === "" ? [] : [expected];
  const sample: Sample = { id: TYPED, inputs: typed, targets, feedback: null };
  return { sample, split: "validation", scores: targets.length > 0 || worksWithoutTarget(loss) };
}
