import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/engine/events.ts";
import { askJson, createLlm, type LlmCall, type LlmDeps, RunStopped } from "../../../../src/engine/forward/llm.ts";
import {
  AccessRefused,
  AddressWrong,
  BudgetReached,
  KeyRefused,
  ModelUnknown,
  ProviderFault,
  ReplyWithheld,
  RequestRefused,
} from "../../../../src/models/errors.ts";
import type { ModelReply, ModelRequest } from "../../../../src/models/model.ts";
import { FakeClock, FakeProvider, NO_LIMITS, reply, settled, stackOver } from "../../models/fakes.ts";
import { choice, ofType, recorder } from "../fixtures.ts";

function question(content: string, more: Partial<LlmCall> = {}): LlmCall {
  const messages = [{ role: "user", content }] as const;
  return { purpose: "forward", node: "a", sample: "1", split: "train", choice, messages, ...more };
}

const content = ({ messages }: ModelRequest) => messages[0]!.content;

type Answer = (request: ModelRequest, signal: AbortSignal, count: number) => Promise<ModelReply>;

/** The whole wrapper stack over a provider that answers as told. */
function openAsk(
  answer: Answer = async (asked) => reply(`echo ${content(asked)}`),
  more: Partial<LlmDeps> = {},
  calls: number | null = null,
) {
  const provider = new FakeProvider(answer);
  const { model, replies } = stackOver(provider, new FakeClock(), { limits: { ...NO_LIMITS, calls } });
  const { emit, events } = recorder();
  const stop = new AbortController();
  const ask = createLlm({ model, seed: 1, stop, emit, price: () => 0.5, ...more });
  return { ask, provider, events, stop, replies };
}

/** Answers until the signal of the request is aborted, as a real connection does. */
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("a call", () => {
  it("is on record before its request leaves, and its reply when it has come", async () => {
    let record = () => {};
    const events: RunEvent[] = [];
    const { ask, provider } = openAsk(undefined, {
      emit: (event) => {
        events.push(event);
        return event.type === "requested"
          ? new Promise((resolve) => {
              record = resolve;
            })
          : Promise.resolve();
      },
    });
    const reply = ask(question("q"));
    await settled();
    const about = { purpose: "forward", node: "a", sample: "1", split: "train" };
    expect(events).toEqual([{ type: "requested", ...about, attempt: 1 }]);
    expect(provider.seen).toEqual([]);
    record();
    const { key } = await reply;
    expect(provider.seen).toHaveLength(1);
    expect(events[1]).toMatchObject({
      type: "call",
      ...about,
      key,
      model: "fake",
      usage: { prompt: 10, completion: 5 },
      usd: 0.5,
      source: "provider",
      requests: 1,
      error: null,
    });
  });

  it("that is served from what is on record waits until its own record is written", async () => {
    let record = () => {};
    const written = new Promise<void>((resolve) => {
      record = resolve;
    });
    const { ask } = openAsk(undefined, {
      emit: (event) => (event.type === "call" && event.source === "replayed" ? written : Promise.resolve()),
    });
    await ask(question("q"));
    let served = false;
    const again = ask(question("q")).then(() => {
      served = true;
    });
    await settled();
    expect(served).toBe(false);
    record();
    await again;
  });

  it("that is repeated puts each request on record", async () => {
    const { ask, events } = openAsk(async (_, _signal, count) => {
      if (count < 3) throw new ProviderFault("fake", 503, null, "busy");
      return reply("at last");
    });
    await ask(question("q"));
    expect(ofType(events, "requested").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(ofType(events, "call")).toMatchObject([{ requests: 3, source: "provider" }]);
  });

  it("that is answered from the record requests nothing, and says what it cost", async () => {
    const { ask, events } = openAsk();
    await ask(question("q"));
    await ask(question("q", { node: "b" }));
    expect(ofType(events, "requested")).toHaveLength(1);
    expect(ofType(events, "call")[1]).toMatchObject({ node: "b", source: "replayed", requests: 0, usd: 0.5 });
  });

  it("that failed is on record with its error, unless it never left", async () => {
    const { ask, events, provider } = openAsk(
      async () => {
        throw new RequestRefused("fake", 400, "fake", "too long");
      },
      {},
      1,
    );
    await expect(ask(question("q"))).rejects.toBeInstanceOf(RequestRefused);
    await expect(ask(question("r"))).rejects.toBeInstanceOf(BudgetReached);
    expect(provider.seen).toHaveLength(1);
    expect(ofType(events, "call")).toMatchObject([{ error: "RequestRefused", requests: 1, source: "provider" }]);
  });

  it("shares one reply among equal questions at temperature 0, and draws anew for a repeat or a warmer model", async () => {
    const { ask, provider } = openAsk();
    const warm = { model: "fake", params: { temperature: 1 } };
    await Promise.all([ask(question("q")), ask(question("q", { sample: "2" }))]);
    expect(provider.seen.map(({ draw }) => draw)).toEqual([0]);
    for (const more of [{ index: 1 }, { index: 2 }, { choice: warm }, { choice: warm, index: 1 }]) {
      await ask(question("q", more));
      await ask(question("q", more));
    }
    const draws = provider.seen.slice(1).map(({ draw }) => draw);
    expect(draws).toHaveLength(4);
    expect(draws).not.toContain(0);
    expect(new Set(draws).size).toBe(3);
    const again = openAsk();
    await again.ask(question("q", { index: 1 }));
    expect(again.provider.seen[0]?.draw).toBe(draws[0]);
  });

  it("on a test row draws on what is set aside for it", async () => {
    const { ask, provider } = openAsk();
    await ask(question("q", { split: "test" }));
    await ask(question("r", { split: "validation" }));
    expect(provider.seen.map(({ reservation }) => reservation)).toEqual(["test", undefined]);
  });
});

describe("the run is stopped", () => {
  it.each([
    new KeyRefused("fake", 401, "no such key"),
    new KeyRefused("fake", 403, "not yours"),
    new AccessRefused("fake", "quota", "nothing is left"),
    new ModelUnknown("fake", 404, "fake", "no such model"),
    new AddressWrong("fake", 200, "web page", "Sign in", null),
  ])("at once by $name $status, and nothing more is sent", async (error) => {
    const { ask, provider, stop } = openAsk(async (asked, signal) => {
      if (content(asked) === "bad") throw error;
      return hang(signal);
    });
    const others = [ask(question("other 1")), ask(question("other 2"))].map((call) => call.catch((reason) => reason));
    await expect(ask(question("bad"))).rejects.toMatchObject({ name: "RunStopped", cause: error });
    expect(await Promise.all(others)).toEqual([expect.any(RunStopped), expect.any(RunStopped)]);
    expect(stop.signal.reason).toBe(error);
    await expect(ask(question("later"))).rejects.toMatchObject({ cause: error });
    expect(provider.seen).toHaveLength(3);
    expect(provider.running).toBe(0);
  });

  it("when the provider fails three calls in a row", async () => {
    const { ask, provider, stop } = openAsk(async (_, _signal, count) => {
      throw new ProviderFault("fake", 500, null, `no ${count}`);
    });
    await expect(ask(question("1"))).rejects.toBeInstanceOf(ProviderFault);
    await expect(ask(question("2"))).rejects.toBeInstanceOf(ProviderFault);
    expect(stop.signal.aborted).toBe(false);
    await expect(ask(question("3"))).rejects.toMatchObject({ name: "RunStopped", cause: { name: "ProviderFault" } });
    const before = provider.seen.length;
    await expect(ask(question("4"))).rejects.toBeInstanceOf(RunStopped);
    expect(provider.seen).toHaveLength(before);
  });

  it("not by requests that fail while the server answers others", async () => {
    const { ask, stop } = openAsk(async (asked) => {
      if (!content(asked).startsWith("bad")) return reply("fine");
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new ProviderFault("fake", 500, null, "tokenizer crashed");
    });
    const asked = ["bad 1", "bad 2", "bad 3", "bad 4", "good"].map((each) => ask(question(each)));
    const ended = await Promise.allSettled(asked);
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected", "fulfilled"]);
    expect(stop.signal.aborted).toBe(false);
  });

  it("not by requests that are refused for what they hold, however many there are", async () => {
    const { ask, stop } = openAsk(async () => {
      throw new RequestRefused("fake", 400, "fake", "too many tokens", "too long");
    });
    for (let count = 0; count < 10; count++) {
      await expect(ask(question(`${count}`))).rejects.toBeInstanceOf(RequestRefused);
    }
    expect(stop.signal.aborted).toBe(false);
  });

  it("not by lost calls that a reply is between, nor by the budget", async () => {
    const { ask, stop } = openAsk(
      async (asked) => {
        if (content(asked).startsWith("bad")) throw new ProviderFault("fake", 503, null, "no");
        return reply("fine");
      },
      {},
      6,
    );
    for (const each of ["bad 1", "bad 2", "good 1", "bad 3", "bad 4", "good 2"])
      await ask(question(each)).catch(() => {});
    for (const each of ["a", "b", "c", "d"]) await expect(ask(question(each))).rejects.toBeInstanceOf(BudgetReached);
    expect(stop.signal.aborted).toBe(false);
  });

  it("not by replies from the record: they say nothing about the provider", async () => {
    const { ask } = openAsk(async (asked) => {
      if (content(asked).startsWith("bad")) throw new ProviderFault("fake", 503, null, "no");
      return reply("fine");
    });
    await ask(question("good"));
    for (const each of ["bad 1", "bad 2"]) await ask(question(each)).catch(() => {});
    await ask(question("good"));
    await expect(ask(question("bad 3"))).rejects.toBeInstanceOf(RunStopped);
  });

  it("not by one lost call that several wait for", async () => {
    const { ask, provider, stop } = openAsk(async () => {
      await settled();
      throw new ProviderFault("fake", 500, null, "no");
    });
    const waiting = ["1", "2", "3", "4"].map((sample) => ask(question("the same", { sample })));
    for (const call of waiting) await expect(call).rejects.toBeInstanceOf(ProviderFault);
    expect(new Set(provider.seen.map(content))).toEqual(new Set(["the same"]));
    expect(stop.signal.aborted).toBe(false);
  });

  it("by whoever stops it: calls on the way end, and are on record as far as they left", async () => {
    const { ask, provider, stop, events } = openAsk(async (_, signal) => hang(signal));
    const call = ask(question("q"));
    await settled();
    expect(provider.running).toBe(1);
    stop.abort(new Error("cancelled"));
    await expect(call).rejects.toMatchObject({ name: "RunStopped", cause: { message: "cancelled" } });
    expect(provider.running).toBe(0);
    expect(ofType(events, "call")).toMatchObject([{ requests: 1 }]);
  });
});

describe("settled", () => {
  it("waits for every call on the way, also for those that fail, and lets none follow", async () => {
    const clock = new FakeClock();
    const { ask, provider } = openAsk(async (asked, signal) => {
      await clock.sleep(100, signal);
      if (content(asked) === "bad") throw new RequestRefused("fake", 400, "fake", "no");
      return reply("fine");
    });
    const ended: string[] = [];
    const end = (name: string) => () => ended.push(name);
    const first = ask(question("first")).then(end("first"));
    const second = first.then(() => ask(question("second")));
    second.catch(() => {});
    void ask(question("bad")).catch(end("bad"));
    await ask.settled();
    expect(ended.sort()).toEqual(["bad", "first"]);
    await expect(second).rejects.toBeInstanceOf(RunStopped);
    expect(provider.seen).toHaveLength(2);
  });
});

describe("a reply that is not the JSON asked for", () => {
  it("is asked for again, and the run says so", async () => {
    const { ask, events } = openAsk(async (_, __, count) => reply(count === 1 ? "Well, well." : '{"a": "x"}'));
    const schema = { name: "s", schema: { type: "object", properties: { a: {} } } };
    const read = (value: unknown) => (typeof value === "object" && value !== null && "a" in value ? value.a : null);
    expect(await askJson(ask, question("q", { schema }), { read, repair: () => "as JSON, please" })).toBe("x");
    expect(ofType(events, "warning")).toEqual([{ type: "warning", code: "reply repaired", node: "a", sample: "1" }]);
    expect(await askJson(ask, question("r", { schema }), { read, repair: () => "as JSON, please" })).toBe("x");
    expect(ofType(events, "warning")).toHaveLength(1);
  });
});

describe("a reply that was cut", () => {
  const schema = { name: "s", schema: { type: "object", properties: { a: {}, b: {} } } };
  const read = (value: unknown) => (typeof value === "object" && value !== null && "a" in value ? value : null);
  const limited = { model: "fake", params: { temperature: 0, max_tokens: 50 } };
  const cut = (text: string) => reply(text, { finish: "length" });
  const asking = (more: Partial<LlmCall>, ...replies: readonly ModelReply[]) => {
    const { ask, events, provider } = openAsk(async (_, __, count) => replies[count - 1] ?? expect.fail("asked again"));
    return {
      given: askJson(ask, question("q", { schema, ...more }), { read, repair: () => "as JSON" }),
      events,
      provider,
    };
  };

  it("is asked for anew with four times the limit, not shown and repaired: that would be cut again", async () => {
    const { given, events, provider } = asking(
      { choice: limited },
      cut('{"a": 1, "b": "and th'),
      reply('{"a": 1, "b": 2}'),
    );
    expect(await given).toEqual({ a: 1, b: 2 });
    expect(provider.seen.map(({ params }) => params.max_tokens)).toEqual([50, 200]);
    expect(provider.seen[1]?.messages).toEqual(provider.seen[0]?.messages);
    expect(ofType(events, "call").map(({ finish }) => finish)).toEqual(["length", undefined]);
    expect(ofType(events, "warning")).toEqual([]);
  });

  it("is taken if it contains all that was requested", async () => {
    const { given, provider } = asking({ choice: limited }, cut('{"a": 1, "b": 2} And what is mo'));
    expect(await given).toEqual({ a: 1, b: 2 });
    expect(provider.seen).toHaveLength(1);
  });

  it("is taken as far as it goes if the limit is the server's own, and is no more asked for", async () => {
    const { given, provider } = asking({}, cut('{"a": 1, "b": "and th'));
    expect(await given).toEqual({ a: 1 });
    expect(provider.seen).toHaveLength(1);
  });

  it("says so if it contains nothing", async () => {
    const { given } = asking({}, cut('{"b": "and th'));
    await expect(given).rejects.toThrow("the reply was cut at 5 tokens");
    const twice = asking({ choice: limited }, cut(""), cut(""));
    await expect(twice.given).rejects.toMatchObject({ name: "ReplyUnreadable", cutAt: 5 });
    expect(twice.provider.seen).toHaveLength(2);
  });
});

describe("a reply that a content filter took", () => {
  it("is on record with what it cost, answers nothing, and ends no run, however many there are", async () => {
    const { ask, events, provider } = openAsk(async () => reply("I ha", { finish: "filter" }));
    for (const content of ["a", "b", "c", "d", "d"]) {
      await expect(ask(question(content))).rejects.toBeInstanceOf(ReplyWithheld);
    }
    expect(provider.seen).toHaveLength(4);
    expect(ofType(events, "call")).toHaveLength(5);
    expect(ofType(events, "call")[0]).toMatchObject({ finish: "filter", error: null, usd: 0.5 });
  });
});
