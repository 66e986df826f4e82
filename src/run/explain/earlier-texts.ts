import { SPLITS } from "../../data/sample.ts";
import { allParametersOf } from "../../engine/parameters.ts";
import { type EarlierText, outcomeOf } from "../../engine/propose/history.ts";
import type { Task } from "../../engine/task.ts";
import { shortHash } from "../../engine/theta.ts";
import type { RunRequest } from "../record/run-manifest.ts";
import type { RunPaths } from "../record/run-paths.ts";
import { listRuns, type ReadRun, type RunsDeps, readRun } from "../record/runs.ts";

/** Maximum number of runs to read, and of texts per node. */
const RUNS = 5;
const TEXTS = 4;

/**
 * Texts that earlier runs of a graph on this machine tried and dropped, for the history that ϕ sees. A repeated run
 * gets the same ones as the original, so that it finds all its replies and costs nothing.
 */
export async function earlierTexts(
  deps: RunsDeps,
  place: RunPaths,
  { task, graphFile }: Pick<RunRequest, "task" | "graphFile">,
): Promise<readonly EarlierText[]> {
  const wanted = identityOf(task);
  const runs: ReadRun[] = [];
  for (const { summary, trusted } of await listRuns(deps, place)) {
    if (!trusted || summary.graphFile !== graphFile || summary.job !== undefined) continue;
    const run = await readRun(deps, place, summary.id).catch(() => null);
    if (!run?.trusted) continue;
    if (identityOf(run.start) === wanted) return run.start.earlier ?? [];
    runs.push(run);
    if (runs.length === RUNS) break;
  }
  return allParametersOf(task.graph).flatMap(({ id, value }) => droppedFor(id, value, runs));
}

/** The newest first in `runs`; oldest first in the result, as a history is. */
function droppedFor(node: string, present: string, runs: readonly ReadRun[]): EarlierText[] {
  const found = new Map<string, EarlierText>();
  for (const { state } of runs) {
    for (const attempt of state.attempts.toReversed()) {
      const isDropped =
        attempt.decision === "rejected" || (attempt.screened !== null && attempt.screened !== "superseded");
      if (attempt.node !== node || !isDropped || attempt.invalid !== null) continue;
      if (attempt.text === "" || attempt.text === present || found.has(attempt.text)) continue;
      const verdict = attempt.verdict === null ? null : (state.judged[attempt.verdict]?.verdict ?? null);
      found.set(attempt.text, { node, text: attempt.text, outcome: outcomeOf(attempt.screened, verdict) });
    }
  }
  return [...found.values()].slice(0, TEXTS).reverse();
}

function identityOf({ graph, data, models, options }: Pick<Task, "graph" | "data" | "models" | "options">): string {
  // Ids are those of rows or hashes of their inputs, and there can be thousands of rows.
  const rows = SPLITS.map((split) => data[split].map(({ id }) => id));
  return shortHash(sorted([graph, rows, models, options]));
}

/** With the keys of every object in one order: a file that was read has its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]);
}
