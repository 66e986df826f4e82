import type { Clock } from "../../src/deps.ts";
import { evaluate } from "../../src/engine/evaluate.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { Task } from "../../src/engine/task.ts";
import type { Loss } from "../../src/loss/loss.ts";
import { methods } from "../../src/methods/registry.ts";
import type { Model } from "../../src/models/model.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { type KnownReplies, MemoryReplies, NO_REPLIES } from "../../src/models/stack/store.ts";
import type { Amount } from "../../src/run/estimate/tally.ts";
import { VirtualClock } from "../worlds/clock.ts";
import { type FlatOptions, optionsOf } from "../worlds/run.ts";
import { createWorld, type WorldOptions } from "../worlds/world.ts";
import { WORLDS } from "../worlds/worlds.ts";

/** Runs whose cost the estimate predicts. */

const clock = { now: () => 0, sleep: async () => {} };
/** Milliseconds of a call, and calls at once. */
const [LATENCY, CONCURRENCY] = [200, 16];
const { signal } = new AbortController();

/** US dollars: a prompt token costs one, a reply's four. */
export const price = (_: string, usage: { prompt: number; completion: number }) => usage.prompt + 4 * usage.completion;

/** Dependencies of an estimate. @param replies replies of earlier runs; default: none */
export const known = (provider: Model, replies: KnownReplies = NO_REPLIES) => ({
  provider: provider.identity,
  replies,
  price,
  clock,
});

/** Its criticism has the form that synthetic tasks expect. */
const LOSS: Loss = {
  kind: "exact",
  describe: () => "",
  score: async ({ targets }, answer) => {
    const wrong = targets.includes(answer) ? 0 : 1;
    return {
      loss: wrong,
      lenient: wrong,
      criticism: wrong ? `Expected: ${targets[0]}. The answer was: ${answer}` : "",
    };
  },
};

/**
 * A synthetic task without a budget, and a model that answers and improves it.
 * @param flat options of the run; default: those of the product
 */
export function world(
  options: Partial<WorldOptions> & Pick<WorldOptions, "shape" | "seed">,
  flat: FlatOptions = {},
): { task: Task; provider: Model; time: VirtualClock } {
  const time = new VirtualClock();
  const { graph, train, validation, test, model } = createWorld({ ...WORLDS.plain, ...options }, () =>
    time.sleep(LATENCY),
  );
  const choice = { model: "world", params: { temperature: 0 } };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const data = { train, validation, test: test.slice(0, 30) };
  return { task: { graph, data, loss: LOSS, models, options: optionsOf(flat) }, provider: model, time };
}

/** What a run uses. */
export interface Used extends Amount {
  readonly usd: number;
  /** Mean number of calls at the same time. */
  readonly atOnce: number;
}

/** @param time the clock that delays the replies; default: they are not timed */
export async function used(
  task: Task,
  provider: Model,
  replies = new MemoryReplies(),
  time: Clock = clock,
): Promise<Used> {
  const sum = { calls: 0, tokens: 0, usd: 0 };
  const begun = time.now();
  for await (const event of optimize(methods)(task, stackOn(provider, replies, task, time), signal)) {
    if (event.type !== "call" || event.source !== "provider") continue;
    sum.calls += event.requests;
    sum.tokens += event.usage.prompt + event.usage.completion;
    sum.usd += event.usd ?? 0;
  }
  return { ...sum, atOnce: (sum.calls * LATENCY) / (time.now() - begun) };
}

/** Scores the validation set first, as a user may do. @returns the saved replies */
export async function scored(task: Task, provider: Model, time: Clock = clock): Promise<MemoryReplies> {
  const replies = new MemoryReplies();
  for await (const _ of evaluate(task, "validation", stackOn(provider, replies, task, time), signal));
  return replies;
}

function stackOn(provider: Model, replies: MemoryReplies, task: Task, time: Clock) {
  const { seed, budget: limits } = task.options;
  return { ...createStack({ provider, replies, limits, concurrency: CONCURRENCY, clock: time, seed, price }), price };
}
