import type { Place } from "../place.ts";
import { readReplies } from "../replies.ts";
import { type RunsDeps, readRun } from "../runs.ts";
import { assemble } from "./assemble.ts";
import type { Report } from "./report.ts";
import { Trace } from "./trace.ts";

/**
 * The report of a run on disk, whoever made it, finished or not.
 * @throws RunMissing, RunUnreadable
 */
export async function readReport(deps: RunsDeps, place: Place, id: string): Promise<Report> {
  const trace = new Trace();
  const run = await readRun(deps, place, id, (event) => trace.apply(event));
  return assemble(run, trace, await readReplies(deps.files, run.files.replies));
}
