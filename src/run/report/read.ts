import { ENGLISH } from "../../i18n/locale.ts";
import { Yielder } from "../../models/yielder.ts";
import { readReplies } from "../record/replies.ts";
import type { RunPaths } from "../record/run-paths.ts";
import { type ReadRun, type RunsDeps, readRun } from "../record/runs.ts";
import { assemble } from "./assemble.ts";
import type { Side } from "./compare.ts";
import type { Report } from "./report.ts";
import { readAnswers } from "./samples.ts";
import { Trace } from "./trace.ts";

/** The report of a run on disk, from any machine, finished or not. @throws RunMissing, RunUnreadable */
export async function readReport(deps: RunsDeps, place: RunPaths, id: string, locale = ENGLISH): Promise<Report> {
  return (await readReportedRun(deps, place, id, locale)).report;
}

/** The report with the run's start and final texts, for a comparison. @throws RunMissing, RunUnreadable */
export async function readSide(deps: RunsDeps, place: RunPaths, id: string, locale = ENGLISH): Promise<Side> {
  const { report, run } = await readReportedRun(deps, place, id, locale);
  return { report, start: run.start, texts: run.state.texts };
}

/** The report with the run that it is about. @throws RunMissing, RunUnreadable */
export async function readReportedRun(
  deps: RunsDeps,
  place: RunPaths,
  id: string,
  locale = ENGLISH,
): Promise<{ readonly report: Report; readonly run: ReadRun }> {
  const trace = new Trace();
  const run = await readRun(deps, place, id, (event) => trace.apply(event));
  const replies = await readReplies(deps, run.files.replies, run.trusted);
  const turns = new Yielder(deps.clock);
  const answers = await readAnswers(run.start, run.state, replies, turns);
  const report = await assemble(run, trace, answers, locale, turns);
  return { report, run };
}
