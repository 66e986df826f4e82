import { describe, expect, it } from "vitest";
import { priceList } from "../../../src/models/prices.ts";
import { createGemini } from "../../../src/models/protocols/gemini.ts";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import type { ServerModel } from "../../../src/models/protocols/server-model.ts";
import { FLEX_PATIENCE, readTiers } from "../../../src/models/tiers/choice.ts";
import { missingTier, withTiers } from "../../../src/models/tiers/tiers.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { request, stackOver } from "./fakes.ts";
import { type Answer, type Seen, serve, type WhenFinished } from "./json-server.ts";

/**
 * What the vendors document about their flex tiers, one row each: what it says and where, how the server answers requests
 * at that tier, and what comes of one request, without and with the user's permission for the standard price. Pages as of
 * 2026-11.
 */

const OPENAI = "developers.openai.com/api/docs/guides/flex-processing";
const OPENAI_API = "developers.openai.com/api/reference/resources/chat";
const AZURE = "learn.microsoft.com/azure/foundry/openai/how-to/flex-processing";
const GEMINI = "ai.google.dev/gemini-api/docs/flex-inference";
const OPENROUTER = "openrouter.ai/docs/guides/features/service-tiers";
const GROQ = "console.groq.com/docs/flex-processing";

type Vendor = "OpenAI" | "Responses" | "Azure" | "Gemini" | "compatible";

/** One answer at the flex tier. `hang`: none within the time limit. A string: with that tier. */
type Flex = { readonly tier: string | null; readonly cached?: number } | Answer | "hang";

interface Documented {
  readonly at: readonly Vendor[];
  readonly says: string;
  readonly source: string;
  /** By turns; the last one stays. */
  readonly flex: readonly Flex[];
  /** How it ends without the user's permission. Default: with a reply. */
  readonly ends?: RegExp;
  /** The tier of each request that is sent. Default: one at flex. */
  readonly sent?: readonly string[];
  /** The same with permission. Default: as without. */
  readonly allowed?: readonly string[];
  /** Share of the standard price that one reply costs, without and with permission. Default: half. */
  readonly costs?: readonly [without: number, allowed: number];
  /** What the user is told, without and with permission. Default: nothing. */
  readonly told?: readonly [without: string | null, allowed: string | null];
  /** Requests that are refused for lack of capacity, which is free: they count as none. Default: 0. */
  readonly free?: readonly [without: number, allowed: number];
  /** Least milliseconds that it takes without permission. */
  readonly waits?: number;
}

const OPENAIS = ["OpenAI", "Responses", "Azure"] as const;
const ALL = [...OPENAIS, "Gemini"] as const;
const error = (status: number, message: string, more: object = {}, headers: Record<string, string> = {}): Answer => [
  status,
  { error: { message, ...more } },
  headers,
];
const google = (status: number, name: string, message: string): Answer => [
  status,
  { error: { code: status, message, status: name } },
];
const HALF: Flex = { tier: "flex" };
const STANDARD = "standard";

const DOCUMENTED: readonly Documented[] = [
  // Prices.
  { at: ALL, says: "half the standard price", source: OPENAI, flex: [HALF] },
  {
    at: ALL,
    says: "half the price of cached tokens, too",
    source: AZURE,
    flex: [{ tier: "flex", cached: 800 }],
    // 200 at the full price, 800 at a tenth of it, 1,000 of completion at five times it, all by half.
    costs: [(0.5 * (200 + 80 + 5000)) / 6000, (0.5 * (200 + 80 + 5000)) / 6000],
  },
  ...(["default", "auto", "standard", "scale", null] as const).map(
    (tier): Documented => ({
      at: tier === "standard" ? ["Gemini", "compatible"] : OPENAIS,
      says: `the tier that served it is another one: ${tier}`,
      source: tier === null ? OPENROUTER : OPENAI_API,
      flex: [{ tier }],
      costs: [1, 1],
      told: ["ignored", "ignored"],
    }),
  ),
  ...(["priority", "fast", "ultrafast"] as const).map(
    (tier): Documented => ({
      at: tier === "priority" ? ALL : OPENAIS,
      says: `the tier that served it is a dearer one: ${tier}`,
      source: OPENAI_API,
      flex: [{ tier }],
      costs: [1, 1],
      told: ["priority", "priority"],
    }),
  ),
  // No capacity.
  ...[
    error(429, "Resource Unavailable"),
    error(429, "Resource unavailable: flex capacity is not available.", { code: "resource_unavailable" }),
    error(429, "There is no capacity for Flex requests now.", { type: "resource_unavailable_error" }),
    error(429, "The requested resource is temporarily unavailable.", { code: "ResourceUnavailable" }),
  ].map(
    (answer): Documented => ({
      at: OPENAIS,
      says: `429 ${JSON.stringify(answer[1])}: nothing is charged`,
      source: OPENAI,
      flex: [answer, answer, HALF],
      sent: ["flex", "flex", "flex"],
      allowed: ["flex", STANDARD],
      costs: [0.5, 1],
      told: [null, "no room"],
      free: [2, 1],
    }),
  ),
  {
    at: OPENAIS,
    says: "429 with Retry-After, which is to be honoured",
    source: AZURE,
    flex: [error(429, "Resource Unavailable", {}, { "retry-after": "1" }), HALF],
    sent: ["flex", "flex"],
    allowed: ["flex", STANDARD],
    costs: [0.5, 1],
    told: [null, "no room"],
    free: [1, 1],
    waits: 950,
  },
  {
    at: ["Gemini"],
    says: "503: the system is currently at capacity",
    source: GEMINI,
    flex: [google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), HALF],
    sent: ["flex", "flex"],
    allowed: ["flex", STANDARD],
    costs: [0.5, 1],
    told: [null, "no room"],
    free: [1, 1],
  },
  {
    at: ["compatible"],
    says: "498 capacity_exceeded",
    source: GROQ,
    flex: [error(498, "Flex tier capacity exceeded", { code: "capacity_exceeded" }), HALF],
    sent: ["flex", "flex"],
    allowed: ["flex", STANDARD],
    costs: [0.5, 1],
    told: [null, "no room"],
    free: [1, 1],
  },
  {
    at: OPENAIS,
    says: "429 for the rate limit, which the standard tier shares: it is waited out",
    source: AZURE,
    flex: [
      error(
        429,
        "Rate limit reached for requests per min (RPM).",
        { code: "rate_limit_exceeded" },
        { "retry-after-ms": "50" },
      ),
      HALF,
    ],
    sent: ["flex", "flex"],
  },
  {
    at: ["Gemini"],
    says: "429: rate limits or resource exhaustion",
    source: GEMINI,
    flex: [google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), HALF],
    sent: ["flex", "flex"],
  },
  {
    at: OPENAIS,
    says: "429 because the credit is used up ends the run",
    source: OPENAI_API,
    flex: [error(429, "You exceeded your current quota.", { code: "insufficient_quota" })],
    ends: /^AccessRefused: .*quota/,
    costs: [0, 0],
  },
  // Time.
  {
    at: OPENAIS,
    says: "408 Request Timeout, which OpenAI's own clients repeat twice",
    source: OPENAI,
    flex: [error(408, "Request timed out."), error(408, "Flex processing timed out. Please try again."), HALF],
    sent: ["flex", "flex", "flex"],
    allowed: ["flex", STANDARD],
    costs: [0.5, 1],
    told: [null, "too slow"],
  },
  {
    at: ALL,
    says: "no answer within the time limit: what was sent may be charged",
    source: AZURE,
    flex: ["hang"],
    ends: /^ProviderFault: .*no answer in time/,
    sent: ["flex", "flex", "flex"],
    allowed: ["flex", STANDARD],
    // The prompt of each, by its length: 5 tokens of 6,000 (a token of a reply costs as much as 5 of a prompt).
    costs: [(3 * 5) / 6000, 1 + 5 / 6000],
    told: [null, "too slow"],
  },
  ...[500, 502, 503, 504].map(
    (status): Documented => ({
      at: status === 503 ? OPENAIS : ALL,
      says: `${status}: a failure that passes`,
      source: AZURE,
      flex: [error(status, "Flex processing failed temporarily. Please try again."), HALF],
      sent: ["flex", "flex"],
    }),
  ),
  // Refusals.
  ...[
    error(400, "Model gpt-6-luna does not support flex processing.", {
      type: "invalid_request_error",
      param: "service_tier",
    }),
    error(400, "Invalid service_tier argument", { type: "invalid_request_error" }),
    error(400, "Flex is not available for this model.", { type: "invalid_request_error" }),
    error(400, "The service tier 'flex' is not supported by this deployment.", { code: "invalid_request_error" }),
  ].map(
    (answer): Documented => ({
      at: OPENAIS,
      says: `400: the model doesn't support it: ${Object(answer[1]).error.message}`,
      source: AZURE,
      flex: [answer],
      ends: /^TierUnavailable/,
      allowed: ["flex", STANDARD],
      costs: [0, 1],
      told: [null, "not served"],
    }),
  ),
  {
    at: ["Gemini"],
    says: "400: the model doesn't support it",
    source: GEMINI,
    flex: [google(400, "INVALID_ARGUMENT", "Flex tier is not supported for this model.")],
    ends: /^TierUnavailable/,
    allowed: ["flex", STANDARD],
    costs: [0, 1],
    told: [null, "not served"],
  },
  ...[
    error(400, "Flex processing doesn't support a context length over 272000 tokens.", {
      type: "invalid_request_error",
    }),
    error(400, "The prompt is too long for service_tier flex.", {
      type: "invalid_request_error",
      param: "service_tier",
    }),
  ].map(
    (answer): Documented => ({
      at: OPENAIS,
      says: `400: this request is too long for it: ${Object(answer[1]).error.message}`,
      source: AZURE,
      flex: [answer, HALF],
      ends: /^RequestRefused/,
      allowed: ["flex", STANDARD],
      costs: [0, 1],
      told: [null, "too long"],
    }),
  ),
  {
    at: OPENAIS,
    says: "400: too long for the model at any tier",
    source: OPENAI_API,
    flex: [error(400, "This model's maximum context length is 128000 tokens.", { code: "context_length_exceeded" })],
    ends: /^RequestRefused/,
    costs: [0, 0],
  },
  ...[401, 403].map(
    (status): Documented => ({
      at: ALL,
      says: `${status}: the credential has no access`,
      source: AZURE,
      flex: [error(status, "Access denied due to invalid subscription key.")],
      ends: /^KeyRefused/,
      costs: [0, 0],
    }),
  ),
  {
    at: ["Azure"],
    says: "404: deployment not found",
    source: AZURE,
    flex: [error(404, "The API deployment for this resource does not exist.", { code: "DeploymentNotFound" })],
    ends: /^ModelUnknown/,
    costs: [0, 0],
  },
  {
    at: ["compatible"],
    says: "a capacity error surfaces; without a flex endpoint, the request is routed normally",
    source: OPENROUTER,
    flex: [
      error(429, "Provider returned error", {
        metadata: { raw: '{"error":{"message":"Resource Unavailable","code":"resource_unavailable"}}' },
        code: 429,
      }),
      { tier: "default" },
    ],
    sent: ["flex", "flex"],
    allowed: ["flex", STANDARD],
    costs: [1, 1],
    told: ["ignored", "no room"],
    free: [1, 1],
  },
];

/** Milliseconds. A busy machine may take a second for an answer that does come. */
const LIMIT = 5_000;

const { clock } = nodeDeps();
const MODELS: Readonly<Record<Vendor, string>> = {
  OpenAI: "gpt-6-luna",
  Responses: "gpt-5-pro",
  Azure: "gpt-6-luna",
  Gemini: "gemini-3.8-flash",
  compatible: "gpt-6-luna",
};

function connect(vendor: Vendor, url: string, timeout: number): ServerModel {
  if (vendor === "Gemini") return createGemini({ baseUrl: `${url}/v1beta`, key: "k", clock, timeout });
  const azure = vendor === "Azure" ? { azureApiVersion: "2024-10-21" } : {};
  return createOpenAI({ baseUrl: `${url}/v1`, key: "k", clock, timeout, ...azure });
}

/** A reply to 1,000 tokens with 1,000, in the vendor's format. */
function reply(vendor: Vendor, tier: string | null, cached = 0): object {
  const served = tier !== null && { service_tier: tier };
  if (vendor === "Responses")
    return {
      object: "response",
      status: "completed",
      model: MODELS[vendor],
      output: [{ type: "message", content: [{ type: "output_text", text: "yes" }] }],
      usage: { input_tokens: 1000, output_tokens: 1000, input_tokens_details: { cached_tokens: cached } },
      ...served,
    };
  if (vendor === "Gemini")
    return {
      modelVersion: MODELS[vendor],
      candidates: [{ content: { parts: [{ text: "yes" }] }, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: 1000,
        candidatesTokenCount: 1000,
        cachedContentTokenCount: cached,
        ...(tier !== null && { serviceTier: tier }),
      },
    };
  return {
    model: MODELS[vendor],
    choices: [{ message: { content: "yes" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1000, completion_tokens: 1000, prompt_tokens_details: { cached_tokens: cached } },
    ...served,
  };
}

function tierOf({ body }: Seen): string {
  return body.service_tier ?? body.serviceTier ?? STANDARD;
}

/** Asks once, at a server that answers as a row says. */
async function play(vendor: Vendor, flex: readonly Flex[], fallback: boolean, whenFinished: WhenFinished) {
  let turn = 0;
  const server = await serve((seen) => {
    if (tierOf(seen) !== "flex") return [200, reply(vendor, vendor === "Gemini" ? "standard" : "default")];
    const answer = flex[Math.min(turn++, flex.length - 1)]!;
    if (answer === "hang") return answer;
    return "tier" in answer ? [200, reply(vendor, answer.tier, answer.cached)] : answer;
  }, whenFinished);
  const told: string[] = [];
  const model = withTiers(connect(vendor, server.url, flex.includes("hang") ? LIMIT : 60_000), readTiers("flex")!, {
    clock,
    newMark: () => "x",
    concurrency: 4,
    fallback,
  });
  const price = priceList({ "gpt-5-pro": { prompt: 0.1, completion: 0.5, cached: 0.01 } });
  const { model: stack, budget } = stackOver(model, clock, { price, onOtherTier: (_, reason) => told.push(reason) });
  const asked = request("hi", { model: MODELS[vendor], params: { reasoning_effort: "none" } });
  const start = performance.now();
  const end = await stack.complete(asked, new AbortController().signal).then(
    (answered) => ({ text: answered.text, requests: answered.requests }),
    (failed: unknown) => `${Object(failed).name}: ${Object(failed).message}`,
  );
  const usage = { prompt: 1000, completion: 1000, estimated: false };
  return {
    end,
    sent: server.seen.map(tierOf),
    told: told[0] ?? null,
    share: budget.spent.usd / price(MODELS[vendor], usage)!,
    calls: budget.spent.calls,
    took: performance.now() - start,
  };
}

const CASES = DOCUMENTED.flatMap((row) => row.at.map((vendor) => [vendor, row.says, row] as const));

describe("documented flex", () => {
  // Beside each other, since each waits for most of its time.
  it.concurrent.for(CASES)("%s: %s", async ([vendor, _, row], { onTestFinished }) => {
    const {
      flex,
      ends,
      sent = ["flex"],
      allowed = sent,
      costs = [0.5, 0.5],
      told = [null, null],
      free = [0, 0],
      waits = 0,
    } = row;
    const without = await play(vendor, flex, false, onTestFinished);
    if (ends) expect(without.end).toMatch(ends);
    else expect(without.end).toEqual({ text: "yes", requests: sent.length - free[0] });
    expect(without).toMatchObject({ sent, told: told[0], calls: sent.length - free[0] });
    expect(without.share).toBeCloseTo(costs[0], 3);
    expect(without.took).toBeGreaterThanOrEqual(waits);
    const may = await play(vendor, flex, true, onTestFinished);
    if (costs[1] === 0) expect(may.end).toMatch(ends!);
    else expect(may.end).toEqual({ text: "yes", requests: allowed.length - free[1] });
    // Each request counts as one, also at the standard price.
    expect(may).toMatchObject({ sent: allowed, told: told[1], calls: allowed.length - free[1] });
    expect(may.share).toBeCloseTo(costs[1], 3);
  });

  it("too long for some requests alone: the others stay at half the price", async () => {
    const server = await serve(({ body }) => {
      const isLong = body.messages[0].content.length > 100;
      if (isLong && body.service_tier === "flex")
        return error(400, "Flex processing doesn't support that many tokens.");
      return [200, reply("OpenAI", body.service_tier ?? "default")];
    });
    const options = { clock, newMark: () => "x", concurrency: 4, fallback: true };
    const model = withTiers(connect("OpenAI", server.url, 60_000), readTiers("flex")!, options);
    const told: string[] = [];
    const { model: stack } = stackOver(model, clock, { onOtherTier: (_, r) => told.push(r) });
    const ends: string[] = [];
    for (const text of ["x".repeat(200), "short", "y".repeat(200)]) {
      const asked = request(text, { model: "gpt-6-luna", params: { reasoning_effort: "none" } });
      ends.push((await stack.complete(asked, new AbortController().signal)).usage.tier ?? STANDARD);
    }
    expect(ends).toEqual([STANDARD, "flex", STANDARD]);
  });

  it("names the standard tier where none would mean the account's own: OpenAI, Azure", () => {
    const at = (baseUrl: string) => createOpenAI({ baseUrl, key: "k", clock }).standardTier;
    expect(at("https://api.openai.com/v1")).toBe("default");
    expect(at("https://eu.api.openai.com/v1")).toBe("default");
    expect(at("https://mine.openai.azure.com/openai/v1")).toBe("default");
    expect(at("https://openrouter.ai/api/v1")).toBeUndefined();
    expect(at("https://api.openai.com.example/v1")).toBeUndefined();
  });

  it("costs the same as the standard tier at Groq, and counts as none there", () => {
    const groq = createOpenAI({ baseUrl: "https://api.groq.com/openai/v1", key: "k", clock });
    expect(missingTier(readTiers("flex")!, groq)).toBe("flex");
  });

  it("has half an hour, twice the longest documented time limit", () => {
    expect(FLEX_PATIENCE).toBe(1_800_000);
  });
});
