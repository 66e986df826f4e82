import { readEvent } from "../engine/events.ts";
import type { Role } from "../graph/graph.ts";
import { linesIn, objectOn } from "./record/jsonl.ts";
import { PaidReplies } from "./record/paid-replies.ts";
import { filesOf, type RunPaths } from "./record/run-paths.ts";
import { type ListedRun, listRuns, type RunsDeps } from "./record/runs.ts";
import { addCost, type Cost, costOf, NO_COST, type RunSpending } from "./state/cost.ts";
import type { Draft } from "./state/draft-state.ts";

export interface SpendingRow extends Cost {
  /** Graph file, relative to the root. */
  readonly graph: string;
  /** As the provider names it. */
  readonly model: string;
  readonly purpose: Role;
}

export interface Spending {
  /** Number of runs with calls. */
  readonly runs: number;
  /** Runs from other machines, which someone else paid for. */
  readonly elsewhere: number;
  /** Milliseconds since the epoch, of the first and the last paid call; null without any. */
  readonly from: number | null;
  readonly to: number | null;
  /** The most expensive first. */
  readonly rows: readonly SpendingRow[];
}

export interface SpendingOptions {
  /** Milliseconds since the epoch: earlier calls are left out. Default: none is. */
  readonly since?: number;
  /** Graph file, relative to the root. Default: all. */
  readonly graph?: string;
}

/**
 * Sums up the costs of this machine's runs: those that their summaries say, and of other runs those in their logs, which are read
 * line by line, whatever their size.
 */
export async function readSpending(
  deps: RunsDeps,
  place: RunPaths,
  { since = Number.NEGATIVE_INFINITY, graph }: SpendingOptions = {},
): Promise<Spending> {
  const listed = (await listRuns(deps, place)).filter(
    ({ summary }) => graph === undefined || summary.graphFile === graph,
  );
  const own = listed.filter(({ trusted }) => trusted);
  const sums = new Sums(PARTS);
  const times: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let runs = 0;
  for (const run of own) {
    if (run.summary.lastAt < since) continue;
    let hasCalls = false;
    for await (const { model, purpose, from, to, ...cost } of spentIn(deps, place, run, since)) {
      hasCalls = true;
      times[0] = Math.min(times[0], from);
      times[1] = Math.max(times[1], to);
      sums.add({ graph: run.summary.graphFile, model, purpose, ...cost });
    }
    if (hasCalls) runs++;
  }
  const [from, to] = times.map((time) => (Number.isFinite(time) ? time : null));
  return { runs, elsewhere: listed.length - own.length, from: from ?? null, to: to ?? null, rows: sums.rows() };
}

/** What a run spent since then: a part for each model and purpose, or for each call. */
async function* spentIn(
  deps: RunsDeps,
  place: RunPaths,
  { summary, status }: ListedRun,
  since: number,
): AsyncGenerator<RunSpending> {
  const { spent } = summary;
  // The summary of a run that goes on in another process is behind its log.
  if (spent && status !== "running" && spent.every(({ from }) => from >= since)) {
    yield* spent;
    return;
  }
  for await (const call of paidCalls(deps, place, summary)) {
    const { at, model, purpose } = call;
    if (at >= since) yield { model, purpose, from: at, to: at, ...costOf(call) };
  }
}

/** The start of each line with a call, as `emit` writes it. */
const CALL = Buffer.from('{"type":"call",');

/** Calls whose reply, or lack of one, was paid for. */
async function* paidCalls({ files }: RunsDeps, place: RunPaths, { id }: ListedRun["summary"]) {
  const paid = new PaidReplies();
  for await (const line of linesIn(files, filesOf(place, id).events)) {
    if (!CALL.equals(line.subarray(0, CALL.length))) continue;
    const event = readEvent(objectOn(line));
    if (event?.type === "call" && paid.take(event)) yield event;
  }
}

/** The parts by which costs are summed. */
const PARTS = ["graph", "model", "purpose"] as const;
export type SpendingPart = (typeof PARTS)[number];

/** Sums of costs by some of these parts. */
class Sums<K extends SpendingPart> {
  readonly #sums = new Map<string, Draft<Cost> & Pick<SpendingRow, K>>();

  constructor(private readonly parts: readonly K[]) {}

  add(row: SpendingRow): void {
    const about = Object.fromEntries(this.parts.map((part) => [part, row[part]])) as Pick<SpendingRow, K>;
    const key = JSON.stringify(about);
    const sum: Draft<Cost> & Pick<SpendingRow, K> = this.#sums.get(key) ?? { ...about, ...NO_COST };
    this.#sums.set(key, sum);
    addCost(sum, row);
  }

  /** The most expensive first. */
  rows(): (Cost & Pick<SpendingRow, K>)[] {
    return [...this.#sums.values()].sort((a, b) => b.usd - a.usd || b.calls - a.calls);
  }
}

/** The sum of several folders. */
export function joinedSpending(all: readonly Spending[]): Spending {
  const times = (which: "from" | "to") => all.flatMap((one) => one[which] ?? []);
  const [from, to] = [times("from"), times("to")];
  return {
    runs: all.reduce((sum, { runs }) => sum + runs, 0),
    elsewhere: all.reduce((sum, { elsewhere }) => sum + elsewhere, 0),
    from: from.length > 0 ? Math.min(...from) : null,
    to: to.length > 0 ? Math.max(...to) : null,
    rows: spendingBy({ rows: all.flatMap(({ rows }) => rows) }, PARTS),
  };
}

/** The same by one or more of its parts, the most expensive first. An empty list gives the total. */
export function spendingBy<K extends SpendingPart>(
  { rows }: Pick<Spending, "rows">,
  parts: readonly K[],
): readonly (Cost & Pick<SpendingRow, K>)[] {
  const sums = new Sums(parts);
  for (const row of rows) sums.add(row);
  return sums.rows();
}

export function totalOf(spending: Pick<Spending, "rows">): Cost {
  return spendingBy(spending, [])[0] ?? NO_COST;
}
