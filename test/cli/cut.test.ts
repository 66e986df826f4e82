import { describe, expect, it } from "vitest";
import type { EvaluationReport, RunReport } from "../../src/cli/output/json.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import { type Bench, open } from "./cli.ts";
import { rows, type Script, scripted, writeGraph } from "./scripted.ts";

/** Replies that end early: at a limit of tokens, or at a content filter. */

/** Tokens of a reply are its words. */
function counted(
  script: Script,
  finish: (request: ModelRequest) => "stop" | "length" | "filter" = () => "stop",
): Model {
  const inner = scripted(script);
  return {
    identity: inner.identity,
    async complete(request, signal) {
      const reply = await inner.complete(request, signal);
      const completion = Math.max(1, reply.text.split(/\s+/).length);
      return { ...reply, usage: { ...reply.usage, completion }, finish: finish(request) };
    },
  };
}

const LONG = "one two three four five six seven eight nine yes";
function limited(max_tokens: number) {
  const model = { model: "m", temperature: 0, params: { max_tokens } };
  return { forward: model, backward: model, optimizer: model };
}

const ofCuts = ({ warnings }: Pick<RunReport, "warnings">) =>
  warnings.filter((warning) => warning.includes(" were cut "));

async function evaluate(bench: Bench, file: string): Promise<EvaluationReport> {
  const { stdout, stderr } = await bench.online("evaluate", file, "--json");
  return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
}

async function optimize(bench: Bench, file: string): Promise<RunReport> {
  const { stdout, stderr } = await bench.online("optimize", file, "--json", "--set", "optimize.iterations=2");
  return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
}

describe("an answer that was cut", () => {
  const task = { data: rows(4, () => "yes"), loss: { kind: "contains" } };

  it("counts as received, and the run reports how many there were and which limit to increase", async () => {
    const bench = await open({ model: counted({ forward: () => LONG }) });
    const short = await evaluate(bench, await writeGraph(bench, { ...task, models: limited(5) }));
    expect(short).toMatchObject({ score: 0, unscored: 0 });
    expect(ofCuts(short).join("\n")).toMatch(
      /4 of 4 replies of “solve” were cut at 5 tokens.+Increase max_tokens in models\.forward\.params/,
    );
    const long = await evaluate(bench, await writeGraph(bench, { ...task, models: limited(50) }, "long"));
    expect([long.score, ofCuts(long)]).toEqual([1, []]);
  });

  it("to nothing, because the model thought for too long, is not scored, and is reported", async () => {
    const bench = await open({ model: counted({ forward: () => LONG }), thinks: 40 });
    const report = await evaluate(bench, await writeGraph(bench, { ...task, models: limited(30) }));
    expect(report).toMatchObject({ n: 4, unscored: 4, score: null });
    expect(report.warnings.join("\n")).toMatch(
      /4 of 4 replies of “solve” were cut at 30 tokens.+Thinking tokens count toward this limit/,
    );
  });

  it("by a setting of the server is requested again by the next run, because the setting can change", async () => {
    let isCut = true;
    const bench = await open({ model: counted({ forward: () => LONG }, () => (isCut ? "length" : "stop")) });
    const file = await writeGraph(bench, task);
    expect(ofCuts(await evaluate(bench, file))).toHaveLength(1);
    isCut = false;
    const [second, third] = [await evaluate(bench, file), await evaluate(bench, file)];
    expect([second.calls, ofCuts(second), third.calls]).toEqual([4, [], 0]);
  });
});

describe("feedback that was cut", () => {
  const nodes = {
    plan: { inputs: ["question"], instruction: "Make a plan." },
    solve: { inputs: ["plan"], instruction: "Answer the question." },
  };
  const task = { nodes, data: rows(6, () => "yes"), loss: { kind: "exact" } };
  const script = { forward: (_: string, better: boolean) => (better ? "yes" : "no") };

  it("by the limit of the forward model is requested again with four times the limit", async () => {
    const bench = await open({ model: counted(script) });
    const file = await writeGraph(bench, { ...task, models: limited(2) });
    const report = await optimize(bench, file);
    expect(report.validation).toMatchObject({ before: 0, after: 1 });
    const limits = bench.server.log.map(({ body }) =>
      [body.response_format?.json_schema?.name, body.max_tokens].join(" "),
    );
    expect(new Set(limits)).toEqual(new Set([" 2", "feedback 2", "feedback 8", "proposal 2", "proposal 8"]));
    expect(report.warnings.join("\n")).toMatch(/\d+ of \d+ replies of the .+ model were cut at 2 tokens/);
  });

  it("by a limit of the server is not requested again: its samples are dropped, and that is reported", async () => {
    const finish = ({ schema }: ModelRequest) => (schema?.name === "feedback" ? "length" : "stop");
    const bench = await open({ model: counted({ ...script, feedback: () => '{"question": "Say mo' }, finish) });
    const report = await optimize(bench, await writeGraph(bench, task));
    expect(report).toMatchObject({ status: "done", proposals: [] });
    const asked = bench.server.log.filter(({ body }) => body.response_format).map(({ body }) => JSON.stringify(body));
    expect(new Set(asked).size).toBe(asked.length);
    expect(report.warnings.join("\n")).toMatch(/cut at \d+ tokens, before it held what was asked for/);
  });
});

describe("what a content filter withholds", () => {
  const task = { data: rows(6, () => "yes"), loss: { kind: "exact" } };

  it("is not scored, for a withheld reply or prompt; the rest is", async () => {
    const isTaken = (text: string) => /question [0-3]/.test(text);
    const taken = ({ messages }: ModelRequest) =>
      isTaken(messages.map(({ content }) => content).join()) ? ("filter" as const) : ("stop" as const);
    const replies = await open({ model: counted({ forward: () => "yes" }, taken) });
    const found = await evaluate(replies, await writeGraph(replies, task));
    expect(found).toMatchObject({ status: "done", n: 6, unscored: 4, score: 1 });
    expect(found.warnings.join("\n")).toMatch(/could not be scored.+content filter/);
    const prompts = await open({ model: counted({ forward: () => "yes" }), faults: () => "filtered prompt" });
    const none = await evaluate(prompts, await writeGraph(prompts, task));
    expect(none).toMatchObject({ status: "failed", n: 6, unscored: 6, score: null, calls: 6 });
  });
});
