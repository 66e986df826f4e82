import type { Called, RunEvent } from "../../engine/events.ts";

export interface Amount {
  /** Requests, without retries of failed ones. */
  readonly calls: number;
  readonly tokens: number;
  /** US dollars; null if a price is unknown. */
  readonly usd: number | null;
}

/** What was played, scaled to the whole sets and the whole graph. */
export class Tally {
  /** Calls of the dry run itself. */
  played = 0;
  #used = NOTHING_USED;
  /** What was used when the last iteration ended; null: none has. */
  #ended: Used | null = null;
  #iteration = 0;
  #iterations = 0;

  /**
   * @param weightOf calls that a call stands for: if only parts of a set and of the graph are played
   * @param longest calls after which it is long
   */
  constructor(
    readonly weightOf: (call: Called) => number,
    readonly longest: number,
  ) {}

  add(event: RunEvent): void {
    if (event.type === "started") this.#iterations = event.iterations;
    if (event.type === "iteration") {
      this.#iteration = event.iteration;
      this.#ended = this.#used;
    }
    if (event.type !== "call") return;
    this.played += 1;
    const { source, usage, usd } = event;
    const weight = this.weightOf(event);
    if (source === "cached") this.#used = { ...this.#used, cached: this.#used.cached + weight };
    if (source !== "provider") return;
    this.#used = plus(this.#used, { calls: 1, tokens: usage.prompt + usage.completion, usd, cached: 0 }, weight);
  }

  /** Whether the dry run has taken enough calls to tell what its further iterations take. */
  get isLong(): boolean {
    return this.played >= this.longest && this.#ended !== null && this.#iteration < this.#iterations;
  }

  /**
   * Adds the iterations that were not played: as many calls in each as there were on average, or in the one that was left
   * if it already has more.
   * @param scoring what it takes to score the original graph, which only the first one does
   */
  extrapolate(scoring: Amount): void {
    const start = { ...scoring, cached: 0 };
    // The first iteration can end while the original graph is still being scored.
    const ended = this.#ended && this.#ended.calls > start.calls ? this.#ended : start;
    const left = this.#used.calls > ended.calls ? plus(this.#used, ended, -1) : NOTHING_USED;
    const average = plus(NOTHING_USED, plus(ended, start, -1), 1 / Math.max(1, this.#iteration));
    const each = left.calls > average.calls ? left : average;
    this.#used = plus(ended, each, this.#iterations - this.#iteration);
  }

  get amount(): Amount {
    const { calls, tokens, usd } = this.#used;
    return { calls: Math.round(calls), tokens: Math.round(tokens), usd };
  }

  get cached(): number {
    return Math.round(this.#used.cached);
  }
}

interface Used extends Amount {
  readonly cached: number;
}

const NOTHING_USED: Used = { calls: 0, tokens: 0, usd: 0, cached: 0 };

function plus(one: Used, other: Used, weight: number): Used {
  return {
    calls: one.calls + weight * other.calls,
    tokens: one.tokens + weight * other.tokens,
    usd: one.usd === null || other.usd === null ? null : one.usd + weight * other.usd,
    cached: one.cached + weight * other.cached,
  };
}
