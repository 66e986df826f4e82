import { describe, expect, it } from "vitest";
import { priceList, readPrice, unpriced } from "../../../src/models/prices.ts";

const million = { prompt: 1e6, completion: 1e6, estimated: false };

describe("priceList", () => {
  it.each([
    ["gpt-4.1", 10],
    ["gpt-4.1-2025-04-14", 10],
    ["gpt-4.1-mini", 2],
    ["gpt-4.1-mini-2025-04-14", 2],
    ["gpt-4o-mini", 0.75],
    ["gpt-4o:tuned", 12.5],
    ["simulated", 0],
  ])("knows %s", (model, usd) => {
    expect(priceList()(model, million)).toBeCloseTo(usd, 9);
  });

  it.each(["gpt-4.1-turbo", "llama3", "gpt", ""])("knows no price for %s", (model) => {
    expect(priceList()(model, million)).toBeNull();
  });

  it("takes the user's own prices, the longest name first", () => {
    const price = priceList({
      "*": { prompt: 0, completion: 0 },
      "llama3*": { prompt: 1, completion: 2 },
      "gpt-4.1": { prompt: 5, completion: 5 },
    });
    expect(price("llama3.1:8b", { prompt: 2e6, completion: 5e5, estimated: true })).toBeCloseTo(3, 9);
    expect(price("gpt-4.1-2025-04-14", million)).toBe(10);
    expect(price("anything", million)).toBe(0);
  });
});

describe("a price that a user writes", () => {
  it.each([
    ["0.5,1.5", { prompt: 0.5, completion: 1.5 }],
    [" 2 , 8 ", { prompt: 2, completion: 8 }],
    ["0, 0", { prompt: 0, completion: 0 }],
  ])("%s is read", (text, price) => {
    expect(readPrice(text)).toEqual(price);
  });

  it.each(["", "1", "1,", ",1", "1,2,3", "a,b", "-1,2", "1.2.3,2", "Infinity,1", "1;2"])("%s is none", (text) => {
    expect(readPrice(text)).toBeNull();
  });

  it("is what a model lacks that is in no table", () => {
    expect(unpriced(["gpt-4.1", "mine", "other"], priceList())).toBe("mine");
    expect(unpriced(["gpt-4.1", "mine"], priceList({ mine: { prompt: 0, completion: 0 } }))).toBeUndefined();
  });
});
