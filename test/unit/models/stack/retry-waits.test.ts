import { describe, expect, it } from "vitest";
import { ProviderFault, RateLimited } from "../../../../src/models/errors.ts";
import type { Waiting } from "../../../../src/models/stack/waiting.ts";
import { FakeClock, FakeProvider, never, reply, request, slowEcho, stackOver } from "../fakes.ts";

function opened(provider: FakeProvider, clock: FakeClock, maxWait?: number) {
  const told: (Waiting | null)[] = [];
  const stack = stackOver(provider, clock, {
    onWaiting: (waiting) => told.push(waiting),
    ...(maxWait !== undefined && { maxWait }),
  });
  return { ...stack, told };
}

describe("a wait", () => {
  it("is told with whom it is for, why, and until when, and that it is over", async () => {
    const clock = new FakeClock();
    const start = clock.now();
    const provider = new FakeProvider(async (_, __, count) => {
      if (count === 1) throw new RateLimited("fake", 20_000, "30 requests a minute");
      return reply("fine");
    });
    const { model, told } = opened(provider, clock);
    expect(await model.complete(request("a"), never)).toMatchObject({ text: "fine", requests: 2 });
    expect(told).toEqual([
      { identity: "fake", reason: "rate limit", until: start + 20_000, detail: "30 requests a minute" },
      null,
    ]);
  });

  it("is none while others are answered", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async ({ messages }, signal, count) => {
      if (messages[0]?.content === "limited" && count <= 2) throw new ProviderFault("fake", 503, 3_000, "busy");
      await clock.sleep(5_000, signal);
      return reply("fine");
    });
    const { model, told } = opened(provider, clock);
    await Promise.all(["limited", "slow"].map((each) => model.complete(request(each), never)));
    expect(told).toEqual([]);
  });

  it("is told of a server that says nothing", async () => {
    const clock = new FakeClock();
    const start = clock.now();
    const { model, told } = opened(slowEcho(clock, 60_000), clock);
    await model.complete(request("a"), never);
    expect(told).toEqual([{ identity: "fake", reason: "no answer", until: start + 120_000, detail: "" }, null]);
  });

  it("that a server asks for ends the run at once if it is longer than the user allows", async () => {
    const clock = new FakeClock();
    const start = clock.now();
    const provider = new FakeProvider(async () => {
      throw new RateLimited("fake", 7_200_000, "come back tomorrow");
    });
    await expect(opened(provider, clock).model.complete(request("a"), never)).rejects.toMatchObject({
      code: "WaitTooLong",
      reach: "run",
      reason: "rate limit",
      asked: 7_200_000,
      limit: 300_000,
      detail: "come back tomorrow",
    });
    expect(provider.seen).toHaveLength(1);
    expect(clock.now()).toBe(start);
  });

  it("without end is ended by the same limit, however many requests wait", async () => {
    const clock = new FakeClock();
    const start = clock.now();
    const provider = new FakeProvider(async () => {
      throw new RateLimited("fake", null, "slow down");
    });
    const { model, told } = opened(provider, clock, 60_000);
    const calls = Array.from({ length: 16 }, (_, index) => model.complete(request(`${index}`), never));
    await expect(Promise.race(calls)).rejects.toMatchObject({ code: "WaitTooLong", reason: "rate limit", asked: null });
    expect(clock.now() - start).toBeGreaterThanOrEqual(60_000);
    expect(clock.now() - start).toBeLessThanOrEqual(95_000);
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toMatchObject({ status: "rejected", reason: { code: "WaitTooLong" } });
    }
    expect(told.filter((waiting) => waiting !== null).length).toBeGreaterThan(5);
  });

  it.each([3_600_000, -3_600_000])(
    "is not as long as a clock that is set, or a machine that sleeps: %d ms",
    async (jump) => {
      const clock = new FakeClock();
      let wrong = Date.UTC(2026, 0, 31);
      const restless = { now: () => clock.now() + wrong, sleep: clock.sleep.bind(clock) };
      const provider = new FakeProvider(async (_, __, count) => {
        if (count === 2) wrong += jump;
        if (count <= 3) throw new ProviderFault("fake", 503, null, "busy");
        return reply("fine");
      });
      const { model } = opened(provider, restless as FakeClock);
      expect(await model.complete(request("a"), never)).toMatchObject({ text: "fine", requests: 4 });
    },
  );

  it("goes on as long as others of the model are answered: a tight rate is not a failure", async () => {
    const clock = new FakeClock();
    let free = clock.now();
    // One request in twenty seconds.
    const provider = new FakeProvider(async ({ messages }) => {
      if (clock.now() < free) throw new RateLimited("fake", free - clock.now(), "3 a minute");
      free = clock.now() + 20_000;
      return reply(`echo ${messages[0]?.content}`);
    });
    const { model } = opened(provider, clock, 60_000);
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) => model.complete(request(`${index}`), never)),
    );
    expect(replies.map(({ text }) => text)).toEqual(replies.map((_, index) => `echo ${index}`));
  });

  it("for a request that times out is tried three times, not eight", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async (_, signal) => {
      await clock.sleep(60_000, signal);
      throw new ProviderFault("fake", null, null, "no answer in time", "timeout");
    });
    await expect(opened(provider, clock).model.complete(request("a"), never)).rejects.toMatchObject({
      reason: "timeout",
    });
    expect(provider.seen).toHaveLength(3);
  });
});

describe("a refused connection", () => {
  it("is not a call: no one has seen the request", async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const provider = new FakeProvider(async (_, __, count) => {
      if (count === 1) return reply("well");
      if (count <= 3) throw new ProviderFault("fake", null, null, "ECONNREFUSED", "unreached");
      return reply("back");
    });
    const { model, budget } = opened(provider, clock);
    await model.complete(request("first"), never);
    const asked = request("second", {
      onRequest: async (attempt) => void told.push(`asked ${attempt}`),
      onWithdrawn: (attempt) => told.push(`withdrawn ${attempt}`),
    });
    expect(await model.complete(asked, never)).toMatchObject({ text: "back", requests: 1 });
    expect(told).toEqual(["asked 1", "withdrawn 1", "asked 2", "withdrawn 2", "asked 3"]);
    expect(budget.spent.calls).toBe(2);
  });
});
