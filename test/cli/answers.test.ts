import { describe, expect, it } from "vitest";
import type { EvaluationReport, RunReport } from "../../src/cli/output/json.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import { type Bench, open } from "./cli.ts";
import { rows, scripted, writeGraph } from "./scripted.ts";

/** Replies without an answer: they are asked for again, never scored as wrong and never kept. */

const task = { data: rows(8, () => "yes"), loss: { kind: "exact" } };

/** Answers "yes", and feedback and rewrites that change nothing, but for what `instead` says. */
function speechless(instead: (request: ModelRequest, nth: number) => string | null): Model {
  const inner = scripted({ forward: () => "yes" });
  const seen = new Map<string, number>();
  return {
    identity: inner.identity,
    async complete(request, signal) {
      const key = JSON.stringify(request.messages);
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      const reply = await inner.complete(request, signal);
      return { ...reply, text: (request.schema ? null : instead(request, nth)) ?? reply.text };
    },
  };
}

const promptOf = ({ messages }: ModelRequest) => messages.map(({ content }) => content).join("\n");

async function evaluate(bench: Bench, file: string): Promise<EvaluationReport> {
  const { stdout, stderr } = await bench.online("evaluate", file, "--json");
  return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
}

describe("a reply without an answer", () => {
  it("is requested again, so that an update that changes nothing is not accepted", async () => {
    const isHalf = (request: ModelRequest) => /question [0-3]\?/.test(promptOf(request));
    const bench = await open({ model: speechless((request, nth) => (nth === 1 && isHalf(request) ? "" : null)) });
    const file = await writeGraph(bench, task);
    const { stdout, stderr } = await bench.online("optimize", file, "--json", "--model", "scripted");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report).toMatchObject({ status: "done", proposals: [], validation: { before: 1, after: 1 } });
  });

  it.each([
    ["is empty", "", /sent no answer: the reply is empty/],
    ["holds only thoughts", "<think>Yes or no?</think>", /sent no answer: the reply holds only thoughts/],
  ])("that %s, however often, is not scored, is reported and is not kept", async (_, text, said) => {
    let isMute = true;
    const isTaken = (request: ModelRequest) => /question [0-3]\?/.test(promptOf(request));
    const bench = await open({ model: speechless((request) => (isMute && isTaken(request) ? text : null)) });
    const file = await writeGraph(bench, task);
    const first = await evaluate(bench, file);
    expect(first).toMatchObject({ status: "done", n: 8, unscored: 4, score: 1 });
    expect(first.warnings.join("\n")).toMatch(said);
    expect(bench.server.requests()).toBe(4 + 3 * 4);
    isMute = false;
    expect(await evaluate(bench, file)).toMatchObject({ unscored: 0, score: 1, calls: 4 });
  });

  it("is read without thoughts and markup around it", async () => {
    const forms = ["<think>?</think>yes", "[THINK]?[/THINK]\nyes", "yes<|im_end|>", "?\n</think>\n\nyes</s>"];
    const formOf = (request: ModelRequest) => forms[Number(/question (\d)/.exec(promptOf(request))?.[1] ?? 0) % 4];
    const bench = await open({ model: speechless((request) => formOf(request) ?? null) });
    expect(await evaluate(bench, await writeGraph(bench, task))).toMatchObject({ n: 8, score: 1, calls: 8 });
  });
});
