import { describe, expect, it } from "vitest";
import { textsOf } from "../../../../src/engine/theta.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { DryRunModel, GUESSES } from "../../../../src/run/estimate/dry-run-model.ts";
import { DryRunProgress } from "../../../../src/run/estimate/dry-run-progress.ts";
import { diamond } from "../../engine/fixtures.ts";

const request: ModelRequest = {
  model: "m",
  params: {},
  messages: [{ role: "user", content: "Improve it." }],
  draw: 0,
  tag: { purpose: "optimizer", node: "plan", sample: null },
};
const model = () =>
  new DryRunModel("p", diamond, GUESSES.usual, new DryRunProgress(diamond, GUESSES.usual.rewrites, 0.5, 1));
const own = textsOf(diamond);

describe("an optimizer's reply that is made up", () => {
  it("fits whatever schema is asked for, with rewrites where texts belong", async () => {
    const schema = {
      type: "object",
      properties: {
        reasoning: { type: "string" },
        score: { type: "number" },
        kind: { enum: ["rewrite", "keep"] },
        suggestion: { type: "object", properties: { plan: { type: "string" }, style: { type: "string" } } },
        texts: { type: "array", items: { type: "string" }, minItems: 3 },
      },
    };
    const { text } = await model().complete({ ...request, schema: { name: "x", schema } });
    const value = JSON.parse(text);
    expect(value).toMatchObject({ reasoning: expect.any(String), score: 0.5, kind: "rewrite" });
    expect(value.suggestion.plan).toContain(own.plan);
    expect(value.suggestion.style).toContain(own.style);
    expect(new Set(value.texts).size).toBe(3);
  });

  it("contains the tags that are asked for", async () => {
    const tag = { ...request.tag, form: ["reasoning", "text"] };
    const { text } = await model().complete({ ...request, tag });
    expect(text).toMatch(/<reasoning>.+<\/reasoning>\n<text>Do plan\..+<\/text>/s);
  });
});
