import { l10n, Uri, window } from "vscode";
import { graphOf, runIdOf } from "../commands/command-arguments.ts";
import { Cancelled, NotFound } from "../errors.ts";
import { refuseElsewhere } from "../graph-pick.ts";
import { costLabel, runOutcome } from "./messages.ts";
import type { RunStore } from "./run-store.ts";
import type { RunSummary } from "./run-summary.ts";

/**
 * The run of a command: its argument, else the only one that fits, else the user's pick.
 * @param none message if no run fits
 * @throws Cancelled; NotFound: also for a graph that is no file
 */
export async function pickRun(
  runStore: RunStore,
  target: unknown,
  fits: (entry: RunSummary) => boolean,
  none: string,
): Promise<RunSummary> {
  const id = runIdOf(target);
  if (target instanceof Uri) refuseElsewhere(target);
  const file = graphOf(target);
  // A named run may be very recent.
  const found = id ? await runStore.find(id) : null;
  const named = id ? (found ? [found] : []) : await runStore.list();
  const ofFile = file && (await runStore.latest(file))?.graphPath;
  const entries = named.filter((entry) => fits(entry) && (id || !file || entry.graphPath === ofFile));
  const [first] = entries;
  if (!first) throw new NotFound(none);
  return entries.length === 1 ? first : chooseRun(entries, l10n.t("Which run?"));
}

/** @throws Cancelled */
export async function chooseRun(entries: readonly RunSummary[], title: string): Promise<RunSummary> {
  const items = entries.map((entry) => ({
    label: entry.graphName,
    description: `${runOutcome(entry)} · ${costLabel(entry)}`,
    entry,
  }));
  const picked = await window.showQuickPick(items, { title, matchOnDescription: true });
  if (!picked) throw new Cancelled();
  return picked.entry;
}
