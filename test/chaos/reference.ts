import { VirtualClock } from "../../bench/worlds/clock.ts";
import type { LoggedEvent } from "../../src/engine/events.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { Task } from "../../src/engine/task.ts";
import { methods } from "../../src/methods/registry.ts";
import type { Model, Usage } from "../../src/models/model.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../src/models/stack/store.ts";
import { reduceAll } from "../../src/run/state/reduce.ts";
import type { RunState } from "../../src/run/state/state.ts";
import { ChaosTools, chaosSandbox } from "./local.ts";
import { chaosModel, contentId } from "./model.ts";

/** What the run gives when nothing goes wrong: the engine alone, without server, disk or budget. */
export interface Reference {
  readonly decided: ReturnType<typeof decidedIn>;
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number;
  /** Content → how often it is asked. */
  readonly asked: ReadonlyMap<string, number>;
  /** Call of a tool → how often it is made. */
  readonly called: ReadonlyMap<string, number>;
}

/** Of every model here. US dollars. */
export function priceOf(_: string, { prompt, completion }: Usage): number {
  return (prompt + 4 * completion) / 1e6;
}

export async function referenceOf(task: Task): Promise<Reference> {
  const asked = new Map<string, number>();
  const provider: Model = {
    identity: chaosModel.identity,
    complete: (request, signal) => {
      const id = contentId(request.messages);
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return chaosModel.complete(request, signal);
    },
  };
  const stack = createStack({
    provider,
    replies: new MemoryReplies(),
    limits: { calls: null, tokens: null, usd: null },
    concurrency: 4,
    clock: new VirtualClock(),
    seed: task.options.seed,
    price: priceOf,
  });
  const events: LoggedEvent[] = [];
  const local = { sandbox: chaosSandbox, tools: new ChaosTools(), keep: stack.keep, recall: stack.recall };
  const deps = { model: stack.model, budget: stack.budget, price: priceOf, local };
  for await (const event of optimize(methods)(task, deps, new AbortController().signal))
    events.push({ ...event, at: 0 });
  const state = reduceAll(events);
  const { calls, tokens, usd } = stack.budget.spent;
  return { decided: decidedIn(state), calls, tokens, usd, asked, called: local.tools.calls };
}

/** All that a run decided and shows, but for what it took and the order in which replies came. Plain data. */
export function decidedIn(state: RunState) {
  const { status, error, theta, texts, startTexts, parameters, proposals, iteration, curve } = state;
  const attempts = state.attempts.map(({ verdict, ...attempt }) => ({
    ...attempt,
    judged: verdict === null ? null : timeless(state.judged[verdict]),
  }));
  return {
    status,
    error,
    theta,
    texts,
    startTexts,
    parameters,
    proposals: timeless(proposals),
    iteration,
    finished: timeless(state.finished),
    judged: sorted(state.judged.map(timeless)),
    attempts: sorted(attempts),
    curve: [curve.at(0), curve.at(-1)],
  };
}

/** Without times: when an event came, and how long answers took, on which no decision of these runs rests. */
function timeless<T>(value: T): T {
  return JSON.parse(JSON.stringify(value ?? null, (key, one) => (/^(at|milliseconds\w*)$/.test(key) ? 0 : one)));
}

function sorted<T>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
