import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import type { LossSpec } from "../../../src/graph/schema/schema.ts";
import { codeIn } from "../../../src/graph/text/code-block.ts";
import type { CodeRunner } from "../../../src/loss/loss.ts";
import { makeLoss, RubricUnread, worksWithoutTarget } from "../../../src/loss/make.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { builtSandbox } from "../sandboxes.ts";

const spec = (value: object): LossSpec => graphFormat.schema.shape.loss.parse(value);
const patient = builtSandbox().within({ time: 30_000 });
const hasty = patient.within({ time: 1_000 });
const runner: CodeRunner = {
  call: (code, argument) =>
    (JSON.stringify([code, argument]).includes("for (;;)") ? hasty : patient).call(code, argument),
  program: () => Promise.reject(new Error("there are no programs")),
  values: async () => ({ plan: "two steps" }),
};
const sample: Sample = { id: "s", inputs: { question: "2 + 2" }, targets: ["4"], feedback: null };
const script = (code: string, answer = "5") =>
  makeLoss(spec({ kind: "script", file: "metric.js", code })).score(sample, answer, undefined, runner);

describe("a loss that is a script", () => {
  it("is given the sample, the answer, and what the nodes made of it", async () => {
    const criticism = "JSON.stringify([inputs.question, target, answer, values.plan])";
    const code = `export default ({ inputs, target, answer, values }) => ({ loss: 1, criticism: ${criticism} })`;
    expect(await script(code)).toMatchObject({ loss: 1, lenient: 1, criticism: '["2 + 2","4","5","two steps"]' });
  });

  it("returns a number, with the usual criticism, or its own with what would be right", async () => {
    const near = "export default ({ target, answer }) => Math.min(1, Math.abs(target - answer) / 4)";
    expect(await script(near)).toMatchObject({ loss: 0.25, criticism: 'The right answer is "4". The answer was "5".' });
    expect(await script(near, "4")).toMatchObject({ loss: 0, criticism: "" });
    const fixed = 'export default () => ({ loss: 0.5, criticism: "Too long.", fixed: "4" })';
    expect(await script(fixed)).toMatchObject({ loss: 0.5, criticism: "Too long.\nA right answer would be: 4" });
  });

  it.each<[string, string, string]>([
    ["throws", "export default () => {\n  throw new Error('no');\n};", "metric.js:2: no"],
    [
      "returns more than 1",
      "export default () => 3",
      "metric.js: it returned 3. A loss is a number from 0 (right) to 1",
    ],
    ["returns a boolean", "export default () => true", "metric.js: it returned true"],
    ["does not end", "export default () => { for (;;); }", "not finished after 1 s"],
  ])("scores nothing if it %s", async (_, code, message) => {
    await expect(script(code)).rejects.toThrow(message);
  });

  it("needs no target, and must be read before it scores", () => {
    expect(worksWithoutTarget(spec({ kind: "script", file: "metric.js" }))).toBe(true);
    expect(() => makeLoss(spec({ kind: "script", file: "metric.js" }))).toThrow(RubricUnread);
  });
});

const VISIBLE = `export default ({ add }, { question }) => ({
  "adds one and two": () => { if (add(1, 2) !== 3) throw new Error("add(1, 2) is " + add(1, 2)); },
  "adds nothing": () => add(0, 0) === 0,
  [question]: async () => (await add(2, 2)) === 4,
});`;
const HIDDEN = 'export default ({ add }) => ({ "adds what is below zero": () => add(-1, -2) === -3 });';
const files = { visible: { file: "v.js", text: VISIBLE }, hidden: { file: "h.ts", text: HIDDEN } };
const judged = (answer: string, more: object = {}) =>
  makeLoss(spec({ kind: "tests", ...files, ...more })).score(sample, answer, undefined, runner);

describe("a loss of unit tests", () => {
  it("is the share that fails, and speaks of the visible ones alone", async () => {
    expect(await judged("export const add = (a: number, b: number) => a + b;")).toMatchObject({
      loss: 0,
      criticism: "",
    });
    const wrong = await judged("Here:\n```js\nexport const add = (a, b) => a * b;\n```\n");
    expect(wrong).toMatchObject({ loss: 0.5, criticism: "1 of 3 tests fail:\n- adds one and two: add(1, 2) is 2" });
    const hidden = await judged("export const add = (a, b) => Math.abs(a + b);");
    expect(hidden).toMatchObject({
      loss: 0.25,
      criticism: expect.stringMatching(/^All known tests pass, but others fail/),
    });
    expect(hidden.criticism).not.toContain("below zero");
  });

  it.each<[string, string, RegExp]>([
    ["is no code", "I would add the two numbers.", /^No test could run: the code can't be loaded: SyntaxError/],
    ["imports what is not there", 'import fs from "fs"; export const add = fs;', /"fs" can't be imported/],
    ["throws while it loads", "throw new TypeError('early');", /the code can't be loaded: TypeError: early/],
    ["exports nothing", "const add = (a, b) => a + b;", /^3 of 3 tests fail/],
    ["does not end", "export const add = () => { for (;;); };", /^No test could run: not finished after 1 s/],
  ])("is wrong, never unscored, if the answer %s", async (_, answer, criticism) => {
    expect(await judged(answer)).toMatchObject({ loss: 1, criticism: expect.stringMatching(criticism) });
  });

  it.each<[string, string, string]>([
    ["throws", "export default () => {\n  throw new Error('no tests');\n};", "v.js:2: no tests"],
    ["has no default export", "export const a = 1;", "TypeError"],
  ])("scores nothing if the file of tests %s", async (_, text, message) => {
    const broken = { visible: { file: "v.js", text } };
    await expect(judged("export const add = (a, b) => a + b;", broken)).rejects.toThrow(message);
  });

  it("lets no answer change how others are tested", async () => {
    const tamper = "Object.entries = () => []; Array.prototype.push = () => 0; export const add = () => 0;";
    await judged(tamper);
    expect(await judged("export const add = () => 0;")).toMatchObject({ loss: 0.75 });
  });
});

it("code of a reply is its last block, else all of it", () => {
  expect(codeIn("a\n```js\nlet a;\n```\nbetter:\n```\nlet b;\n```\nDone.")).toBe("let b;\n");
  expect(codeIn("let c;")).toBe("let c;");
});
