import { describe, expect, it } from "vitest";
import { chainOfThought } from "../../../src/engine/baseline.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { ofType } from "./fixtures.ts";
import { prepare, run } from "./runs.ts";

const asksStepByStep = ({ messages }: ModelRequest) => messages.some(({ content }) => content.includes("step by step"));

describe("the chain-of-thought baseline", () => {
  it("costs nothing unless it is requested", async () => {
    const { events, provider } = await run({ test: 5 });
    expect(ofType(events, "baseline")).toEqual([]);
    expect(provider.seen.some(asksStepByStep)).toBe(false);
  });

  it("puts its suffix on every LLM node, and on nothing else", async () => {
    const { graph } = prepare().world;
    const style = { kind: "text", id: "style", role: "", text: "Be brief.", trainable: true } as const;
    const texts = chainOfThought({
      ...graph,
      nodes: [...graph.nodes, { ...style, keep: [], maxWords: null, constraints: [], inputs: [], output: null }],
    });
    for (const { id, text } of graph.nodes) expect(texts[id]).toBe(`${text}\n\nLet's think step by step.`);
    expect(texts.style).toBe("Be brief.");
  });

  it("is scored on both sets, after everything else, and changes nothing that the run finds", async () => {
    const [plain, compared] = [await run({ test: 5 }), await run({ test: 5, options: { baseline: true } })];
    const [baseline] = ofType(compared.events, "baseline");
    expect(baseline).toMatchObject({ method: "chain-of-thought", validation: { n: 10 }, test: { n: 5 } });
    expect(compared.finished).toEqual(plain.finished);
    const scored = ofType(compared.events, "scored").filter(({ theta }) => theta === baseline?.theta);
    expect(scored.map(({ split }) => split).sort()).toEqual([
      ...Array(5).fill("test"),
      ...Array(10).fill("validation"),
    ]);
    expect(compared.spent.calls - plain.spent.calls).toBe(compared.provider.seen.filter(asksStepByStep).length);
  });

  it("stays within the budget and does not make a run of one that ended by itself look cut short", async () => {
    const { spent } = await run({ test: 5 });
    const budget = { calls: spent.calls + 12, tokens: null, usd: null };
    const { finished, events, provider } = await run({ test: 5, options: { baseline: true, budget } });
    expect(finished.status).toBe("done");
    expect(ofType(events, "baseline")).toMatchObject([{ validation: null, test: null }]);
    expect(provider.seen.length).toBeLessThanOrEqual(budget.calls);
  });

  it("is left out of a run that did not come to its end", async () => {
    const budget = { calls: 60, tokens: null, usd: null };
    const { finished, provider } = await run({ options: { baseline: true, budget } });
    expect(finished.status).toBe("budget");
    expect(provider.seen.some(asksStepByStep)).toBe(false);
  });
});
