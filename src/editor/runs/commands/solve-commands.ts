import { l10n } from "vscode";
import { titleOf } from "../../../data/sample-title.ts";
import { mostCallsPerRow, SOLVE_DEFAULTS } from "../../../engine/solve/solve.ts";
import { estimateRunner } from "../../../run/estimate/estimate.ts";
import { type Job, runnerOf } from "../../../run/job.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { startRun } from "../../../run/run.ts";
import type { Account } from "../../account/account.ts";
import { sampleRefOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { NotFound } from "../../errors.ts";
import type { GraphFiles } from "../../graph-files.ts";
import { pickGraph, setsOf } from "../../graph-pick.ts";
import { oneLine } from "../../ui/markdown.ts";
import { confirmCalls, estimating } from "../confirm.ts";
import { graphOfRun, prepare } from "../prepare.ts";
import type { RunController } from "../run-controller.ts";
import type { RunStore } from "../run-store.ts";
import { findSample, pickSample } from "../sample-pick.ts";

/** Improves the answer to one row at test time. The run's report shows each attempt. */
export class SolveCommands {
  readonly commands = { improveAnswer: (target) => this.#improve(target) } satisfies SomeCommands;

  constructor(
    private readonly deps: RunsDeps,
    private readonly runStore: RunStore,
    private readonly account: Account,
    private readonly graphs: GraphFiles,
    private readonly running: RunController,
  ) {}

  async #improve(target: unknown): Promise<void> {
    const ref = sampleRefOf(target);
    const file = ref
      ? await graphOfRun(await this.runStore.existing(ref.run), this.graphs)
      : await pickGraph(target, this.graphs);
    const prepared = await prepare(file, this.account, this.deps, () => setsOf(file));
    const { task } = prepared.subject;
    const found = ref ? findSample(task.data, ref.sample) : await pickSample(task.data);
    if (!found) {
      throw new NotFound(l10n.t("The graph's data no longer contains this sample, so its answer can't be improved."));
    }
    const { sample, split } = found;
    const { solver, steps } = SOLVE_DEFAULTS;
    const job: Job = { kind: "solve", split, rows: [sample.id], solver, steps };
    await confirmCalls({
      question: l10n.t("Improve the answer to “{0}”?", oneLine(titleOf(sample), 80)),
      button: l10n.t("Improve"),
      estimate: await estimating(() => estimateRunner(task, prepared.known, runnerOf(job))),
      task,
      samples: 1,
      connection: prepared.connection,
      most: mostCallsPerRow(task, job),
      about: [
        l10n.t(
          "A model checks the answer and rewrites it, at most {0} times. The expected answer is not shown to it.",
          steps,
        ),
      ],
    });
    const stop = new AbortController();
    const run = await startRun({ ...prepared.subject, job }, prepared.place, prepared.root, prepared.deps, stop.signal);
    await this.running.drive(run, prepared.root, stop);
  }
}
