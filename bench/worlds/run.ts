import type { Finished, RunEvent } from "../../src/engine/events.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { OptimizeOptions } from "../../src/engine/task.ts";
import type { Texts } from "../../src/graph/graph.ts";
import { DEFAULTS as SHIPPED } from "../../src/graph/schema/schema-run.ts";
import { methods } from "../../src/methods/registry.ts";
import { semanticOptions } from "../../src/methods/semantic/options.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../src/models/stack/store.ts";
import { VirtualClock } from "./clock.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

/** The defaults of the product, without a budget. */
export const DEFAULTS: OptimizeOptions = {
  ...SHIPPED,
  budget: { calls: null, tokens: null, usd: null },
  methodOptions: semanticOptions.parse({}),
};

/** Options of a method (default: `semantic`) and common options in one object. */
export type FlatOptions = Partial<Omit<OptimizeOptions, "methodOptions">> & Readonly<Record<string, unknown>>;

/** @param flat overrides the defaults */
export function optionsOf(flat: FlatOptions = {}, defaults = DEFAULTS): OptimizeOptions {
  const { method = defaults.method } = flat;
  const isCommon = ([name]: [string, unknown]) => name in defaults && name !== "methodOptions";
  const all = Object.entries(flat);
  const common = Object.fromEntries(all.filter(isCommon));
  const own = Object.fromEntries(all.filter((one) => !isCommon(one)));
  const byDefault = method === defaults.method ? defaults.methodOptions : methods[method]?.options.parse({});
  return { ...defaults, ...common, methodOptions: { ...byDefault, ...own } };
}

export interface WorldRun {
  readonly calls: number;
  /** Prompt and completion tokens, four characters each. */
  readonly tokens: number;
  readonly purposes: Record<string, number>;
  /** Calls without those between the last acceptance and the end of the search: of a run that knows when to stop. */
  readonly needed: number;
  /** Validation calls for Θs that are neither the first nor the last of the run. */
  readonly between: number;
  readonly iterations: number;
  readonly seconds: number;
  readonly start: number;
  readonly end: number;
  readonly ceiling: number;
  /** Score of instructions with all rules that the training rows can show. */
  readonly reachable: number;
  /** True score of the accepted texts after a number of calls. */
  readonly after: (calls: number) => number;
  /** Change in the true score on 50 held-out samples by each accepted update. 0 or less is a false accept. */
  readonly gains: readonly number[];
  readonly finished: Finished;
  readonly events: RunEvent[];
  /** Time of each event in virtual seconds. */
  readonly times: number[];
}

/** One run on one world, in virtual time. @param latency milliseconds a call */
export async function runWorld(
  world: WorldOptions,
  overrides: FlatOptions = {},
  latency = 200,
  concurrency = 16,
): Promise<WorldRun> {
  const clock = new VirtualClock();
  const made = createWorld(world, () => clock.sleep(latency));
  return runOn(made, optionsOf({ seed: world.seed, ...overrides }), clock, concurrency);
}

/** One run on a given world. @param clock the clock that delays its replies */
export async function runOn(
  { graph, train, validation, test, model: provider, ceiling, reachable, truth }: World,
  options: OptimizeOptions,
  clock: VirtualClock,
  concurrency = 16,
  known = methods,
): Promise<WorldRun> {
  const stack = createStack({
    provider,
    replies: new MemoryReplies(),
    limits: options.budget,
    concurrency,
    clock,
    seed: options.seed,
    price: () => null,
  });
  const choice = { model: "world", params: { temperature: 0 } };
  const task = {
    graph,
    data: { train, validation, test: [] },
    loss: {
      kind: "exact",
      describe: () => "",
      score: ({ targets }: { targets: readonly string[] }, answer: string) => {
        const wrong = targets.includes(answer) ? 0 : 1;
        return {
          loss: wrong,
          lenient: wrong,
          criticism: wrong ? `Expected: ${targets[0]}. The answer was: ${answer}` : "",
        };
      },
    },
    models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
    options,
  };
  const events: RunEvent[] = [];
  const times: number[] = [];
  const purposes: Record<string, number> = {};
  for await (const event of optimize(known)(task, { ...stack, price: () => null }, new AbortController().signal)) {
    events.push(event);
    times.push(clock.now() / 1000);
    if (event.type === "requested") purposes[event.purpose] = (purposes[event.purpose] ?? 0) + 1;
  }
  const finished = events.at(-1);
  if (finished?.type !== "finished") throw new Error("the run did not finish");
  return {
    calls: stack.budget.spent.calls,
    tokens: stack.budget.spent.tokens,
    purposes,
    needed: stack.budget.spent.calls - callsAfterLastGain(events),
    between: validationBetween(events, finished),
    iterations: events.filter(({ type }) => type === "iteration").length,
    seconds: clock.now() / 1000,
    start: truth(Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text])), test),
    end: truth(finished.texts, test),
    ceiling: ceiling(test),
    reachable: reachable(test),
    ...steps(events, (texts) => truth(texts, test)),
    finished,
    events,
    times,
  };
}

function callsAfterLastGain(events: readonly RunEvent[]): number {
  const gain = events.findLastIndex((event) => event.type === "verdict" && event.verdict.decision === "accepted");
  const end = events.findLastIndex(({ type }) => type === "iteration");
  return events.slice(gain + 1, Math.max(gain, end) + 1).filter(({ type }) => type === "requested").length;
}

function validationBetween(events: readonly RunEvent[], { theta }: Finished): number {
  const ends = new Set([theta, ...events.flatMap((event) => (event.type === "started" ? [event.theta] : []))]);
  /** Reply → the Θ that asked for it first. */
  const askedBy = new Map<string, string>();
  for (const event of events) {
    if (event.type === "value" && !askedBy.has(event.key)) askedBy.set(event.key, event.theta);
  }
  const calls = events.flatMap((event) => (event.type === "call" && event.source === "provider" ? [event] : []));
  return calls.filter(({ split, purpose, key }) => {
    return split === "validation" && purpose === "forward" && !ends.has(askedBy.get(key) ?? theta);
  }).length;
}

/** The true score at the start and after each accepted update. */
function steps(events: readonly RunEvent[], truth: (texts: Texts) => number): Pick<WorldRun, "after" | "gains"> {
  const reached: { readonly calls: number; readonly score: number }[] = [];
  const attempts = new Map<string, { readonly node: string; readonly text: string }>();
  let texts: Texts = {};
  let calls = 0;
  for (const event of events) {
    if (event.type === "requested") calls++;
    if (event.type === "attempt" && event.invalid === null) attempts.set(event.id, event);
    if (event.type === "started") texts = event.texts;
    const isAccepted = event.type === "verdict" && event.verdict.decision === "accepted";
    for (const id of isAccepted ? event.proposals : []) {
      const attempt = attempts.get(id);
      if (attempt) texts = { ...texts, [attempt.node]: attempt.text };
    }
    if (event.type === "started" || isAccepted) reached.push({ calls, score: truth(texts) });
  }
  return {
    after: (most) => reached.findLast(({ calls }) => calls <= most)?.score ?? 0,
    gains: reached.slice(1).map(({ score }, index) => score - (reached[index]?.score ?? 0)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
