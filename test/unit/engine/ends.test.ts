import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { thetaOf } from "../../../src/engine/theta.ts";
import { methods } from "../../../src/methods/registry.ts";
import { KeyRefused, ModelUnknown, ProviderFault, RequestRefused } from "../../../src/models/errors.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { MemoryReplies } from "../../../src/models/stack/store.ts";
import { settled } from "../models/fakes.ts";
import { ofType } from "./fixtures.ts";
import { decided, type Given, prepare, randomly, run } from "./runs.ts";

/** Aborts when so many requests have been put on record. */
function after(requests: number): { signal: AbortSignal; onEvent: (event: RunEvent) => void } {
  const stop = new AbortController();
  let count = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === "requested" && ++count === requests) stop.abort(new Error("cancelled by the user"));
  };
  return { signal: stop.signal, onEvent };
}

/** Rejects what `fails` says, and lets the world answer the rest. */
const refusing = (error: Error, fails: (request: ModelRequest, count: number) => boolean): Given => ({
  instead: (request, count) => (fails(request, count) ? Promise.reject(error) : null),
});

describe("a run that cannot use its provider", () => {
  it.each([1, 20, 45])("ends as failed when the key is refused at request %i, with nothing running", async (at) => {
    const error = new KeyRefused("world", 401, "no such key");
    const { finished, provider, events } = await run(refusing(error, (_, count) => count >= at));
    expect(finished).toMatchObject({ status: "failed", error: "KeyRefused", detail: error.message });
    expect(provider.running).toBe(0);
    // Those on the way at that moment, and no more.
    expect(provider.seen.length).toBeLessThan(at + 8);
    expect(events.at(-1)).toBe(finished);
  });

  it("ends as failed when a role's model does not exist, and keeps what was found out", async () => {
    const error = new ModelUnknown("world", 404, "gone", "no such model");
    const { finished, provider } = await run(refusing(error, ({ tag }) => tag.purpose === "optimizer"));
    expect(finished).toMatchObject({ status: "failed", error: "ModelUnknown", proposals: [] });
    expect(provider.seen.filter(({ tag }) => tag.purpose === "optimizer").length).toBeLessThanOrEqual(2);
  });

  it("ends as failed when the provider is down", async () => {
    const { finished, provider } = await run(refusing(new ProviderFault("world", 500, null, "down"), () => true));
    expect(finished).toMatchObject({ status: "failed", error: "ProviderFault" });
    expect(provider.running).toBe(0);
  });

  it("ends as failed when there is no such method", async () => {
    const { finished, provider } = await run({ options: { method: "guessing" } });
    expect(finished).toMatchObject({ status: "failed", detail: "There is no method named guessing." });
    expect(provider.seen).toEqual([]);
  });
});

describe("a run that loses single calls", () => {
  const tooLong = new RequestRefused("world", 400, "world", "this row is too long");

  it("leaves those samples out: they are unscored, never wrong", async () => {
    const { world } = prepare();
    const lost = world.validation[2]!;
    const loses = ({ messages }: ModelRequest) =>
      messages.some(({ content }) => content.includes(lost.inputs.question!));
    const { finished, events } = await run(refusing(tooLong, loses));
    expect(finished.status).toBe("done");
    expect(finished.validation.n).toBe(9);
    expect(ofType(events, "scored").filter(({ sample }) => sample === lost.id)).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ loss: null })]),
    );
    const verdicts = [...ofType(events, "verdict"), ...finished.proposals].map(({ verdict }) => verdict);
    expect(verdicts.length).toBeGreaterThan(2);
    for (const verdict of verdicts) {
      expect([...verdict.fixed, ...verdict.broken]).not.toContain(lost.id);
      expect(verdict.scored).toBeLessThanOrEqual(9);
    }
    expect(finished.proposals.some(({ verdict }) => verdict.unscored.includes(lost.id))).toBe(true);
  });

  it("averages test scores over the samples that were scored before and after", async () => {
    const given = { test: 4 };
    const { world } = prepare(given);
    const lost = world.test[1]!;
    const loses = ({ messages }: ModelRequest) =>
      messages.some(({ content }) => content.includes(lost.inputs.question!));
    const { finished, events } = await run({ ...given, ...refusing(tooLong, loses) });
    const { texts } = finished;
    const scoreOf = (theta: string) => {
      const scored = ofType(events, "scored").filter((one) => one.split === "test" && one.theta === theta);
      const losses = new Map(scored.map(({ sample, loss }) => [sample, loss]));
      const known = [...losses.values()].filter((loss) => loss !== null);
      return known.reduce((sum, loss) => sum + 1 - loss, 0) / known.length;
    };
    const [started] = ofType(events, "started");
    expect(finished.test).toEqual({
      n: given.test - 1,
      before: expect.closeTo(scoreOf(started!.theta)),
      after: expect.closeTo(scoreOf(thetaOf(texts))),
    });
  });

  it("fails with the server's reason if no sample could be scored", async () => {
    const { finished } = await run({ test: 4, ...refusing(tooLong, ({ tag }) => tag.purpose === "forward") });
    expect(finished).toMatchObject({
      status: "failed",
      error: "RequestRefused",
      fields: { status: 400, reason: "invalid" },
      proposals: [],
      test: { n: 0, before: null, after: null },
    });
  });

  it("goes on without the gradients of a sample whose feedback was lost, and says so once", async () => {
    const { world } = prepare();
    const lost = world.train[1]!;
    const loses = ({ tag }: ModelRequest) => tag.purpose === "backward" && tag.sample === lost.id;
    const { finished, events } = await run(refusing(tooLong, loses));
    expect(finished.status).toBe("done");
    expect(finished.validation.after).toBeGreaterThan(finished.validation.before!);
    expect(ofType(events, "attempt").flatMap(({ samples }) => samples)).not.toContain(lost.id);
    const thetas = new Set(
      ofType(events, "gradient")
        .filter(({ sample }) => sample === lost.id)
        .map(({ theta }) => theta),
    );
    const dropped = ofType(events, "warning").filter(({ code }) => code === "sample dropped");
    expect(dropped).toHaveLength(thetas.size);
    expect(dropped[0]).toMatchObject({ sample: lost.id, node: "answer" });
  });
});

describe("a cancelled run", () => {
  it.each([1, 7, 30, 60])("ends as such at request %i, leaves nothing running and sends nothing more", async (at) => {
    const given = after(at);
    const { finished, provider, events } = await run({ ...given, concurrency: 6 });
    expect(finished).toMatchObject({ status: "cancelled", error: null });
    expect(provider.running).toBe(0);
    const sent = provider.seen.length;
    expect(sent).toBeLessThan(at + 6);
    await settled();
    expect(provider.seen).toHaveLength(sent);
    expect(events.at(-1)).toBe(finished);
  });

  it("gives what was proposed and not judged yet a word", async () => {
    const stop = new AbortController();
    const onEvent = ({ type }: RunEvent) => {
      if (type === "attempt") stop.abort();
    };
    const { finished, events } = await run({ signal: stop.signal, onEvent, world: { destructiveRewrites: 0 } });
    const [attempt] = ofType(events, "attempt");
    expect(ofType(events, "verdict").flatMap(({ proposals }) => proposals)).toContain(attempt!.id);
    expect(finished.proposals.map(({ node }) => node)).toContain(attempt!.node);
    for (const { verdict } of finished.proposals) expect(verdict).toMatchObject({ decision: "undecided", scored: 0 });
  });

  it("sends nothing at all when it was cancelled before it began", async () => {
    const { finished, provider } = await run({ signal: AbortSignal.abort(new Error("too late")) });
    expect(finished.status).toBe("cancelled");
    expect(provider.seen).toEqual([]);
  });

  it("is cancelled also if only test rows were still being scored", async () => {
    const stop = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.type === "scored" && event.split === "test") stop.abort();
    };
    // One call at a time: test rows have the lowest priority, so they come last.
    const { finished } = await run({ test: 4, concurrency: 1, signal: stop.signal, onEvent });
    expect(finished).toMatchObject({ status: "cancelled", test: null });
  });

  it("is one that no one reads any more: nothing leaves that is not on record, and its calls end", async () => {
    for (let last = 1; last <= 40; last += 7) {
      const { task, deps, provider } = prepare({ concurrency: 6, latency: () => (last % 2 ? 0 : 100) });
      let recorded = 0;
      for await (const event of optimize(methods)(task, deps, new AbortController().signal)) {
        if (event.type !== "requested") continue;
        // The disk is full: this line is not written, and the run's reader gives up.
        if (recorded === last) break;
        recorded++;
      }
      await settled();
      expect(provider.running).toBe(0);
      expect(provider.seen.length).toBeLessThanOrEqual(recorded);
      await settled();
      expect(provider.seen.length).toBeLessThanOrEqual(recorded);
    }
  });
});

describe("the stream of a run", () => {
  it("starts with `started`, ends with `finished`, and has each request on record before it is sent", async () => {
    let recorded = 0;
    const { events, finished, provider } = await run({
      concurrency: 5,
      samples: 5,
      latency: () => 0,
      // A slow disk: what is asked for meanwhile has to wait until its line is written.
      onEvent: async ({ type }) => {
        await settled();
        if (type === "requested") recorded++;
      },
      instead: (_, count) => {
        expect(recorded).toBeGreaterThanOrEqual(count);
        return null;
      },
    });
    expect(events[0]?.type).toBe("started");
    expect(events.at(-1)).toBe(finished);
    expect(ofType(events, "finished")).toHaveLength(1);
    expect(ofType(events, "requested")).toHaveLength(provider.seen.length);
    const ended = ofType(events, "call").filter(({ source }) => source === "provider");
    expect(ended).toHaveLength(provider.seen.length);
  });
});

describe("a resumed run", () => {
  it("ends exactly as the unbroken one, wherever it was cut, and asks for nothing that it has", async () => {
    const given: Given = { world: { shape: "diamond" }, test: 3, concurrency: 6, samples: 6 };
    const whole = await run({ ...given, latency: randomly(0.1) });
    const total = whole.provider.seen.length;
    for (let cut = 1; cut < total; cut += Math.ceil(total / 6)) {
      const replies = new MemoryReplies();
      const stop = new AbortController();
      let requests = 0;
      const onEvent = (event: { type: string }) => {
        if (event.type === "requested" && ++requests === cut) stop.abort(new Error("killed"));
      };
      const broken = await run({ ...given, latency: randomly(0.2), replies, signal: stop.signal, onEvent });
      expect(broken.finished.status).toBe("cancelled");
      const resumed = await run({ ...given, latency: randomly(0.3), replies });
      expect(decided(resumed)).toEqual(decided(whole));
      const sent = broken.provider.seen.length + resumed.provider.seen.length;
      expect(sent).toBeLessThanOrEqual(total + given.concurrency!);
      expect(
        ofType(resumed.events, "call").filter(({ source }) => source === "replayed").length,
      ).toBeGreaterThanOrEqual(broken.provider.seen.length - given.concurrency!);
    }
  });
});
