import { describe, expect, it } from "vitest";
import { type Evaluation, evaluate, evaluation } from "../../../src/engine/evaluate.ts";
import type { RunEvent } from "../../../src/engine/events.ts";
import { BudgetReached, KeyRefused, RequestRefused } from "../../../src/models/errors.ts";
import { never } from "../models/fakes.ts";
import { ofType } from "./fixtures.ts";
import { callsPerAnswer, type Given, prepare } from "./runs.ts";

async function evaluateSplit(given: Given = {}) {
  const { task, deps, provider, world } = prepare(given);
  const events: RunEvent[] = [];
  const reader = evaluate(task, "validation", deps, given.signal ?? new AbortController().signal);
  for (;;) {
    const step: IteratorResult<RunEvent, Evaluation> = await reader.next();
    if (step.done) return { evaluation: step.value, events, provider, world, samples: task.data.validation };
    events.push(step.value);
  }
}

describe("evaluate", () => {
  it("scores the file's own texts on one set, each sample once and in the order of the data", async () => {
    const { evaluation, provider, world, samples, events } = await evaluateSplit();
    const start = Object.fromEntries(world.graph.nodes.map(({ id, text }) => [id, text]));
    expect(evaluation).toMatchObject({ split: "validation", n: 10, formatErrors: 0 });
    expect(evaluation.score).toBeCloseTo(world.truth(start, samples), 12);
    expect(evaluation.samples.map(({ id }) => id)).toEqual(samples.map(({ id }) => id));
    const losses = new Map(ofType(events, "scored").map(({ sample, loss }) => [sample, loss]));
    for (const { id, score } of evaluation.samples) expect(score).toBe(1 - (losses.get(id) ?? 1));
    expect(provider.seen).toHaveLength(10 * callsPerAnswer(world.graph));
    expect(ofType(events, "scored")).toHaveLength(10);
  });

  it("leaves lost samples out of the score", async () => {
    const lost = prepare().world.validation[4]!;
    const { evaluation } = await evaluateSplit({
      instead: ({ messages }) =>
        messages.some(({ content }) => content.includes(lost.inputs.question!))
          ? Promise.reject(new RequestRefused("world", 400, "world", "too long"))
          : null,
    });
    expect(evaluation.samples[4]).toEqual({ id: lost.id, score: null });
    const known = evaluation.samples.flatMap(({ score }) => score ?? []);
    expect(known).toHaveLength(9);
    expect(evaluation.score).toBeCloseTo(known.reduce((sum, score) => sum + score, 0) / 9, 12);
  });

  it("asks for all samples together where requests are sent in batches", async () => {
    const { task, deps, world } = prepare();
    const [row] = world.validation;
    const validation = Array.from({ length: 1_500 }, (_, index) => ({ ...row!, id: String(index) }));
    let [now, most] = [0, 0];
    let areTogether = () => {};
    const together = new Promise<void>((resolve) => {
      areTogether = resolve;
    });
    // No reply before the last request, however long the machine takes to send them all.
    const complete: typeof deps.model.complete = async (request, signal) => {
      most = Math.max(most, ++now);
      if (now === 1_500) areTogether();
      await together;
      now--;
      return deps.model.complete(request, signal);
    };
    const model = { ...deps.model, concurrency: 100_000, complete };
    const reader = evaluate({ ...task, data: { ...task.data, validation } }, "validation", { ...deps, model }, never);
    for (let step = await reader.next(); !step.done; ) step = await reader.next();
    expect(most).toBe(1_500);
  });

  it("lets others in while it sums up many scores", async () => {
    const { task, deps, world } = prepare();
    const [row] = world.validation;
    const validation = Array.from({ length: 400 }, (_, index) => ({ ...row!, id: String(index) }));
    let turns = 0;
    const yieldNow = async () => {
      turns += 1;
    };
    const model = { ...deps.model, yieldNow };
    const reader = evaluate({ ...task, data: { ...task.data, validation } }, "validation", { ...deps, model }, never);
    for (let step = await reader.next(); !step.done; ) step = await reader.next();
    // One before each sample is scored, one before its score is added.
    expect(turns).toBe(2 * validation.length);
  });

  it("throws what ends it, with nothing running", async () => {
    const refused = new KeyRefused("world", 401, "no such key");
    await expect(evaluateSplit({ instead: () => Promise.reject(refused) })).rejects.toBe(refused);
    const budget = { calls: 7, tokens: null, usd: null };
    await expect(evaluateSplit({ options: { budget } })).rejects.toBeInstanceOf(BudgetReached);
    const reason = new Error("cancelled by the user");
    await expect(evaluateSplit({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("an evaluation as a run", () => {
  async function runOn(given: Given) {
    const { task, deps } = prepare(given);
    const events: RunEvent[] = [];
    const signal = given.signal ?? new AbortController().signal;
    for await (const event of evaluation("validation")(task, deps, signal)) events.push(event);
    return { events, finished: ofType(events, "finished")[0]! };
  }

  it("starts, scores, and ends with the score and its interval", async () => {
    const { events, finished } = await runOn({});
    expect(events[0]).toMatchObject({ type: "started", method: "evaluate", samples: { train: 0, validation: 10 } });
    expect(events.at(-1)).toBe(finished);
    expect(finished).toMatchObject({ status: "done", proposals: [], evaluated: { split: "validation", scored: 10 } });
    const { score, interval } = finished.evaluated!;
    expect(interval[0]).toBeLessThan(score!);
    expect(interval[1]).toBeGreaterThan(score!);
  });

  it("says how it ended when that was too early, with what was scored until then on record", async () => {
    const budget = { calls: 7, tokens: null, usd: null };
    const { events, finished } = await runOn({ options: { budget } });
    expect(finished).toMatchObject({ status: "budget", error: null });
    expect(finished.evaluated).toBeUndefined();
    expect(ofType(events, "requested")).toHaveLength(7);
    expect((await runOn({ signal: AbortSignal.abort(new Error("stop")) })).finished.status).toBe("cancelled");
    const refused = () => Promise.reject(new KeyRefused("world", 401, "no such key"));
    expect((await runOn({ instead: refused })).finished).toMatchObject({ status: "failed", error: "KeyRefused" });
  });
});
