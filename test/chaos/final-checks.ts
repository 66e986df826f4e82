import { Output } from "../../src/cli/output/output.ts";
import { applyAccepted } from "../../src/cli/runs/apply.ts";
import { withTheta } from "../../src/graph/edges.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { loadTask } from "../../src/run/load.ts";
import type { RunPaths } from "../../src/run/record/run-paths.ts";
import { type ListedRun, type ListedStatus, type ReadRun, type RunsDeps, readRun } from "../../src/run/record/runs.ts";
import { reportHtml } from "../../src/run/report/format/html.ts";
import { reportJson } from "../../src/run/report/format/json.ts";
import { reportMarkdown } from "../../src/run/report/format/markdown.ts";
import { readReport } from "../../src/run/report/read.ts";
import type { RunState } from "../../src/run/state/state.ts";
import { summaryOf } from "../../src/run/state/summary.ts";
import type { Accident } from "./case.ts";
import type { Disk } from "./disk.ts";
import { differenceOf } from "./outcome.ts";
import { decidedIn } from "./reference.ts";

/** What a run leaves on the disk, as somebody finds it who comes later: what is wrong with it, in words. */

/** The end says what happened. */
export function faultsOfEnd({ status, error, detail }: RunState, accident: Accident | null): string[] {
  const kind = accident?.kind;
  const said = detail ?? "";
  const isExpected =
    status === "done" ||
    (kind === "budget" && status === "budget") ||
    (kind === "cancelled" && status === "cancelled") ||
    (kind === "key refused" && error === "KeyRefused" && /401/.test(said)) ||
    (kind === "server down" && error === "ProviderFault" && /ECONNREFUSED/.test(said)) ||
    (kind === "disk full" && error === "NotRecorded" && /ENOSPC/.test(said));
  return isExpected ? [] : [`${kind ?? "no accident"}: it ended as ${status}, ${error}: ${said}`];
}

/** The list says the same as the log, though it does not read it. */
export async function faultsOfList(listed: readonly ListedRun[], read: ReadRun | null, deps: RunsDeps) {
  if (listed.length !== (read ? 1 : 0)) return [`${listed.length} runs are listed`];
  const [entry] = listed;
  if (!entry || !read) return [];
  if (!entry.trusted) return ["it is listed as made elsewhere"];
  if (entry.status !== read.status) return [`it is listed as ${entry.status} and is ${read.status}`];
  const difference = differenceOf(entry.summary, await summaryOf(read.start, read.state, deps.machine));
  return difference === null ? [] : [`the list says something else than the log: ${difference}`];
}

/**
 * A report comes of every run, however it ended, and nothing in it is a hole.
 * @param status of the run; not given where it may change meanwhile
 */
export async function faultsOfReport(deps: RunsDeps, place: RunPaths, id: string, status?: ListedStatus) {
  const report = await readReport(deps, place, id);
  const pages = { html: reportHtml(report), Markdown: reportMarkdown(report), JSON: reportJson(report) };
  const holes = Object.entries(pages).flatMap(([form, page]) => {
    const hole = /.{0,40}\b(?:NaN|undefined|\[object Object\]|Infinity)\b.{0,40}/.exec(page)?.[0];
    return hole === undefined ? [] : [`the report as ${form} says: ${hole}`];
  });
  const { run } = JSON.parse(pages.JSON);
  const isTrue = status === undefined || run.status === status;
  return isTrue ? holes : [...holes, `the report calls it ${run.status}`];
}

/**
 * Accepted texts reach their files and are read back as they are, nothing else of the folder changes, and the run knows
 * of it afterwards.
 */
export async function faultsOfApplying(
  graphFile: string,
  disk: Disk,
  depsOf: (disk: Disk) => RunsDeps,
  place: RunPaths,
  read: ReadRun,
) {
  const { state, id } = read;
  const copy = disk.copy();
  const deps = depsOf(copy);
  const output = new Heard();
  await applyAccepted({ id, state: () => state }, place, read.start.graph, graphFile, { deps, output });
  const { task, faults } = await loadTask(graphFile, deps);
  const partsOf = (graph: Graph) => Object.fromEntries(graph.nodes.map(({ id, text, inputs }) => [id, [text, inputs]]));
  const wanted = partsOf(withTheta(read.start.graph, state.texts));
  const wrong = task ? differenceOf(partsOf(task.graph), wanted) : faults.map(({ message }) => message).join();
  const accepted = state.proposals.filter(({ verdict }) => verdict.decision === "accepted").map(({ id }) => id);
  const again = await readRun(deps, place, id);
  const lost = differenceOf(decidedIn(again.state), decidedIn(state));
  return [
    ...output.warnings,
    ...(wrong === null ? [] : [`applied, the graph has another text: ${wrong}`]),
    ...(lost === null && again.trusted ? [] : [`applied, the run is another one: ${lost}`]),
    ...accepted.filter((one) => again.state.acts[one] !== "applied").map((one) => `${one} does not count as applied`),
  ];
}

class Heard extends Output {
  readonly warnings: string[] = [];

  constructor() {
    super(process, true);
  }

  override info(): void {}

  override warn(text: string): void {
    this.warnings.push(text);
  }
}
