import { commands, l10n } from "vscode";
import { compareHtml, nodesThatDiffer } from "../../../run/report/compare.ts";
import { runIdsOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { LOCALE } from "../../editor-locale.ts";
import { NotFound } from "../../errors.ts";
import { finalTextUri } from "../../review/instructions.ts";
import { startedLabel } from "../messages.ts";
import type { Page, Pages } from "../pages/pages.ts";
import { chooseRun, pickRun } from "../pick-run.ts";
import type { RunStore } from "../run-store.ts";
import type { RunSummary } from "../run-summary.ts";

/** The page of two runs. @throws NotFound, RunMissing, RunUnreadable */
export async function comparisonPage(runStore: RunStore, [first = "", second = ""]: readonly string[]): Promise<Page> {
  const [a, b] = [await runStore.existing(first), await runStore.existing(second)];
  const [one, other] = [await runStore.side(a), await runStore.side(b)];
  return {
    title: l10n.t("Compare: {0}, {1} and {2}", a.graphName, startedLabel(a.startedAt), startedLabel(b.startedAt)),
    html: (theme) => compareHtml(one, other, LOCALE, theme),
  };
}

/** Compares two runs: figures and reasons why they are not comparable on a page, final texts as diffs. */
export class CompareRunsCommands {
  readonly commands = {
    compareRuns: (target, selected) => this.#compare(target, selected),
    compareTexts: (target, selected) => this.#texts(target, selected),
  } satisfies SomeCommands;

  constructor(
    private readonly runStore: RunStore,
    private readonly pages: Pages,
  ) {}

  async #compare(target: unknown, selected: unknown): Promise<void> {
    const [a, b] = await this.#pair(target, selected);
    await this.pages.show("comparison", [a.id, b.id]);
  }

  async #texts(target: unknown, selected: unknown): Promise<void> {
    const [a, b] = await this.#pair(target, selected, this.pages.inFront("comparison"));
    const [one, other] = await Promise.all([a, b].map((entry) => this.runStore.side(entry)));
    const nodes = one && other ? nodesThatDiffer(one.texts, other.texts) : [];
    if (nodes.length === 0) throw new NotFound(l10n.t("Both runs produced the same texts."));
    const resources = nodes.map((node) => {
      const after = finalTextUri(b, node);
      return [after, finalTextUri(a, node), after];
    });
    await commands.executeCommand(
      "vscode.changes",
      l10n.t("Final texts: {0}, {1} → {2}", a.graphName, startedLabel(a.startedAt), startedLabel(b.startedAt)),
      resources,
    );
  }

  /** The two selected runs, else the argument and a picked run, the older one first. */
  async #pair(
    target: unknown,
    selected: unknown,
    shown: readonly string[] | null = null,
  ): Promise<[RunSummary, RunSummary]> {
    const all = await this.runStore.list();
    const named = runIdsOf(selected);
    const ids = named.length === 2 ? named : (shown ?? []);
    const known = all.filter(({ id }) => ids.includes(id));
    const [first, second] = known;
    if (known.length === 2 && first && second) return older(first, second);
    const none = l10n.t("There are fewer than two runs to compare.");
    if (all.length < 2) throw new NotFound(none);
    const one = await pickRun(this.runStore, target, () => true, none);
    const others = all.filter(({ id }) => id !== one.id);
    const ofGraph = others.filter(({ graphPath }) => graphPath === one.graphPath);
    const [only] = ofGraph;
    const other =
      ofGraph.length === 1 && only && others.length === 1
        ? only
        : await chooseRun(
            [...ofGraph, ...others.filter((it) => !ofGraph.includes(it))],
            l10n.t("Compare with which run?"),
          );
    return older(one, other);
  }
}

function older(a: RunSummary, b: RunSummary): [RunSummary, RunSummary] {
  return a.startedAt <= b.startedAt ? [a, b] : [b, a];
}
