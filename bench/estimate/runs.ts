import { evaluate } from "../../src/engine/evaluate.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { Task } from "../../src/engine/task.ts";
import type { Loss } from "../../src/loss/loss.ts";
import { methods } from "../../src/methods/registry.ts";
import type { Model } from "../../src/models/model.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { type KnownReplies, MemoryReplies, NO_REPLIES } from "../../src/models/stack/store.ts";
import { type FlatOptions, optionsOf } from "../worlds/run.ts";
import { createWorld, type WorldOptions } from "../worlds/world.ts";
import { WORLDS } from "../worlds/worlds.ts";

/** Runs whose cost the estimate predicts. */

export const clock = { now: () => 0, sleep: async () => {} };
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
): { task: Task; provider: Model } {
  const { graph, train, validation, test, model } = createWorld({ ...WORLDS.plain, ...options });
  const choice = { model: "world", params: { temperature: 0 } };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const data = { train, validation, test: test.slice(0, 30) };
  return { task: { graph, data, loss: LOSS, models, options: optionsOf(flat) }, provider: model };
}

/** The calls and tokens that a run uses. */
export async function used(task: Task, provider: Model, replies = new MemoryReplies()) {
  const sum = { calls: 0, tokens: 0, usd: 0 };
  for await (const event of optimize(methods)(task, stackOn(provider, replies, task), signal)) {
    if (event.type !== "call" || event.source !== "provider") continue;
    sum.calls += event.requests;
    sum.tokens += event.usage.prompt + event.usage.completion;
    sum.usd += event.usd ?? 0;
  }
  return sum;
}

/** Scores the validation set first, as a user may do. @returns the saved replies */
export async function scored(task: Task, provider: Model): Promise<MemoryReplies> {
  const replies = new MemoryReplies();
  for await (const _ of evaluate(task, "validation", stackOn(provider, replies, task), signal));
  return replies;
}

function stackOn(provider: Model, replies: MemoryReplies, task: Task) {
  const { seed, budget: limits } = task.options;
  return { ...createStack({ provider, replies, limits, concurrency: 16, clock, seed, price }), price };
}
