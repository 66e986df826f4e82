import { randomLcg } from "d3";
import { VirtualClock } from "../../../bench/worlds/clock.ts";
import { type FlatOptions, optionsOf } from "../../../bench/worlds/run.ts";
import { createWorld, type World, type WorldOptions } from "../../../bench/worlds/world.ts";
import type { Finished, RunEvent } from "../../../src/engine/events.ts";
import type { Methods } from "../../../src/engine/method.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import type { RunControl } from "../../../src/engine/run-control.ts";
import type { EngineDeps } from "../../../src/engine/session.ts";
import type { OptimizeOptions, Task } from "../../../src/engine/task.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import type { Loss } from "../../../src/loss/loss.ts";
import { methods } from "../../../src/methods/registry.ts";
import { ProviderFault, RateLimited } from "../../../src/models/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../../../src/models/model.ts";
import { createStack } from "../../../src/models/stack/stack.ts";
import { MemoryReplies, type ReplyStore } from "../../../src/models/stack/store.ts";
import { choice, ofType, verbatim } from "./fixtures.ts";

const OPTIONS = optionsOf({ iterations: 6, batch: 6 });

/** Feedback is mostly right and some rewrites are ruinous: a run accepts and rejects. */
export const KIND: Omit<WorldOptions, "shape" | "seed"> = {
  rules: 2,
  startAccuracy: 0.08,
  rulesPerRewrite: 2,
  feedbackAccuracy: 0.9,
  destructiveRewrites: 0.15,
  uselessRewrites: 0,
};
export const HARSH = { ...KIND, feedbackAccuracy: 0.4, destructiveRewrites: 0.3, uselessRewrites: 0.1 };

/** What a run can be given; the rest is the same for all. */
export interface Given {
  readonly world?: Partial<WorldOptions>;
  readonly options?: FlatOptions;
  /** Options of another method than semantic. */
  readonly own?: OptimizeOptions["methodOptions"];
  /** Methods that `options.method` may name. Default: those of the product. */
  readonly methods?: Methods;
  /** Training samples, and as many for validation. Default 10. */
  readonly samples?: number;
  /** Test samples. Default 0. */
  readonly test?: number;
  /** Default: right to the letter. */
  readonly loss?: Loss;
  readonly concurrency?: number;
  /** Milliseconds of a reply. Default 100. */
  readonly latency?: () => number;
  /** Share of requests that fail for the moment. */
  readonly faults?: number;
  /** In place of the provider's reply; null: as the world says. */
  readonly instead?: (request: ModelRequest, count: number) => Promise<ModelReply> | null;
  readonly replies?: ReplyStore;
  readonly signal?: AbortSignal;
  readonly control?: RunControl;
  readonly onEvent?: (event: RunEvent) => void | Promise<void>;
}

export interface Ended {
  readonly events: readonly RunEvent[];
  readonly finished: Finished;
  readonly provider: Provider;
  readonly world: World;
  readonly spent: EngineDeps["budget"]["spent"];
}

/** One whole run on a small world, in virtual time. */
export async function run(given: Given = {}): Promise<Ended> {
  const { task, deps, provider, world } = prepare(given);
  const events: RunEvent[] = [];
  for await (const event of optimize(given.methods ?? methods)(
    task,
    deps,
    given.signal ?? new AbortController().signal,
  )) {
    events.push(event);
    await given.onEvent?.(event);
  }
  const finished = events.at(-1);
  if (finished?.type !== "finished") throw new Error("the run did not finish");
  return { events, finished, provider, world, spent: deps.budget.spent };
}

export function prepare(given: Given = {}) {
  const world = createWorld({ ...KIND, shape: "chain", seed: 3, ...given.world });
  const flat = optionsOf(given.options, OPTIONS);
  const options = given.own ? { ...flat, methodOptions: given.own } : flat;
  const clock = new VirtualClock();
  const provider = new Provider(world.model, clock, given);
  const stack = createStack({
    provider,
    replies: given.replies ?? new MemoryReplies(),
    limits: options.budget,
    concurrency: given.concurrency ?? 8,
    clock,
    seed: options.seed,
    price: () => null,
    ...(given.control && { pause: given.control }),
  });
  const task: Task = {
    graph: world.graph,
    data: {
      train: world.train.slice(0, given.samples ?? 10),
      validation: world.validation.slice(0, given.samples ?? 10),
      test: world.test.slice(0, given.test ?? 0),
    },
    loss: given.loss ?? verbatim,
    models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
    options,
  };
  return {
    task,
    deps: { ...stack, price: () => null, ...(given.control && { control: given.control }) },
    provider,
    world,
    clock,
  };
}

/** The world behind a connection: it takes its time, fails now and then, and counts. */
export class Provider implements Model {
  readonly identity: string;
  /** Requests that arrived, in order. */
  readonly seen: ModelRequest[] = [];
  running = 0;
  readonly #random: () => number;

  constructor(
    readonly model: Model,
    readonly clock: VirtualClock,
    readonly given: Given,
  ) {
    this.identity = model.identity;
    this.#random = randomLcg(0.37);
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    signal.throwIfAborted();
    this.seen.push(request);
    this.running++;
    const { latency = () => 100, faults = 0, instead } = this.given;
    try {
      const milliseconds = latency();
      if (milliseconds > 0) await this.clock.sleep(milliseconds, signal);
      if (this.#random() < faults) throw this.#fault();
      return await (instead?.(request, this.seen.length) ?? this.model.complete(request, signal));
    } finally {
      this.running--;
    }
  }

  #fault(): Error {
    const kind = this.#random();
    if (kind < 0.3) return new RateLimited(this.identity, kind < 0.1 ? 700 : null, "slow down");
    return new ProviderFault(this.identity, kind < 0.6 ? 500 : null, null, "try again");
  }
}

/** Number of calls that one answer takes. */
export function callsPerAnswer(graph: Graph): number {
  return graph.nodes.filter(({ kind }) => kind === "llm").length;
}

/** All that a run decided and reports, but for the order in which replies came. */
export function decided({ events, finished }: Ended) {
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return {
    finished,
    attempts: ofType(events, "attempt").toSorted(byId),
    verdicts: ofType(events, "verdict"),
    screened: ofType(events, "screened"),
    iterations: ofType(events, "iteration"),
  };
}

/** Milliseconds, another number each time. */
export function randomly(seed: number, longest = 400): () => number {
  const random = randomLcg(seed);
  return () => 1 + Math.floor(random() * longest);
}
