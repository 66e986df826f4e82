import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { RateLimited } from "../../../src/models/errors.ts";
import type { Model, ModelReply } from "../../../src/models/model.ts";
import type { Memory } from "../../../src/models/parameters/learned.ts";
import { priceList } from "../../../src/models/prices.ts";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import type { ServerModel } from "../../../src/models/protocols/server-model.ts";
import { FLEX_PATIENCE, readTiers, tiersLabel, timeoutOf } from "../../../src/models/tiers/choice.ts";
import { withTiers } from "../../../src/models/tiers/tiers.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { reply as completed, FakeClock, never, request, stackOver } from "./fakes.ts";

/** The flex tier over HTTP: half the price where there is room. */

const { clock } = nodeDeps();
// biome-ignore lint/suspicious/noExplicitAny: whatever the SDK sends
type Body = any;
type Answer = readonly [status: number, body: object];

const reply = (tier: string | undefined): Answer => [
  200,
  {
    model: "gpt-6-luna",
    choices: [{ message: { content: "yes" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1000, completion_tokens: 1000 },
    ...(tier && { service_tier: tier }),
  },
];
const full: Answer = [
  429,
  { error: { message: "Resource unavailable: the flex tier has no capacity.", code: "resource_unavailable" } },
];

interface Played {
  readonly fallback: boolean;
  readonly calls: number;
  readonly timeout: number;
  readonly isParallel: boolean;
  readonly memory: Memory;
}

/** Calls one model over a server that answers `flex` by turns, and all else with a reply. */
async function play(
  flex: readonly (Answer | "hang")[],
  { fallback = false, calls = 1, timeout = 60_000, isParallel = false, memory }: Partial<Played> = {},
) {
  const seen: (string | undefined)[] = [];
  let turn = 0;
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const { service_tier: tier }: Body = JSON.parse(Buffer.concat(parts).toString());
    seen.push(tier);
    const answer = tier === "flex" ? (flex[Math.min(turn++, flex.length - 1)] ?? reply("flex")) : reply("default");
    if (answer === "hang") return;
    const [status, body] = answer;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const otherTiers: string[] = [];
  const model = withTiers(
    createOpenAI({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      key: "k",
      clock,
      timeout,
      ...(memory && { memory }),
    }),
    readTiers("flex")!,
    {
      clock,
      newMark: () => "x",
      concurrency: 4,
      fallback,
    },
  );
  const { model: stack, budget } = stackOver(model, clock, {
    price: priceList(),
    onOtherTier: (name, reason) => otherTiers.push(`${name} ${reason}`),
  });
  const ends: unknown[] = [];
  const ask = async (call: number) => {
    const asked = request(`hi ${call}`, { model: "gpt-6-luna", params: { reasoning_effort: "none" } });
    ends.push(await stack.complete(asked, new AbortController().signal).catch((error: unknown) => error));
  };
  const numbers = Array.from({ length: calls }, (_, call) => call);
  if (isParallel) await Promise.all(numbers.map(ask));
  else for (const call of numbers) await ask(call);
  return { ends, seen, otherTiers, usd: budget.spent.usd };
}

const noRoom = () => new RateLimited("openai https://x", null, "Resource Unavailable", "no room");

/** A model whose nodes are asked at the flex tier, which `flex` answers, and its optimizer at the standard one, which works. */
function atTwoTiers(virtual: FakeClock, flex: () => ModelReply): Model {
  const server: Partial<ServerModel> = {
    identity: "openai https://x",
    hasFlex: true,
    complete: async ({ params }) => (params.service_tier === "flex" ? flex() : completed("now")),
  };
  const provider = withTiers(server as ServerModel, readTiers("forward=flex,optimizer=now")!, {
    clock: virtual,
    newMark: () => "",
    concurrency: 4,
    fallback: false,
  });
  return stackOver(provider, virtual).model;
}

describe("flex", () => {
  it("costs half if the reply says so, and not if it was served otherwise", async () => {
    const half = await play([reply("flex")]);
    expect(half.ends).toMatchObject([{ text: "yes", usage: { tier: "flex" } }]);
    expect(half.usd).toBeCloseTo(0.0003, 9);
    const whole = await play([reply("default")]);
    expect(whole.ends[0]).not.toHaveProperty("usage.tier");
    expect(whole.usd).toBeCloseTo(0.0006, 9);
  });

  it("without room waits for it", async () => {
    const { ends, seen, otherTiers } = await play([full, full, reply("flex")]);
    expect(ends).toMatchObject([{ text: "yes", usage: { tier: "flex" } }]);
    expect(seen).toEqual(["flex", "flex", "flex"]);
    expect(otherTiers).toEqual([]);
  });

  it("that takes too long (408) is tried again, at its price", async () => {
    const late: Answer = [408, { error: { message: "Request timed out.", type: "timeout", code: null } }];
    const { ends, seen } = await play([late, late, reply("flex")]);
    expect(ends).toMatchObject([{ text: "yes", usage: { tier: "flex" } }]);
    expect(seen).toEqual(["flex", "flex", "flex"]);
  });

  it("without room falls back if that is allowed, and says so: each request tries it first", async () => {
    const { ends, seen, otherTiers, usd } = await play([full], { fallback: true, calls: 2 });
    expect(ends).toMatchObject([{ text: "yes" }, { text: "yes" }]);
    expect(seen).toEqual(["flex", undefined, "flex", undefined]);
    expect(otherTiers).toEqual(["gpt-6-luna no room", "gpt-6-luna no room"]);
    expect(usd).toBeCloseTo(0.0012, 9);
  });

  it("that takes too long falls back if that is allowed: told by the server, or given up by us", async () => {
    const late: Answer = [408, { error: { message: "Request timed out.", type: "timeout", code: null } }];
    const told = await play([late], { fallback: true });
    expect(told).toMatchObject({ seen: ["flex", undefined], otherTiers: ["gpt-6-luna too slow"] });
    const given = await play(["hang"], { fallback: true, timeout: 5_000 });
    expect(given).toMatchObject({ seen: ["flex", undefined], otherTiers: ["gpt-6-luna too slow"] });
  });

  it.each([
    [400, { error: { message: "Invalid service_tier argument", param: "service_tier", code: null } }],
    [500, { error: { message: "Invalid service_tier argument", param: "service_tier", type: "server_error" } }],
    [
      400,
      { error: { message: "Invalid service_tier argument: not allowed for this project.", param: "service_tier" } },
    ],
    [400, { error: { message: "Unsupported service_tier: flex", type: "invalid_request_error" } }],
    [400, { detail: "Unsupported service_tier: flex" }],
    [400, { error: { message: "Flex is not available for this model.", type: "invalid_request_error", param: null } }],
    [400, { error: { message: "Flex API is not supported for model: gpt-6-luna." } }],
    [
      400,
      { error: { message: "Unknown parameter: 'service_tier'.", param: "service_tier", code: "unknown_parameter" } },
    ],
    [403, { error: { message: "Your project does not have access to the flex service tier." } }],
    [
      422,
      { detail: [{ type: "extra_forbidden", loc: ["body", "service_tier"], msg: "Extra inputs are not permitted" }] },
    ],
  ] as const)(
    "that a model does not have ends the run, or is not tried again if the standard price is allowed: %i %j",
    async (...unserved) => {
      const [end] = (await play([unserved])).ends;
      expect(end).toMatchObject({ code: "TierUnavailable", tier: "flex", reach: "run" });
      expect(end).toHaveProperty("detail", expect.stringMatching(/tier|flex|permitted/i));
      const { ends, seen, otherTiers } = await play([unserved], { fallback: true, calls: 3 });
      expect(ends).toMatchObject([{ text: "yes" }, { text: "yes" }, { text: "yes" }]);
      expect(seen).toEqual(["flex", undefined, undefined, undefined]);
      expect(new Set(otherTiers)).toEqual(new Set(["gpt-6-luna not served"]));
    },
  );

  it("is never left out of a request on its own: not by concurrent requests, and not because of an earlier run", async () => {
    let kept = "";
    const memory = {
      read: async () => kept,
      write: async (text: string) => {
        kept = text;
      },
    };
    const unserved: Answer = [400, { error: { message: "Unsupported service_tier: flex" } }];
    for (let run = 0; run < 2; run++) {
      const { ends, seen } = await play([unserved], { calls: 4, isParallel: true, memory });
      expect(ends.every((end) => Object(end).code === "TierUnavailable")).toBe(true);
      expect(seen).not.toContain(undefined);
    }
    expect(kept).not.toContain("service_tier");
  });

  it("that the server ignores, or a dearer tier, is told", async () => {
    expect(await play([reply("default")])).toMatchObject({ otherTiers: ["gpt-6-luna ignored"] });
    expect(await play([reply(undefined)])).toMatchObject({ otherTiers: ["gpt-6-luna ignored"] });
    expect(await play([reply("priority")])).toMatchObject({ otherTiers: ["gpt-6-luna priority"] });
    expect(await play([reply("flex")])).toMatchObject({ otherTiers: [] });
  });

  it("has a quarter of an hour, unless the user says otherwise", () => {
    expect(timeoutOf(readTiers("optimizer=flex")!, 120_000)).toBe(900_000);
    expect(timeoutOf(readTiers("batch")!, 120_000)).toBe(120_000);
  });

  it("is named as it is read", () => {
    for (const text of ["flex", "batch", "now", "forward=batch,optimizer=flex"]) {
      expect(tiersLabel(readTiers(text)!)).toBe(text);
    }
  });

  it("without room delays no request at another tier, and its own are not sent again and again", async () => {
    const virtual = new FakeClock();
    let refused = 0;
    let isOpen = false;
    const waited: number[] = [];
    const model = atTwoTiers(virtual, () => {
      if (isOpen) return { ...completed("later"), usage: { ...completed("").usage, tier: "flex" } };
      refused++;
      throw noRoom();
    });
    const waiting = Array.from({ length: 40 }, (_, at) => model.complete(request(`sample ${at}`), never));
    for (let at = 0; at < 20; at++) {
      await virtual.sleep(17_000);
      const asked = virtual.now();
      await model.complete(request(`text ${at}`, { tag: { purpose: "optimizer", node: "a", sample: null } }), never);
      waited.push(virtual.now() - asked);
    }
    expect(Math.max(...waited)).toBeLessThan(100);
    // 340 s: each pause ends with as many requests as are sent at once.
    expect(refused).toBeLessThan(4 * 25);
    isOpen = true;
    const replies = await Promise.all(waiting);
    expect(replies.every(({ text }) => text === "later")).toBe(true);
  });

  it("without room ends the run after half an hour, though the same model answers at another tier", async () => {
    const virtual = new FakeClock();
    const started = virtual.now();
    const model = atTwoTiers(virtual, () => {
      throw noRoom();
    });
    let end: unknown = null;
    model.complete(request("hi"), never).catch((error: unknown) => {
      end = error;
    });
    // An hour, in which the other tier answers once a minute.
    for (let at = 0; at < 60 && end === null; at++) {
      await virtual.sleep(60_000);
      await model.complete(request(`text ${at}`, { tag: { purpose: "optimizer", node: "a", sample: null } }), never);
    }
    expect(end).toMatchObject({ code: "WaitTooLong", reason: "no room" });
    expect((virtual.now() - started) / 60_000).toBeGreaterThanOrEqual(30);
    expect((virtual.now() - started) / 60_000).toBeLessThan(33);
  });

  it("without room ends the run after half an hour, or after the time that the user allows", async () => {
    const noRoom = async () => {
      throw new RateLimited("openai https://x", null, "Resource Unavailable", "no room");
    };
    for (const [maxWait, minutes] of [
      [undefined, 30],
      [60_000, 1],
      // Also if the time is that of other tiers.
      [300_000, 5],
    ] as const) {
      const virtual = new FakeClock();
      const started = virtual.now();
      const provider = { identity: "openai https://x", patience: FLEX_PATIENCE, complete: noRoom };
      const { model } = stackOver(provider, virtual, maxWait === undefined ? {} : { maxWait });
      const end = await model.complete(request("hi"), new AbortController().signal).catch((error: unknown) => error);
      expect(end).toMatchObject({ code: "WaitTooLong", reason: "no room" });
      expect((virtual.now() - started) / 60_000).toBeGreaterThanOrEqual(minutes);
      expect((virtual.now() - started) / 60_000).toBeLessThan(minutes + 1.1);
    }
  });
});
