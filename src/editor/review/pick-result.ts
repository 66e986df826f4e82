import { basename } from "node:path";
import { commands, l10n, window } from "vscode";
import type { Files } from "../../deps.ts";
import type { FrontPoint } from "../../engine/events.ts";
import { isSameButSpacing } from "../../graph/text/formatting.ts";
import { frontHead, frontRows } from "../../i18n/pareto-front.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled, NotFound } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import { pickRun } from "../runs/pick-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunSummary } from "../runs/run-summary.ts";
import { showInfo } from "../ui/notifications.ts";
import { edit } from "./apply.ts";
import { holdsText, locationsOf, type TextChange } from "./text-locations.ts";
import { askAboutReadOnly } from "./writable.ts";

/** Writes one of the results that a run with `"pareto"` as objectives leaves to the user. */
export class PickResult {
  readonly commands = { pickResult: (target) => this.#pick(target) } satisfies SomeCommands;

  constructor(
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
    private readonly files: Files,
  ) {}

  /** @throws NotFound, Cancelled, TextChanged, NotSaved */
  async #pick(target: unknown): Promise<void> {
    const none = l10n.t(
      'No run in this workspace has results to choose from. Set "optimize.objectives" to "pareto" in the graph file.',
    );
    const entry = await pickRun(this.runStore, target, isFinished, none);
    const run = await this.runStore.open(entry.id);
    const front = run?.state.finished?.front ?? [];
    if (!run || front.length === 0) throw new NotFound(none);
    const point = await choose(front);
    const changes = Object.entries(point.texts).map(([node, text]): TextChange => {
      return { node, base: run.state.startTexts[node] ?? text, text };
    });
    const all = await locationsOf(run, changes, this.graphs, this.files);
    const places = all.filter((place) => !holdsText(place));
    const foreign = places.find(({ proposal, current }) => !isOfRun(run, front, proposal.node, current));
    if (foreign) {
      const { node } = foreign.proposal;
      throw new NotFound(l10n.t("The text of {0} changed since the run, so it is not replaced.", node));
    }
    const written = [...new Set(places.map(({ document }) => document))];
    await askAboutReadOnly(written);
    await edit(places);
    await this.#record(run, point);
    const names = written.map(({ uri }) => basename(uri.fsPath)).join(", ");
    const commit = l10n.t("Commit accepted prompts");
    const said =
      names === "" ? l10n.t("The files already contain this result.") : l10n.t("Wrote the result to {0}.", names);
    const isApplied = run.state.proposals.some(({ node, text }) => point.texts[node] === text);
    // Not awaited: the command is done.
    void showInfo(said, ...(isApplied ? [commit] : [])).then((pressed) => {
      if (pressed === commit) void commands.executeCommand("agentgraph.commit", { entry: { id: run.entry.id } });
    });
  }

  async #record(run: OpenedRun, { texts }: FrontPoint): Promise<void> {
    const held = run.state.proposals.filter(({ node, text }) => texts[node] === text).map(({ id }) => id);
    if (held.length > 0) await this.runStore.act(run, { type: "applied", proposals: held });
  }
}

function isFinished({ status, untrusted, job }: RunSummary): boolean {
  return status === "done" && !untrusted && job === null;
}

/** Whether a text is one that the run started with or leaves to choose. */
function isOfRun(run: OpenedRun, front: readonly FrontPoint[], node: string, current: string): boolean {
  const known = [run.state.startTexts[node], ...front.map(({ texts }) => texts[node])];
  return known.some((text) => text !== undefined && isSameButSpacing(current, text));
}

/** @throws Cancelled */
async function choose(front: readonly FrontPoint[]): Promise<FrontPoint> {
  const [, score = "", ...costs] = frontHead(LOCALE);
  const items = frontRows(front, LOCALE).map((row, index) => {
    const [, value = "", ...amounts] = row;
    const changed = amounts.at(-1) ?? "";
    const figures = costs.slice(0, -1).flatMap((name, at) => (amounts[at] ? [`${amounts[at]} ${name}`] : []));
    return {
      label: `${score} ${value}`,
      description: figures.join(" · "),
      detail: front[index]?.isResult
        ? l10n.t("Result of the run. Changed: {0}", changed)
        : l10n.t("Changed: {0}", changed),
      point: front[index],
    };
  });
  const title = l10n.t("Which result should be written to the files?");
  const picked = await window.showQuickPick(items, { title, ignoreFocusOut: true });
  if (!picked?.point) throw new Cancelled();
  return picked.point;
}
