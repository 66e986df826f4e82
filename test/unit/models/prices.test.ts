import { describe, expect, it } from "vitest";
import { CHECKED, KNOWN_MODELS, knownModel, thinks } from "../../../src/models/known-models.ts";
import { priceList, readPrice, unpriced } from "../../../src/models/prices.ts";

const tokens = { prompt: 1e5, completion: 1e5, estimated: false };

describe("priceList", () => {
  it.each([
    ["gpt-4.1", 10],
    ["gpt-4.1-2025-04-14", 10],
    ["gpt-4.1-mini", 2],
    ["gpt-4.1-mini-2025-04-14", 2],
    ["gpt-4o-mini", 0.75],
    ["gpt-4o:tuned", 12.5],
    ["gpt-6-luna", 0.6],
    ["gpt-6.1-terra-2026-10-26", 6],
    ["gpt-5.6", 24],
    ["gpt-5.6-luna", 1.4],
    ["deepseek-flash", 1.5],
    ["deepseek-v4-pro", 5.28],
    ["simulated", 0],
  ])("knows %s", (model, usd) => {
    expect(priceList()(model, tokens)).toBeCloseTo(usd / 10, 9);
  });

  it.each(["gpt-4.1-turbo", "llama3", "gpt", ""])("knows no price for %s", (model) => {
    expect(priceList()(model, tokens)).toBeNull();
  });

  it.each([
    ["gemini-3.8-flash", "2026-12-31T23:59:59Z", 0.45],
    ["gemini-3.8-flash", "2027-01-01T00:00:00Z", 0.9],
    ["gemini-4-argon", "2026-11-30T23:59:59Z", 1.2],
    ["gemini-4-argon", "2026-12-01T00:00:00Z", 2.4],
    ["gemini-4-carbon", "2026-12-01T00:00:00Z", 2.4],
  ])("knows from when on %s costs more: at %s", (model, at, usd) => {
    expect(priceList({}, Date.parse(at))(model, tokens)).toBeCloseTo(usd, 9);
  });

  it("puts the user's own price before one that changes", () => {
    const at = "2027-01-01T00:00:00Z";
    const own = { "gemini-3.8-flash": { prompt: 1, completion: 1 } };
    expect(priceList(own, Date.parse(at))("gemini-3.8-flash", tokens)).toBeCloseTo(0.2, 9);
  });

  it("takes the user's own prices, the longest name first", () => {
    const price = priceList({
      "*": { prompt: 0, completion: 0 },
      "llama3*": { prompt: 1, completion: 2 },
      "gpt-4.1": { prompt: 5, completion: 5 },
    });
    expect(price("llama3.1:8b", { prompt: 2e6, completion: 5e5, estimated: true })).toBeCloseTo(3, 9);
    expect(price("gpt-4.1-2025-04-14", tokens)).toBe(1);
    expect(price("anything", tokens)).toBe(0);
  });
});

describe("what a reply costs", () => {
  const price = priceList();
  const usage = { prompt: 100_000, completion: 10_000, estimated: false };
  it.each([
    ["gpt-6-luna", "plain", usage, 0.01 + 0.005],
    ["gpt-6-luna", "half of the prompt cached", { ...usage, cached: 50_000 }, 0.005 + 0.0005 + 0.005],
    ["gpt-6-luna", "half of the prompt written to the cache", { ...usage, written: 50_000 }, 0.005 + 0.00625 + 0.005],
    ["gpt-4.1", "written where that costs nothing", { ...usage, written: 50_000 }, 0.2 + 0.08],
    ["gpt-6-luna", "flex", { ...usage, tier: "flex" }, 0.0075],
    ["claude-opus-5-5", "batch", { ...usage, tier: "batch" }, 0.3],
    ["gpt-6-luna", "a long prompt", { ...usage, prompt: 300_000 }, 0.06 + 0.0075],
    ["claude-sonnet-4-6", "half of the prompt cached", { ...usage, cached: 50_000 }, 0.15 + 0.015 + 0.15],
    ["claude-haiku-5-5", "a long prompt", { ...usage, prompt: 200_000 }, 0.1 + 0.025],
    ["claude-haiku-5-5", "a prompt that is not yet long", usage, 0.01 + 0.005],
  ] as const)("%s, %s", (model, _, given, usd) => {
    expect(price(model, given)).toBeCloseTo(usd, 9);
  });

  it("is that of all tokens if a user's own price names none for cached ones", () => {
    expect(priceList({ mine: { prompt: 1, completion: 1 } })("mine", { ...usage, cached: 100_000 })).toBeCloseTo(
      0.11,
      9,
    );
  });
});

describe("what is known of models", () => {
  it("offers half the price only at providers that have the tier", () => {
    const offered = Object.entries(KNOWN_MODELS).flatMap(([name, { tiers = [] }]) =>
      tiers.map((tier) => `${tier} ${name}`),
    );
    expect(offered.filter((one) => !/^(flex (gpt|o3|gemini)|batch (gpt|o3|claude))/.test(one))).toEqual([]);
    expect(offered).toContain("batch claude-opus-5-5");
  });

  it("was compared with the sources less than 180 days ago: else look again, and move CHECKED", () => {
    expect((Date.now() - Date.parse(CHECKED)) / 86_400_000).toBeLessThan(180);
  });

  it("names no model that had ended by then, and successors that are known and last longer", () => {
    for (const [name, { end, successor }] of Object.entries(KNOWN_MODELS)) {
      if (end !== undefined) expect(end > CHECKED, name).toBe(true);
      if (successor === undefined) continue;
      expect(KNOWN_MODELS, name).toHaveProperty([successor]);
      expect(KNOWN_MODELS[successor]?.end, name).toBeUndefined();
    }
  });

  it("goes by the model, not by its date", () => {
    expect(knownModel("gpt-4.1-2025-04-14")).toMatchObject({ end: "2027-01-14", successor: "gpt-6-luna" });
    expect(knownModel("my-model")).toBeUndefined();
  });

  it.each([
    ["gpt-6-luna", undefined, true],
    ["gpt-6-luna", "none", false],
    ["openai/gpt-6-luna", "low", true],
    ["gpt-6.2-sol", "none", true],
    ["gpt-5.4", undefined, false],
    ["gpt-5.4", "low", true],
    ["gpt-4.1", undefined, false],
    ["my-model", "high", false],
  ])("says whether %s thinks at effort %s", (model, effort, expected) => {
    expect(thinks(model, effort)).toBe(expected);
  });
});

describe("a price that a user writes", () => {
  it.each([
    ["0.5,1.5", { prompt: 0.5, completion: 1.5 }],
    [" 2 , 8 ", { prompt: 2, completion: 8 }],
    ["0, 0", { prompt: 0, completion: 0 }],
    ["2,8,0.5", { prompt: 2, completion: 8, cached: 0.5 }],
  ])("%s is read", (text, price) => {
    expect(readPrice(text)).toEqual(price);
  });

  it.each(["", "1", "1,", ",1", "1,2,3,4", "1,2,", "a,b", "-1,2", "1.2.3,2", "Infinity,1", "1;2"])(
    "%s is none",
    (text) => {
      expect(readPrice(text)).toBeNull();
    },
  );

  it("is what a model lacks that is in no table", () => {
    expect(unpriced(["gpt-4.1", "mine", "other"], priceList())).toBe("mine");
    expect(unpriced(["gpt-4.1", "mine"], priceList({ mine: { prompt: 0, completion: 0 } }))).toBeUndefined();
  });
});
