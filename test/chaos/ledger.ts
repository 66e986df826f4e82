import type { BudgetLimits } from "../../src/models/model.ts";
import type { RecordedState, RunState } from "../../src/run/state/state.ts";
import type { FaultyServer } from "./faulty-server.ts";
import { priceOf, type Reference } from "./reference.ts";

/** How a segment ended: only a sudden end may lose what was under way. */
export type Ending = "ended" | "killed" | "torn" | "disk full";

/** Content → how often. */
type Counts = ReadonlyMap<string, number>;

const of = (counts: Counts, id: string) => counts.get(id) ?? 0;

/** Holds what the server saw against what is on record, after each segment. */
export class Ledger {
  readonly faults: string[] = [];
  /** Requests on record that the server never saw. */
  #gap = 0;
  #requests = 0;
  /** Replies that were delivered to a process which did not live, or had no room, to keep them. */
  readonly #lost = new Map<string, number>();
  #kept: Counts = new Map();
  #delivered: Counts = new Map();

  constructor(
    readonly server: FaultyServer,
    readonly concurrency: number,
  ) {}

  /**
   * @param state as it is read from the log; null where the run had not begun
   * @param replies text of the run's `replies.jsonl`
   */
  settle(end: Ending, state: RecordedState | null, replies: string, limits: BudgetLimits): void {
    const { server, concurrency } = this;
    const recorded = state?.calls.total ?? 0;
    const gap = recorded - server.requests;
    const [least, most] = end === "ended" ? [0, 0] : [end === "torn" ? -1 : 0, concurrency];
    if (gap - this.#gap < least || gap - this.#gap > most) {
      this.#fault(
        `${recorded} requests on record, ${server.requests} at the server; ${this.#gap} apart before (${end})`,
      );
    }
    this.#gap = gap;

    const known = repliesIn(replies);
    // A full disk may have kept the log as an earlier segment left it, torn off from its replies.
    const isSound = end === "ended" || end === "killed";
    const unknown = isSound ? keysUsed(state).find((key) => !known.has(key)) : undefined;
    if (unknown !== undefined) this.#fault(`a value was used whose reply is not on record: ${unknown} (${end})`);
    const kept = countsOf([...known.values()].filter((id) => id !== ""));
    let lost = 0;
    for (const id of server.delivered.keys()) {
      const delivered = of(server.delivered, id) - of(this.#delivered, id);
      const missing = delivered - (of(kept, id) - of(this.#kept, id));
      if (missing <= 0) continue;
      lost += missing;
      this.#lost.set(id, of(this.#lost, id) + missing);
      if (end === "ended") this.#fault(`reply ${id} was paid for and is not on record`);
    }
    // A slot is free once its reply is on record.
    if (lost > concurrency) this.#fault(`${lost} replies lost at once (${end})`);
    this.#kept = kept;
    this.#delivered = new Map(server.delivered);
    this.#checkBudget(limits);
    this.#requests = server.requests;
  }

  #checkBudget({ calls, tokens, usd }: BudgetLimits): void {
    const { server } = this;
    const spent = this.#sum(server.delivered);
    const lost = this.#sum(this.#lost);
    // A line that was torn off the log is a request nobody knows of any more.
    const known = server.requests - Math.max(0, -this.#gap);
    if (calls !== null && known > Math.max(calls, this.#requests)) {
      this.#fault(`${server.requests} requests at the server with a budget of ${calls}`);
    }
    if (server.requests === this.#requests) return;
    if (tokens !== null && spent.tokens - lost.tokens > tokens) {
      this.#fault(`${spent.tokens} tokens spent with a budget of ${tokens}`);
    }
    if (usd !== null && spent.usd - lost.usd > usd + 1e-9) this.#fault(`$${spent.usd} spent with a budget of $${usd}`);
  }

  /**
   * After a run that is done: it has every reply that the clean run needed, no reply twice, and has counted what they
   * cost.
   * @param ahead replies that it may have beyond that: of what is scored at an early end
   */
  settleWhole(state: RunState, { asked }: Reference, ahead: number): void {
    let [more, fewer] = [0, 0];
    for (const id of new Set([...asked.keys(), ...this.#kept.keys(), ...this.server.delivered.keys()])) {
      const [wanted, kept, paid] = [of(asked, id), of(this.#kept, id), of(this.server.delivered, id)];
      more += Math.max(0, kept - wanted);
      fewer += Math.max(0, wanted - kept);
      if (paid > kept + of(this.#lost, id))
        this.#fault(`reply ${id} was paid for ${paid} times, and kept ${kept} times`);
    }
    if (more > ahead) this.#fault(`${more} replies were asked for that the clean run does not need`);
    if (fewer > ahead) this.#fault(`${fewer} replies that the clean run needs were never asked for`);
    const counted = { tokens: state.tokens.prompt + state.tokens.completion, usd: state.usd ?? 0 };
    const most = this.#sum(this.server.delivered);
    const lost = this.#sum(this.#lost);
    for (const unit of ["tokens", "usd"] as const) {
      // A reply that a full disk or a torn file lost was paid for all the same, and may have been counted.
      const [low, high] = [most[unit] - lost[unit], most[unit]];
      if (counted[unit] < low - 1e-9 || counted[unit] > high + 1e-9) {
        this.#fault(`${counted[unit]} ${unit} counted, ${low} to ${high} spent`);
      }
    }
  }

  #sum(counts: Counts) {
    let [calls, tokens, usd] = [0, 0, 0];
    for (const [id, times] of counts) {
      const usage = this.server.usage.get(id);
      if (!usage) continue;
      calls += times;
      tokens += times * (usage.prompt + usage.completion);
      usd += times * priceOf("", usage);
    }
    return { calls, tokens, usd };
  }

  #fault(words: string): void {
    this.faults.push(words);
  }
}

/** Key → content, which is the name of the model that answered (model.ts). */
/** Key → what was asked; empty for a value that no model gave. */
function repliesIn(text: string): Map<string, string> {
  const replies = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [, key = "", id = ""] = /^\{"key":"([\w ]+)".*"model":"(?:chaos-(\w+))?".*\}$/.exec(line) ?? [];
    if (key !== "" && !replies.has(key)) replies.set(key, id);
  }
  return replies;
}

function countsOf(ids: Iterable<string>): Counts {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function keysUsed(state: RecordedState | null): string[] {
  const values = state?.values;
  if (!values) return [];
  return [...values].flatMap(([theta, sample]) => Object.values(values.of(theta, sample) ?? {}));
}
