import { readEvent } from "../engine/events.ts";
import type { Role } from "../graph/graph.ts";
import { linesIn, objectOn } from "./jsonl.ts";
import { PaidReplies } from "./paid-replies.ts";
import { filesOf, type RunPaths } from "./run-paths.ts";
import { type ListedRun, listRuns, type RunsDeps } from "./runs.ts";

/** What requests cost. Replies that were reused cost nothing and are not part of it. */
export interface Cost {
  /** Requests that the provider has answered or failed. */
  readonly calls: number;
  /** Tokens. */
  readonly prompt: number;
  readonly completion: number;
  /** The part of `prompt` that was read from the provider's cache. */
  readonly cached: number;
  /** US dollars, without the calls whose price is unknown. */
  readonly usd: number;
  /** Calls whose price is unknown. */
  readonly unpriced: number;
  /** Whether a part of the tokens was estimated. */
  readonly estimated: boolean;
}

export interface SpendingRow extends Cost {
  /** Graph file, relative to the root. */
  readonly graph: string;
  /** As the provider names it. */
  readonly model: string;
  readonly purpose: Role;
}

export interface Spending {
  /** Runs that were read, and that made calls. */
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

type Sum = { -readonly [K in keyof Cost]: Cost[K] };

/** Sums up what the logs of this machine's runs say was spent. Logs are read line by line, whatever their size. */
export async function readSpending(
  deps: RunsDeps,
  place: RunPaths,
  { since = Number.NEGATIVE_INFINITY, graph }: SpendingOptions = {},
): Promise<Spending> {
  const listed = (await listRuns(deps, place)).filter(
    ({ summary }) => graph === undefined || summary.graphFile === graph,
  );
  const own = listed.filter(({ trusted }) => trusted);
  const sums = new Map<string, Sum & Pick<SpendingRow, "graph" | "model" | "purpose">>();
  const times: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let runs = 0;
  for (const { summary } of own) {
    if (summary.lastAt < since) continue;
    let hasCalls = false;
    for await (const { at, model, purpose, usage, usd, requests } of paidCalls(deps, place, summary)) {
      if (at < since) continue;
      hasCalls = true;
      times[0] = Math.min(times[0], at);
      times[1] = Math.max(times[1], at);
      const about = { graph: summary.graphFile, model, purpose };
      const key = JSON.stringify(about);
      const sum = sums.get(key) ?? { ...about, ...NOTHING };
      add(sum, { ...usage, calls: requests, usd, cached: usage.cached ?? 0 });
      sums.set(key, sum);
    }
    if (hasCalls) runs++;
  }
  const [from, to] = times.map((time) => (Number.isFinite(time) ? time : null));
  const rows = [...sums.values()].sort((a, b) => b.usd - a.usd || b.calls - a.calls);
  return { runs, elsewhere: listed.length - own.length, from: from ?? null, to: to ?? null, rows };
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

const NOTHING: Cost = { calls: 0, prompt: 0, completion: 0, cached: 0, usd: 0, unpriced: 0, estimated: false };

interface Paid extends Pick<Cost, "calls" | "prompt" | "completion" | "cached" | "estimated"> {
  readonly usd: number | null;
  readonly unpriced?: number;
}

function add(sum: Sum, { calls, prompt, completion, cached, estimated, usd, unpriced }: Paid): void {
  sum.calls += calls;
  sum.prompt += prompt;
  sum.completion += completion;
  sum.cached += cached;
  sum.usd += usd ?? 0;
  sum.unpriced += unpriced ?? (usd === null ? 1 : 0);
  sum.estimated ||= estimated;
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
    rows: spendingBy({ rows: all.flatMap(({ rows }) => rows) }, ["graph", "model", "purpose"]),
  };
}

/** The same by one or more of its parts, the most expensive first. An empty list gives the total. */
export function spendingBy<K extends "graph" | "model" | "purpose">(
  { rows }: Pick<Spending, "rows">,
  parts: readonly K[],
): readonly (Cost & Pick<SpendingRow, K>)[] {
  const sums = new Map<string, Sum & Pick<SpendingRow, K>>();
  for (const row of rows) {
    const key = JSON.stringify(parts.map((part) => row[part]));
    const sum = sums.get(key) ?? { ...row, ...NOTHING };
    add(sum, row);
    sums.set(key, sum);
  }
  return [...sums.values()].sort((a, b) => b.usd - a.usd || b.calls - a.calls);
}

export function totalOf(spending: Pick<Spending, "rows">): Cost {
  return spendingBy(spending, [])[0] ?? NOTHING;
}
