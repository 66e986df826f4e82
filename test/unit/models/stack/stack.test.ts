import { describe, expect, it } from "vitest";
import {
  AnswerMissing,
  BodyBroken,
  BudgetReached,
  KeyRefused,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  RequestRefused,
} from "../../../../src/models/errors.ts";
import { NO_REPLIES, type StoredReply } from "../../../../src/models/stack/store.ts";
import { FakeClock, FakeProvider, NO_LIMITS, never, reply, request, settled, slowEcho, stackOver } from "../fakes.ts";

const fault = () => new ProviderFault("fake", 500, null, "try again");

/** Fails its first request, and echoes each of the others after 10 ms. */
const faultyOnce = (clock: FakeClock) =>
  new FakeProvider(async (asked, signal, count) => {
    if (count === 1) throw fault();
    await clock.sleep(10, signal);
    return reply(asked.messages[0]?.content ?? "");
  });

describe("reply store", () => {
  it("answers an equal request from the record, without asking and without cost", async () => {
    const provider = slowEcho(new FakeClock(), 10);
    const { model, budget } = stackOver(provider, new FakeClock());
    const first = await model.complete(request("a"), never);
    const again = await model.complete(
      request("a", {
        tag: { purpose: "backward", node: "b", sample: "2" },
        priority: 9,
        onRequest: () => Promise.reject(new Error("asked")),
      }),
      never,
    );
    expect(provider.seen).toHaveLength(1);
    expect(first).toMatchObject({ text: "echo a", source: "provider", requests: 1 });
    expect(again).toMatchObject({ text: "echo a", source: "replayed", requests: 0, milliseconds: 0, key: first.key });
    expect(budget.spent.calls).toBe(1);
  });

  it("tells requests apart by everything the reply depends on, and by nothing else", async () => {
    const provider = slowEcho(new FakeClock(), 1);
    const { model } = stackOver(provider, new FakeClock());
    const schema = { name: "s", schema: { type: "object" } };
    const different = [
      request("a"),
      request("b"),
      request("a", { model: "other" }),
      request("a", { params: { temperature: 1 } }),
      request("a", { draw: 1 }),
      request("a", { schema }),
      request("a", { messages: [{ role: "system", content: "a" }] }),
    ];
    const keys = new Set();
    for (const each of different) keys.add((await model.complete(each, never)).key);
    expect(keys.size).toBe(different.length);
    const one = await model.complete(request("c", { params: { temperature: 0, top_p: 1 } }), never);
    const two = await model.complete(request("c", { params: { top_p: 1, temperature: 0, stop: undefined } }), never);
    expect(two).toMatchObject({ key: one.key, source: "replayed" });
  });

  it("has a reply on record before anyone sees it, and keeps no failure", async () => {
    const order: string[] = [];
    const kept = new Map<string, StoredReply>();
    const clock = new FakeClock();
    const provider = new FakeProvider(async (asked) => {
      if (asked.messages[0]?.content === "bad") throw new RequestRefused("fake", 400, "fake", "no");
      return reply("yes");
    });
    const { model } = stackOver(provider, clock, {
      replies: {
        ...NO_REPLIES,
        put: async (key, stored) => {
          await clock.sleep(50);
          kept.set(key, stored);
          order.push("kept");
        },
        invalidate: async () => {},
      },
    });
    await model.complete(request("good"), never).then(() => order.push("seen"));
    await expect(model.complete(request("bad"), never)).rejects.toBeInstanceOf(RequestRefused);
    expect(order).toEqual(["kept", "seen"]);
    expect(kept.size).toBe(1);
  });

  it("takes what the shared store serves into the run's own record", async () => {
    const stored: StoredReply = { text: "old", usage: reply("").usage, model: "fake", finish: "stop" };
    const puts: string[] = [];
    const provider = slowEcho(new FakeClock(), 1);
    const { model } = stackOver(provider, new FakeClock(), {
      replies: {
        has: () => true,
        get: async () => ({ where: "cached", reply: stored }),
        put: async (key) => void puts.push(key),
        invalidate: async () => {},
      },
    });
    const served = await model.complete(request("a"), never);
    expect(served).toMatchObject({ text: "old", source: "cached", requests: 0 });
    expect(puts).toEqual([served.key]);
    expect(provider.seen).toHaveLength(0);
  });

  it("passes on that nothing can be kept any more", async () => {
    const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    const { model } = stackOver(slowEcho(new FakeClock(), 1), new FakeClock(), {
      replies: { ...NO_REPLIES, put: () => Promise.reject(full), invalidate: async () => {} },
    });
    await expect(model.complete(request("a"), never)).rejects.toBe(full);
  });
});

describe("single flight", () => {
  it("sends two equal requests in flight once", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 100);
    const { model, budget } = stackOver(provider, clock);
    const recorded: number[] = [];
    const ask = () => model.complete(request("a", { onRequest: async (n) => void recorded.push(n) }), never);
    const replies = await Promise.all([ask(), ask(), ask()]);
    expect(provider.seen).toHaveLength(1);
    expect(recorded).toEqual([1]);
    expect(replies.map(({ source }) => source)).toEqual(["provider", "shared", "shared"]);
    expect(replies.map(({ requests }) => requests)).toEqual([1, 0, 0]);
    expect(new Set(replies.map(({ key }) => key)).size).toBe(1);
    expect(budget.spent.calls).toBe(1);
  });

  it("leaves no gap between a flight's end and the record", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 5);
    const { model } = stackOver(provider, clock);
    let running = true;
    const first = model.complete(request("a"), never).finally(() => {
      running = false;
    });
    const others: Promise<unknown>[] = [];
    while (running) {
      others.push(model.complete(request("a"), never));
      await Promise.resolve();
      if (others.length % 50 === 0) await settled();
    }
    await Promise.all([first, ...others]);
    expect(provider.seen).toHaveLength(1);
  });

  it("lets a failure reach every waiter", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async () => {
      await clock.sleep(10);
      throw new KeyRefused("fake", 401, "no");
    });
    const { model } = stackOver(provider, clock);
    const ends = await Promise.allSettled([1, 2, 3].map(() => model.complete(request("a"), never)));
    expect(provider.seen).toHaveLength(1);
    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { name: "KeyRefused" } });
  });

  it("is aborted only when its last waiter has left", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 1000);
    const { model } = stackOver(provider, clock);
    const [one, two] = [new AbortController(), new AbortController()];
    const first = model.complete(request("a"), one.signal);
    const second = model.complete(request("a"), two.signal);
    await settled();
    one.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    // The request was paid for on behalf of the one who stayed.
    await expect(second).resolves.toMatchObject({ text: "echo a", source: "provider", requests: 1 });

    // Who comes at the moment the last one leaves gets a request of their own.
    const three = new AbortController();
    const left = model.complete(request("d"), three.signal);
    await settled();
    three.abort(new Error("left"));
    const joined = model.complete(request("d"), never);
    await expect(left).rejects.toThrow("left");
    await expect(joined).resolves.toMatchObject({ text: "echo d" });

    const third = model.complete(request("b"), one.signal);
    await expect(third).rejects.toThrow("left");
    const fourth = model.complete(request("c"), two.signal);
    await settled();
    two.abort(new Error("gone"));
    await expect(fourth).rejects.toThrow("gone");
    await settled();
    expect(provider.running).toBe(0);
    await expect(model.complete(request("c"), never)).resolves.toMatchObject({ text: "echo c" });
  });
});

describe("retry", () => {
  it.each([
    ["a fault", () => fault()],
    ["no answer", () => new ProviderFault("fake", null, null, "reset")],
    ["a broken body", () => new BodyBroken("fake", "cut")],
  ])("repeats %s up to eight times, then says so", async (_, error) => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async () => {
      throw error();
    });
    const { model, budget } = stackOver(provider, clock);
    const attempts: number[] = [];
    const end = model.complete(request("a", { onRequest: async (n) => void attempts.push(n) }), never);
    await expect(end).rejects.toBeInstanceOf(error().constructor);
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(budget.spent.calls).toBe(8);
    expect(clock.sleeping).toBe(0);
  });

  it("waits longer each time, by a jitter that the seed decides", async () => {
    const waits = async (seed: number) => {
      const clock = new FakeClock();
      const provider = new FakeProvider(async (_, __, count) => {
        if (count < 8) throw fault();
        return reply("at last");
      });
      const done = await stackOver(provider, clock, { seed }).model.complete(request("a"), never);
      expect(done).toMatchObject({ text: "at last", requests: 8 });
      expect(done.milliseconds).toBe(clock.slept.reduce((sum, each) => sum + each, 0));
      return clock.slept;
    };
    const slept = await waits(1);
    expect(slept).toHaveLength(7);
    slept.forEach((wait, index) => {
      const full = Math.min(100 * 3 ** index, 30_000);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    });
    expect(await waits(1)).toEqual(slept);
    expect(await waits(2)).not.toEqual(slept);
  });

  it("waits as long as the server asks, within reason", async () => {
    const wait = async (retryAfter: number) => {
      const clock = new FakeClock();
      const provider = new FakeProvider(async (_, __, count) => {
        if (count === 1) throw new ProviderFault("fake", 503, retryAfter, "busy");
        return reply("now");
      });
      await stackOver(provider, clock).model.complete(request("a"), never);
      return clock.slept[0];
    };
    expect(await wait(7_000)).toBe(7_000);
    expect(await wait(200_000)).toBe(200_000);
  });

  it.each([
    ["key", () => new KeyRefused("fake", 401, "no")],
    ["request", () => new RequestRefused("fake", 404, "fake", "no such model")],
    ["bug", () => new TypeError("undefined is not a function")],
  ])("does not repeat a refused %s", async (_, error) => {
    const provider = new FakeProvider(async () => {
      throw error();
    });
    await expect(stackOver(provider, new FakeClock()).model.complete(request("a"), never)).rejects.toThrow(
      error().message,
    );
    expect(provider.seen).toHaveLength(1);
  });

  it("counts what replies without an answer cost, whether or not one comes in the end", async () => {
    const usage = { prompt: 10, completion: 5, estimated: false, cached: 4 };
    const silent = (answers: number) =>
      new FakeProvider(async (_asked, _signal, count) => {
        if (count <= answers) throw new AnswerMissing("fake", "fake", "empty", "", usage);
        return reply("yes");
      });
    const late = stackOver(silent(2), new FakeClock());
    expect(await late.model.complete(request("a"), never)).toMatchObject({
      usage: { prompt: 30, completion: 15, cached: 8 },
      requests: 3,
    });
    expect(late.budget.spent).toMatchObject({ calls: 3, tokens: 45 });
    const none = stackOver(silent(9), new FakeClock());
    await expect(none.model.complete(request("a"), never)).rejects.toMatchObject({
      name: "AnswerMissing",
      usage: { prompt: 30, completion: 15, cached: 12 },
    });
    expect(none.budget.spent).toMatchObject({ calls: 3, tokens: 45 });
  });

  it("repeats at once without a refused parameter, which counts as no back-off but as a request", async () => {
    const clock = new FakeClock();
    const refusals: string[] = [];
    const provider = new FakeProvider(async (_, __, count) => {
      if (count <= 2) throw new ParameterRefused("fake", count === 1 ? "temperature" : "seed", null);
      if (count <= 9) throw fault();
      return reply("fine");
    });
    const { model, budget } = stackOver(provider, clock, { onRefused: ({ parameter }) => refusals.push(parameter) });
    await expect(model.complete(request("a"), never)).resolves.toMatchObject({ text: "fine", requests: 10 });
    expect(refusals).toEqual(["temperature", "seed"]);
    expect(clock.slept).toHaveLength(7);
    expect(budget.spent.calls).toBe(10);
  });
});

describe("budget", () => {
  it("never lets one call too many through", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 10);
    const { model, budget } = stackOver(provider, clock, { limits: { ...NO_LIMITS, calls: 50 }, concurrency: 16 });
    const ends = await Promise.allSettled(
      Array.from({ length: 80 }, (_, index) => model.complete(request(`${index}`), never)),
    );
    expect(provider.seen).toHaveLength(50);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(50);
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    for (const reason of refused) expect(reason).toMatchObject({ name: "BudgetReached", unit: "calls", limit: 50 });
    expect(budget.spent.calls).toBe(50);
  });

  it("counts every attempt and what was spent before", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async () => {
      throw fault();
    });
    const { model } = stackOver(provider, clock, {
      limits: { ...NO_LIMITS, calls: 10 },
      alreadySpent: { calls: 7, tokens: 0, usd: 0 },
    });
    await expect(model.complete(request("a"), never)).rejects.toBeInstanceOf(BudgetReached);
    expect(provider.seen).toHaveLength(3);
  });

  it("keeps tokens: what is in flight is reserved, then settled by the usage that came", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 10);
    const { model, budget } = stackOver(provider, clock, { limits: { ...NO_LIMITS, tokens: 250 }, concurrency: 16 });
    const ask = (content: string) => model.complete(request(content, { params: { max_tokens: 100 } }), never);
    const ends = await Promise.allSettled(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"].map(ask));
    // 15 tokens each: at most two fit at once beside their reserve, yet all of them get through in turn.
    expect(provider.mostRunning).toBe(2);
    expect(ends.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(budget.spent.tokens).toBe(150);
    await expect(ask("11")).rejects.toMatchObject({ name: "BudgetReached", unit: "tokens" });
  });

  it("keeps money, and sends nothing if no price is known", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 1);
    const limits = { ...NO_LIMITS, usd: 0.001 };
    const unknown = stackOver(provider, clock, { limits });
    await expect(unknown.model.complete(request("a"), never)).rejects.toMatchObject({ unit: "usd" });
    expect(provider.seen).toHaveLength(0);

    const { model, budget } = stackOver(provider, clock, { limits });
    const ask = (index: number) =>
      model.complete(request(`${index}`, { model: "gpt-4.1-2025-04-14", params: { max_tokens: 20 } }), never);
    let paid = 0;
    await expect(
      (async () => {
        for (; ; paid++) await ask(paid);
      })(),
    ).rejects.toMatchObject({ name: "BudgetReached", unit: "usd" });
    // 10 × 2 + 5 × 8 dollars a million tokens.
    expect(budget.spent.usd).toBeCloseTo(paid * 60e-6, 9);
    expect(paid).toBeGreaterThan(10);
    expect(budget.spent.usd).toBeLessThanOrEqual(0.001);
  });

  it("sets calls aside for those that name the reservation, and gives the rest back", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 1);
    const { model, budget } = stackOver(provider, clock, { limits: { ...NO_LIMITS, calls: 5 } });
    budget.reserve("end", 3);
    const ask = (content: string, reservation?: string) =>
      model.complete(request(content, reservation === undefined ? {} : { reservation }), never);
    await ask("1");
    await ask("2");
    await expect(ask("3")).rejects.toBeInstanceOf(BudgetReached);
    await ask("4", "end");
    await ask("5", "end");
    await expect(ask("6")).rejects.toBeInstanceOf(BudgetReached);
    budget.release("end");
    await ask("6");
    await expect(ask("7", "end")).rejects.toBeInstanceOf(BudgetReached);
    expect(provider.seen).toHaveLength(5);
  });

  it("gives back what was never sent", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 1000);
    const { model, budget } = stackOver(provider, clock, { concurrency: 1, limits: { ...NO_LIMITS, calls: 3 } });
    budget.reserve("end", 1);
    const controller = new AbortController();
    const first = model.complete(request("1"), never);
    const queued = model.complete(request("2", { reservation: "end" }), controller.signal);
    await settled();
    expect(budget.spent.calls).toBe(2);
    controller.abort(new Error("stop"));
    await expect(queued).rejects.toThrow("stop");
    await settled();
    expect(budget.spent.calls).toBe(1);
    await first;
    await model.complete(request("3"), never);
    await expect(model.complete(request("4"), never)).rejects.toBeInstanceOf(BudgetReached);
    await model.complete(request("4", { reservation: "end" }), never);
    expect(budget.spent).toMatchObject({ calls: 3, tokens: 45 });
  });

  it("charges the prompt of a request that brought no answer, and nothing for an answered fault", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async (_, __, count) => {
      if (count === 1) throw fault();
      if (count === 2) throw new ProviderFault("fake", null, null, "no answer");
      return reply("fine");
    });
    const { model, budget } = stackOver(provider, clock);
    await model.complete(request("x".repeat(350)), never);
    expect(budget.spent).toMatchObject({ calls: 3, tokens: 104 + 15 });
  });
});

describe("limiter", () => {
  it("keeps so many on the way, the most important first", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 10);
    const { model } = stackOver(provider, clock, { concurrency: 2 });
    const ask = (content: string, priority: number) => model.complete(request(content, { priority }), never);
    await Promise.all([ask("a", 0), ask("b", 0), ask("c", 0), ask("d", 5), ask("e", 1), ask("f", 5)]);
    expect(provider.mostRunning).toBe(2);
    expect(provider.seen.map(({ messages }) => messages[0]?.content)).toEqual(["a", "b", "d", "f", "e", "c"]);
  });

  it("keeps a slot for a moment for what follows from an urgent reply", async () => {
    const clock = new FakeClock();
    const provider = slowEcho(clock, 100);
    const { model } = stackOver(provider, clock, { concurrency: 1 });
    const ask = (content: string, priority: number) => model.complete(request(content, { priority }), never);
    const chain = async () => {
      for (const step of ["1", "2", "3"]) {
        await ask(step, 5);
        await clock.sleep(1);
      }
    };
    await Promise.all([chain(), ask("a", 0), ask("b", 0), ask("c", 0)]);
    expect(provider.seen.map(({ messages }) => messages[0]?.content)).toEqual(["1", "2", "3", "a", "b", "c"]);
  });

  it("has no slot while a call backs off", async () => {
    const clock = new FakeClock();
    const provider = faultyOnce(clock);
    const { model } = stackOver(provider, clock, { concurrency: 1 });
    const order: string[] = [];
    const ask = (content: string) => model.complete(request(content), never).then(({ text }) => order.push(text));
    await Promise.all([ask("faulty"), ask("b"), ask("c"), ask("d")]);
    expect(order).toEqual(["b", "c", "d", "faulty"]);
  });

  it("lets a repeat go before what has not been tried yet", async () => {
    const clock = new FakeClock();
    const provider = faultyOnce(clock);
    const { model } = stackOver(provider, clock, { concurrency: 1 });
    const order: string[] = [];
    const contents = ["faulty", ...Array.from({ length: 200 }, (_, index) => `${index}`)];
    await Promise.all(
      contents.map((each) => model.complete(request(each), never).then(({ text }) => order.push(text))),
    );
    expect(order.indexOf("faulty")).toBeLessThan(20);
  });

  it("pauses everyone at a 429 that asks for no time, as if it had not said any", async () => {
    for (const asked of [0, null]) {
      const clock = new FakeClock();
      const free = clock.now() + 20_000;
      let refused = 0;
      const provider = new FakeProvider(async (one, signal) => {
        await clock.sleep(10, signal);
        if (clock.now() < free) {
          refused++;
          throw new RateLimited("fake", asked, "busy");
        }
        return reply(one.messages[0]?.content ?? "");
      });
      const { model } = stackOver(provider, clock);
      await Promise.all(Array.from({ length: 200 }, (_, at) => model.complete(request(`${at}`), never)));
      expect(refused).toBeLessThan(40);
    }
  });

  it("pauses everyone at a 429, for as long as the server asks", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const provider = new FakeProvider(async (_, signal, count) => {
      sent.push(clock.now());
      await clock.sleep(10, signal);
      if (count === 1) throw new RateLimited("fake", 5_000, "slow down");
      return reply("fine");
    });
    const { model } = stackOver(provider, clock, { concurrency: 1 });
    await Promise.all([1, 2, 3].map((index) => model.complete(request(`${index}`), never)));
    expect(sent).toHaveLength(4);
    expect(sent[1]! - sent[0]!).toBeGreaterThanOrEqual(5_010);
  });

  // By more than the longest allowed wait, and by less.
  it.each([3_600_000, 240_000])(
    "pauses no longer, and takes no less than no time, if the clock is set back by %d ms meanwhile",
    async (set) => {
      const time = new FakeClock();
      let back = 0;
      const clock = { now: () => time.now() - back, sleep: time.sleep.bind(time) };
      const provider = new FakeProvider(async (_, signal, count) => {
        await time.sleep(10, signal);
        if (count === 1) throw new RateLimited("fake", 5_000, "slow down");
        back = set;
        return reply("fine");
      });
      const { model } = stackOver(provider, clock, { concurrency: 1 });
      const began = time.now();
      const replies = await Promise.all([1, 2, 3].map((index) => model.complete(request(`${index}`), never)));
      expect(time.now() - began).toBeLessThan(10_000);
      expect(Math.min(...replies.map(({ milliseconds }) => milliseconds))).toBeGreaterThanOrEqual(0);
    },
  );

  it.each([3_600_000, 240_000])("goes on after a pause during which the clock was set back by %d ms", async (set) => {
    const time = new FakeClock();
    let back = 0;
    const clock = { now: () => time.now() - back, sleep: time.sleep.bind(time) };
    const provider = new FakeProvider(async (_, __, count) => {
      if (count === 1) throw new RateLimited("fake", 5_000, "slow down");
      return reply("fine");
    });
    const { model } = stackOver(provider, clock, { concurrency: 1 });
    const began = time.now();
    void time.sleep(2_000).then(() => {
      back = set;
    });
    await model.complete(request("a"), never);
    expect(time.now() - began).toBeLessThan(10_000);
  });

  it("sends fewer at once to a server that keeps refusing, so that every call still gets through", async () => {
    const clock = new FakeClock();
    let windowStart = clock.now();
    let inWindow = 0;
    let refused = 0;
    // At most 4 requests in any second; refused ones wait a second.
    const provider = new FakeProvider(async (asked, signal) => {
      if (clock.now() - windowStart >= 1000) {
        windowStart = clock.now();
        inWindow = 0;
      }
      if (++inWindow > 4) {
        refused++;
        throw new RateLimited("fake", 1000, "4 a second");
      }
      await clock.sleep(300, signal);
      return reply(asked.messages[0]?.content ?? "");
    });
    const { model } = stackOver(provider, clock, { concurrency: 16 });
    const calls = Array.from({ length: 120 }, (_, index) => model.complete(request(`${index}`), never));
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(calls.map((_, index) => `${index}`));
    expect(refused).toBeLessThan(60);
  });

  it("puts each request on record before it leaves, inside its slot", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const provider = new FakeProvider(async (asked) => {
      log.push(`sent ${asked.messages[0]?.content}`);
      return reply("fine");
    });
    const { model, budget } = stackOver(provider, clock, { concurrency: 1, limits: { ...NO_LIMITS, calls: 2 } });
    const ask = (content: string) =>
      model.complete(
        request(content, {
          onRequest: async () => {
            expect(budget.spent.calls).toBeGreaterThan(0);
            await clock.sleep(20);
            log.push(`recorded ${content}`);
          },
        }),
        never,
      );
    const ends = await Promise.allSettled([ask("a"), ask("b"), ask("c")]);
    expect(log).toEqual(["recorded a", "sent a", "recorded b", "sent b"]);
    expect(ends[2]).toMatchObject({ status: "rejected", reason: { name: "BudgetReached" } });
  });

  it("frees a slot once the reply is on record: a crash loses no more than were on the way", async () => {
    const clock = new FakeClock();
    const kept = new Set<string>();
    const provider = new FakeProvider(async (asked) => {
      expect(provider.seen.length - kept.size).toBeLessThanOrEqual(2);
      await clock.sleep(1);
      return reply(`echo ${asked.messages[0]?.content}`);
    });
    const put = async (key: string) => {
      await clock.sleep(50);
      kept.add(key);
    };
    const { model } = stackOver(provider, clock, {
      concurrency: 2,
      replies: { ...NO_REPLIES, put, invalidate: async () => {} },
    });
    await Promise.all(["a", "b", "c", "d", "e"].map((content) => model.complete(request(content), never)));
    expect(kept.size).toBe(5);
  });

  it("does not send what could not be put on record", async () => {
    const provider = slowEcho(new FakeClock(), 1);
    const { model, budget } = stackOver(provider, new FakeClock());
    const full = new Error("disk full");
    const end = model.complete(request("a", { onRequest: () => Promise.reject(full) }), never);
    await expect(end).rejects.toBe(full);
    expect(provider.seen).toHaveLength(0);
    expect(budget.spent.calls).toBe(0);
  });
});

describe("cancel", () => {
  it("settles everything at once, wherever it is, and leaks nothing", async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider(async (asked, signal) => {
      const content = asked.messages[0]?.content ?? "";
      if (content.startsWith("fault")) throw fault();
      if (content.startsWith("limit")) throw new RateLimited("fake", 60_000, "wait");
      await clock.sleep(1e6, signal);
      return reply("late");
    });
    const { model, budget } = stackOver(provider, clock, { concurrency: 4, limits: { ...NO_LIMITS, tokens: 5_000 } });
    const controller = new AbortController();
    const contents = ["slow 1", "slow 2", "fault", "limit", "slow 3", "slow 4", "slow 5", "slow 5"];
    const calls = contents.map((content) => model.complete(request(content), controller.signal));
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    const before = clock.now();
    controller.abort(new Error("cancelled"));
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toMatchObject({ status: "rejected", reason: { message: "cancelled" } });
    }
    await settled();
    expect(clock.now() - before).toBeLessThan(1000);
    expect(provider.running).toBe(0);
    expect(clock.sleeping).toBe(0);
    const { calls: spent } = budget.spent;
    expect(spent).toBe(provider.seen.length);
    // Every slot is free again.
    const free = slowEcho(clock, 1);
    provider.seen.length = 0;
    Object.assign(provider, { answer: free.answer });
    await Promise.all([1, 2, 3, 4, 5, 6].map((index) => model.complete(request(`again ${index}`), never)));
    expect(provider.mostRunning).toBeLessThanOrEqual(4);
  });

  it("withdraws what was put on record and has not left", async () => {
    const provider = slowEcho(new FakeClock(), 1);
    const { model, budget } = stackOver(provider, new FakeClock());
    const controller = new AbortController();
    const told: string[] = [];
    const call = model.complete(
      request("a", {
        onRequest: async (attempt) => {
          told.push(`requested ${attempt}`);
          await settled();
          controller.abort(new Error("cancelled"));
        },
        onWithdrawn: (attempt) => told.push(`withdrawn ${attempt}`),
      }),
      controller.signal,
    );
    // Who asked is let go when it is known what became of the request, not before.
    await expect(call).rejects.toThrow("cancelled");
    expect(told).toEqual(["requested 1", "withdrawn 1"]);
    expect(provider.seen).toHaveLength(0);
    expect(budget.spent).toEqual({ calls: 0, tokens: 0, usd: 0 });
  });

  it("sends nothing on behalf of someone who has left already", async () => {
    const provider = slowEcho(new FakeClock(), 1);
    const { model } = stackOver(provider, new FakeClock());
    await expect(model.complete(request("a"), AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(provider.seen).toHaveLength(0);
  });

  it("gives a reason that is not an error as it is", async () => {
    const clock = new FakeClock();
    const { model } = stackOver(slowEcho(clock, 1e6), clock);
    const controller = new AbortController();
    const call = model.complete(request("a"), controller.signal);
    await Promise.resolve();
    controller.abort("stop");
    await expect(call).rejects.toBe("stop");
  });
});

describe("the whole stack", () => {
  it("gives the same replies for the same requests, whatever fails and in whatever order they come", async () => {
    const contents = Array.from({ length: 200 }, (_, index) => `${index % 120}`);
    const run = async (faultRate: number, order: string[], concurrency: number) => {
      const clock = new FakeClock();
      let state = 7;
      const provider = new FakeProvider(async (asked, signal) => {
        state = (state * 48_271) % 2_147_483_647;
        await clock.sleep(state % 50, signal);
        if ((state % 1000) / 1000 < faultRate) {
          throw [fault(), new RateLimited("fake", null, "slow"), new BodyBroken("fake", "cut")][state % 3];
        }
        return reply(`echo ${asked.messages[0]?.content}`);
      });
      const { model, budget } = stackOver(provider, clock, { concurrency });
      const recorded: number[] = [];
      const replies = await Promise.all(
        order.map(async (content) => {
          const onRequest = async (attempt: number) => void recorded.push(attempt);
          return [content, (await model.complete(request(content, { onRequest }), never)).text] as const;
        }),
      );
      expect(recorded).toHaveLength(provider.seen.length);
      expect(budget.spent.calls).toBe(provider.seen.length);
      return { replies: Object.fromEntries(replies), requests: provider.seen.length };
    };
    const clean = await run(0, contents, 16);
    const faulty = await run(0.2, [...contents].reverse(), 3);
    expect(clean.requests).toBe(120);
    expect(faulty.requests).toBeGreaterThan(120);
    expect(faulty.replies).toEqual(clean.replies);
  });
});
