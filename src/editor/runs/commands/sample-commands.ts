import { commands, l10n, ProgressLocation, type Uri, window } from "vscode";
import type { Sample } from "../../../data/sample.ts";
import { titleOf } from "../../../data/sample-title.ts";
import { type Inspection, inspect, mostCalls } from "../../../engine/inspect.ts";
import { callsLabel } from "../../../i18n/labels.ts";
import { askWithoutRun } from "../../../run/ask-without-run.ts";
import { estimateRunner } from "../../../run/estimate/estimate.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { sampleHtml, TYPED } from "../../../run/report/sample.ts";
import { RunReducer } from "../../../run/state/reduce.ts";
import type { Account } from "../../account/account.ts";
import { sampleRefOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import type { GraphFiles } from "../../graph-files.ts";
import { pickGraph, setsOf } from "../../graph-pick.ts";
import { oneLine } from "../../ui/markdown.ts";
import { showInfo, withoutLinks } from "../../ui/notifications.ts";
import { confirmCalls } from "../confirm.ts";
import type { Pages } from "../pages/pages.ts";
import { graphOfRun, type Prepared, prepare } from "../prepare.ts";
import type { RunStore } from "../run-store.ts";
import { findSample, type Picked, pickOrTypeSample } from "../sample-pick.ts";
import { unlessUnsaved } from "./rate-commands.ts";

/** Maximum number of calls that are sent without a confirmation. */
const FEW_CALLS = 6;

/** Always rejects: only the replies of a sample page are stored. @throws NotFound */
export async function samplePage(): Promise<never> {
  throw new NotFound(
    l10n.t(
      "This page is not restored when the window reloads. Run “AgentGraph: Try a single sample” to show it again; cached replies cost nothing.",
    ),
  );
}

/** Runs one sample through the current graph: its values and, if the answer is wrong, its gradients node by node. */
export class SampleCommands {
  readonly commands = {
    trySample: (target) => this.#try(target),
    addSample: () => this.#add(),
  } satisfies SomeCommands;
  /** The last sample that was tried. */
  #last: { readonly file: Uri; readonly sample: Sample } | null = null;

  constructor(
    private readonly deps: RunsDeps,
    private readonly runStore: RunStore,
    private readonly account: Account,
    private readonly graphs: GraphFiles,
    private readonly pages: Pages,
  ) {}

  async #try(target: unknown): Promise<void> {
    const ref = sampleRefOf(target);
    const file = ref ? await this.#graphOf(ref.run) : await pickGraph(target, this.graphs);
    const prepared = await prepare(file, this.account, this.deps, () => setsOf(file));
    const { task } = prepared.subject;
    const row = ref && findSample(task.data, ref.sample);
    const isSimulated = prepared.connection.provider.names === "one";
    const found = ref
      ? row && { ...row, scores: true }
      : await pickOrTypeSample(task, prepared.subject.loss, isSimulated);
    if (!found) {
      throw new NotFound(l10n.t("The graph's data no longer contains this sample, so it can't be tried."));
    }
    const { sample, split, scores } = found;
    this.#last = { file, sample };
    // A few calls cost little, and the progress notification names the model.
    const most = mostCalls(task);
    if (most <= FEW_CALLS) return this.#ask(prepared, found);
    // The estimate covers only this sample. Prompts describe the answers of the whole data, as in the real call.
    const only = { ...task, data: { train: [], validation: [], test: [], [split]: [sample] } };
    const estimate = await estimateRunner(only, prepared.known, (one, deps, signal) =>
      inspect({ ...one, data: task.data }, split, sample, deps, signal, scores),
    );
    await confirmCalls({
      question: l10n.t("Try “{0}”?", oneLine(titleOf(sample), 80)),
      button: l10n.t("Try"),
      estimate,
      task,
      samples: 1,
      connection: prepared.connection,
      most,
    });
    await this.#ask(prepared, found);
  }

  /** Adds the text that the user typed and tried to the training set. @throws NotFound, Cancelled */
  async #add(): Promise<void> {
    if (!this.#last) throw new NotFound(l10n.t("First try a sample with your own text."));
    const { file, sample } = this.#last;
    if (sample.id !== TYPED) throw new NotFound(l10n.t("This sample is already in the graph's data."));
    const [known] = sample.targets;
    const expected =
      known ??
      (await window.showInputBox({
        title: l10n.t("Expected answer"),
        prompt: l10n.t("Leave it empty if the graph's loss needs none."),
        ignoreFocusOut: true,
      }));
    if (expected === undefined) throw new Cancelled();
    const files = unlessUnsaved(this.deps.files);
    const target = expected.trim() === "" ? null : expected;
    const { addSample, NotRated } = await import("../../../run/rate.ts");
    try {
      const { file: name, divides } = await addSample(
        file.fsPath,
        sample.inputs,
        target,
        { ...this.deps, files },
        LOCALE,
      );
      const said = l10n.t("The sample is in {0}.", name);
      const note = l10n.t("Its rows are split again, so earlier scores are for other sets.");
      void showInfo(divides ? `${said} ${note}` : said);
      this.#last = null;
    } catch (error) {
      throw error instanceof NotRated ? new NotFound(error.message) : error;
    }
  }

  async #graphOf(run: string): Promise<Uri> {
    return graphOfRun(await this.runStore.existing(run), this.graphs);
  }

  async #ask({ subject, place, root, deps }: Prepared, { sample, split, scores }: Picked): Promise<void> {
    const { task } = subject;
    const reducer = new RunReducer();
    const title = l10n.t("Trying a sample with {0}", task.models.forward.model);
    const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
    const inspection = await window.withProgress(options, (progress, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort(new Cancelled()));
      return askWithoutRun(task, place, root, deps, async (engine): Promise<Inspection> => {
        const steps = inspect(task, split, sample, engine, stop.signal, scores);
        for (;;) {
          const step = await steps.next();
          if (step.done) return step.value;
          reducer.apply({ ...step.value, at: deps.clock.now() });
          if (step.value.type === "call") progress.report({ message: step.value.node ?? "" });
        }
      });
    });
    const { calls, usd } = reducer.state;
    const spent =
      calls.total === 0
        ? l10n.t("every reply came from the cache")
        : `${callsLabel(calls, LOCALE)}, ${LOCALE.money(usd)}`;
    await this.pages.show("sample", [subject.graphFile, split, sample.id], {
      title: l10n.t("Sample: {0}", oneLine(titleOf(sample), 40)),
      html: (theme) => sampleHtml(task.graph, inspection, spent, LOCALE, theme),
    });
    if (sample.id === TYPED) void offerToAdd();
  }
}

async function offerToAdd(): Promise<void> {
  const add = l10n.t("Add to the training set");
  if ((await showInfo(l10n.t("Keep this sample?"), add)) === add) await commands.executeCommand("agentgraph.addSample");
}
