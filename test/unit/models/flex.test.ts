import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { priceList } from "../../../src/models/prices.ts";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import { readTiers, timeoutOf } from "../../../src/models/tiers/choice.ts";
import { withTiers } from "../../../src/models/tiers/tiers.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { request, stackOver } from "./fakes.ts";

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
const unserved: Answer = [
  400,
  {
    error: {
      message: "Invalid service_tier argument: flex is not supported for this model.",
      param: "service_tier",
      code: "invalid_request_error",
    },
  },
];

/** Calls one model over a server that answers `flex` by turns, and all else with a reply. */
async function play(flex: readonly Answer[], { fallback = false, calls = 1 } = {}) {
  const seen: (string | undefined)[] = [];
  let turn = 0;
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const { service_tier: tier }: Body = JSON.parse(Buffer.concat(parts).toString());
    seen.push(tier);
    const [status, body] =
      tier === "flex" ? (flex[Math.min(turn++, flex.length - 1)] ?? reply("flex")) : reply("default");
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const fallbacks: string[] = [];
  const model = withTiers(
    createOpenAI({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, key: "k", clock }),
    readTiers("flex")!,
    {
      clock,
      newMark: () => "x",
      concurrency: 4,
      fallback,
      onFallback: (name, reason) => fallbacks.push(`${name} ${reason}`),
    },
  );
  const { model: stack, budget } = stackOver(model, clock, { price: priceList() });
  const ends: unknown[] = [];
  for (let call = 0; call < calls; call++) {
    const asked = request(`hi ${call}`, { model: "gpt-6-luna", params: { reasoning_effort: "none" } });
    ends.push(await stack.complete(asked, new AbortController().signal).catch((error: unknown) => error));
  }
  return { ends, seen, fallbacks, usd: budget.spent.usd };
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
    const { ends, seen, fallbacks } = await play([full, full, reply("flex")]);
    expect(ends).toMatchObject([{ text: "yes", usage: { tier: "flex" } }]);
    expect(seen).toEqual(["flex", "flex", "flex"]);
    expect(fallbacks).toEqual([]);
  });

  it("that takes too long (408) is tried again, at its price", async () => {
    const late: Answer = [408, { error: { message: "Request timed out.", type: "timeout", code: null } }];
    const { ends, seen } = await play([late, late, reply("flex")]);
    expect(ends).toMatchObject([{ text: "yes", usage: { tier: "flex" } }]);
    expect(seen).toEqual(["flex", "flex", "flex"]);
  });

  it("without room falls back if that is allowed, and says so: each request tries it first", async () => {
    const { ends, seen, fallbacks, usd } = await play([full], { fallback: true, calls: 2 });
    expect(ends).toMatchObject([{ text: "yes" }, { text: "yes" }]);
    expect(seen).toEqual(["flex", undefined, "flex", undefined]);
    expect(fallbacks).toEqual(["gpt-6-luna no room", "gpt-6-luna no room"]);
    expect(usd).toBeCloseTo(0.0012, 9);
  });

  it("that a model does not have ends the run, or is not tried again if the standard price is allowed", async () => {
    expect((await play([unserved])).ends).toMatchObject([{ code: "TierUnavailable", tier: "flex", reach: "run" }]);
    const { ends, seen, fallbacks } = await play([unserved], { fallback: true, calls: 3 });
    expect(ends).toMatchObject([{ text: "yes" }, { text: "yes" }, { text: "yes" }]);
    expect(seen).toEqual(["flex", undefined, undefined, undefined]);
    expect(fallbacks).toEqual(["gpt-6-luna not served"]);
  });

  it("has a quarter of an hour, unless the user says otherwise", () => {
    expect(timeoutOf(readTiers("optimizer=flex")!, 120_000)).toBe(900_000);
    expect(timeoutOf(readTiers("batch")!, 120_000)).toBe(120_000);
  });
});
