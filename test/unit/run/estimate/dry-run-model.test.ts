import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../../src/deps.ts";
import { textsOf } from "../../../../src/engine/theta.ts";
import { withDemonstrations } from "../../../../src/methods/miprov2/demonstrations.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { DryRunModel, dryRunSandbox, GUESSES } from "../../../../src/run/estimate/dry-run-model.ts";
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

describe("a made-up value", () => {
  const examples = "Examples:\n\n<example>\n<question>\nOne?\n</question>\n<result>\n1\n</result>\n</example>";
  const samples = Array.from({ length: 200 }, (_, index) => `s${index}`);
  /** Share of values that worked examples change. */
  const changed = (text: string, tokens: number) => {
    const progress = new DryRunProgress(diamond, GUESSES.usual.rewrites, 0.5, 1);
    const of = (shown: string, sample: string) =>
      progress.valueOf("plan", sample, `${shown}\n\n<question>${sample}?</question>`, 0, tokens);
    const shown = withDemonstrations(text, examples);
    return samples.filter((sample) => of(text, sample) !== of(shown, sample)).length / samples.length;
  };

  it.each(["Do plan.", "Do plan for {question}."])(
    "follows from worked examples as it does from a rewrite: a short one seldom (%s)",
    (text) => {
      expect(changed(text, 12)).toBeGreaterThan(0.1);
      expect(changed(text, 12)).toBeLessThan(0.3);
      expect(changed(text, 64)).toBe(1);
    },
  );
});

describe("code in a dry run", () => {
  const called: string[] = [];
  const real: Sandbox = {
    check: async () => null,
    call: async (_, argument) => {
      called.push(JSON.stringify(argument));
      return "real";
    },
    within: () => real,
  };
  const sandbox = dryRunSandbox(model(), real);
  const code = { file: "sum.js", text: "export default (all) => all" };

  it("runs on known values, and on none that was made up", async () => {
    expect(await sandbox.call(code, { q: "2 + 2" })).toBe("real");
    const made = { ...request, tag: { ...request.tag, purpose: "forward" as const, sample: "s" } };
    const { text } = await model().complete(made);
    expect(await sandbox.call(code, { q: text })).not.toBe("real");
    expect(called).toEqual(['{"q":"2 + 2"}']);
  });

  it("is not run where the code or a text that it reads is a rewrite that was made up", async () => {
    const { text } = await model().complete({ ...request, tag: { ...request.tag, form: ["text"] } });
    const rewrite = /<text>(.+)<\/text>/s.exec(text)?.[1] ?? "";
    expect(rewrite).not.toBe(own.plan);
    const before = called.length;
    await sandbox.call({ ...code, text: rewrite }, { q: "2 + 2" });
    await sandbox.call(code, { program: rewrite });
    expect(called).toHaveLength(before);
  });
});
