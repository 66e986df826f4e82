import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SolvedRow, SolveReport } from "../../src/cli/output/solve-json.ts";
import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import { open } from "./cli.ts";

/** Adds, but forgets to carry unless something tells it to; its judge recomputes, and says so only where it is wrong. */
function adder(seen: string[]): Model {
  return {
    identity: "adder",
    async complete({ messages, schema }): Promise<ModelReply> {
      const all = messages.map(({ content }) => content).join("\n\n");
      seen.push(all);
      const text = schema ? judged(all) : said(messages, all);
      const usage = { prompt: Math.ceil(all.length / 4), completion: text.length, estimated: false };
      return {
        text,
        usage,
        model: "adder",
        finish: "stop",
        key: "",
        source: "provider",
        requests: 1,
        milliseconds: 0,
      };
    },
  };
}

function said(messages: readonly Message[], all: string): string {
  const system = messages[0]?.content ?? "";
  if (system.includes("<reflection>")) return "<reflection>I forgot to carry. Carry the tens next time.</reflection>";
  if (system.includes("<improved_answer>")) {
    return `It must carry.\n<improved_answer>\nColumn by column, with carries.\nAnswer: ${sumOf(all)}\n</improved_answer>`;
  }
  return `Column by column.\nAnswer: ${/carry/i.test(all) ? sumOf(all) : withoutCarry(all)}`;
}

function termsOf(text: string): [number, number] {
  const [, a = "0", b = "0"] = /What is (\d+) plus (\d+)/.exec(text) ?? [];
  return [Number(a), Number(b)];
}

function sumOf(text: string): number {
  const [a, b] = termsOf(text);
  return a + b;
}

function withoutCarry(text: string): string {
  const [a, b] = termsOf(text);
  return `${Math.floor(a / 10) + Math.floor(b / 10)}${((a % 10) + (b % 10)) % 10}`;
}

function judged(all: string): string {
  const answer = /<answer>\n([\s\S]*?)\n<\/answer>/.exec(all)?.[1] ?? "";
  const isRight = answer.trimEnd().endsWith(`Answer: ${sumOf(all)}`);
  return JSON.stringify(isRight ? { reason: "", score: 1 } : { reason: "A carry is missing.", score: 0.2 });
}

/** Answers the same whatever it is told. Its judge complains, and withdraws what was no fault if it is reminded of it. */
function stubborn(checks: string[]): Model {
  return {
    identity: "stubborn",
    async complete({ messages, schema }): Promise<ModelReply> {
      const all = messages.map(({ content }) => content).join("\n\n");
      if (schema) checks.push(all);
      const isWithdrawn = all.includes("- The sum looks odd.");
      const answer = "Answer: 2";
      const text = schema
        ? JSON.stringify(isWithdrawn ? { reason: "", score: 1 } : { reason: "The sum looks odd.", score: 0.2 })
        : all.includes("<improved_answer>")
          ? `<improved_answer>${answer}</improved_answer>`
          : answer;
      const usage = { prompt: 1, completion: 1, estimated: false };
      const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
      return { text, usage, model: "m", finish: "stop", ...rest };
    },
  };
}

const ROWS = [
  [17, 25],
  [38, 44],
  [11, 22],
] as const;

async function bench(loss: object, more: object = {}) {
  const seen: string[] = [];
  const opened = await open({ model: adder(seen) });
  const rows = ROWS.map(([a, b]) => ({ id: `${a}+${b}`, question: `What is ${a} plus ${b}?`, answer: `${a + b}` }));
  const graph = {
    version: 1,
    inputs: { question: "an addition" },
    nodes: { add: { inputs: ["question"], instruction: "Add the two numbers.", output: { after: "Answer:" } } },
    output: "add",
    models: { forward: "adder" },
    data: { test: rows, target: "answer", id: "id" },
    loss,
    ...more,
  };
  await writeFile(join(opened.folder, "add.agentgraph.json"), JSON.stringify(graph));
  const solve = async (...options: string[]): Promise<SolveReport> => {
    const ended = await opened.online("solve", "add.agentgraph.json", "--json", "--model", "adder", ...options);
    return ended.stdout === "" ? expect.fail(ended.stderr) : JSON.parse(ended.stdout);
  };
  return { ...opened, seen, solve };
}

describe("single answers are improved without a training set", () => {
  it.each([
    // One answer, its criticism; for the two wrong ones a rewrite and its criticism.
    ["textgrad", 3 + 3 + 2 * 2],
    // The same with a reflection and a new answer.
    ["reflexion", 3 + 3 + 2 * 3],
  ])("%s fixes what its criticism finds, and no attempt sees a target", async (method, calls) => {
    const { solve, seen } = await bench({ kind: "number" });
    const report = await solve("--method", method);
    expect(report).toMatchObject({ status: "done", method, n: 3, calls, targets: { n: 3, fixed: 2, broken: 0 } });
    expect(report.targets.before).toBeCloseTo(1 / 3);
    expect(report.targets.after).toBe(1);
    const byId = new Map(report.solved.map((row) => [row.sample, row]));
    expect(byId.get("17+25")).toMatchObject({ answer: "42", chosen: 1, reason: "passed" });
    expect(byId.get("17+25")?.attempts[0]).toMatchObject({ answer: "32", criticism: "A carry is missing." });
    expect(byId.get("11+22")).toMatchObject({ answer: "33", chosen: 0, reason: "first passed" });
    // The judge is shown no accepted answer, and the number occurs first in what a model has said.
    for (const prompt of seen) expect(prompt).not.toContain("accepted_answer");
  });

  it("uses a judge's rubric, and the rows need no target", async () => {
    const rows = ROWS.map(([a, b]) => ({ question: `What is ${a} plus ${b}?` }));
    const { solve, seen } = await bench({ kind: "judge", rubric: "The sum is right." }, { data: { test: rows } });
    const report = await solve();
    expect(report).toMatchObject({ status: "done", n: 3, targets: { n: 0, before: null, after: null } });
    expect(report.solved.map(({ answer }) => answer).sort()).toEqual(["33", "42", "82"]);
    expect(seen.some((prompt) => prompt.includes("The sum is right."))).toBe(true);
  });

  it("takes rows, steps and an instruction from the command line, and writes the answers", async () => {
    const { solve, seen, folder } = await bench({ kind: "number" });
    await writeFile(join(folder, "criteria.md"), "Every carry counts.");
    const options = ["--rows", "38+44", "--instruction", "@criteria.md", "--output", "answers.jsonl"];
    const report = await solve(...options);
    expect(report).toMatchObject({ n: 1, targets: { n: 1, fixed: 1 } });
    expect(seen.some((prompt) => prompt.includes("Every carry counts."))).toBe(true);
    const [line = "", ...more] = (await readFile(join(folder, "answers.jsonl"), "utf8")).trim().split("\n");
    const row: SolvedRow = JSON.parse(line);
    expect([row.sample, row.answer, more]).toEqual(["38+44", "82", []]);
    // The rows that are known cost nothing again.
    const again = await solve("--steps", "0", "--instruction", "@criteria.md", "--rows", "38+44");
    expect(again).toMatchObject({ calls: 0, solved: [{ answer: "72", chosen: 0, reason: "best score" }] });
  });

  it("shows each attempt, its criticism and what changed, and reports the run", async () => {
    const { online, run } = await bench({ kind: "number" });
    const { stdout } = await online("solve", "add.agentgraph.json", "--model", "adder", "--rows", "17+25");
    expect(stdout).toContain("A carry is missing.");
    expect(stdout).toContain(
      "1 of 1 answer changed. Against the targets, which no attempt saw: score 0.00 → 1.00 (n = 1), 1 fixed, 0 broken.",
    );
    const { stdout: report, stderr } = await run("report", "add.agentgraph.json");
    expect(stderr).toBe("");
    expect(report).toContain("A carry is missing.");
    expect(report).toMatch(/17\+25/);
  });

  it("checks an answer that comes again with the earlier criticism in view", async () => {
    const checks: string[] = [];
    const opened = await open({ model: stubborn(checks) });
    const graph = {
      version: 1,
      inputs: { question: "a question" },
      nodes: { add: { inputs: ["question"], instruction: "Add.", output: { after: "Answer:" } } },
      output: "add",
      data: { test: [{ question: "1 + 1?" }] },
      loss: { kind: "number" },
    };
    await writeFile(join(opened.folder, "add.agentgraph.json"), JSON.stringify(graph));
    const { stdout } = await opened.online("solve", "add.agentgraph.json", "--json", "--model", "m", "--steps", "3");
    const { solved }: SolveReport = JSON.parse(stdout);
    const sum = solved.find(({ answer }) => answer === "2");
    // The second check of 2 withdraws its complaint; nothing else was wrong.
    expect(sum).toMatchObject({ chosen: 1, reason: "passed", attempts: [{ answer: "2" }, { answer: "2" }] });
    const again = checks.filter((prompt) => prompt.includes("An earlier check of the same result said:"));
    expect(again.length).toBeGreaterThan(0);
    for (const prompt of again) expect(prompt).toContain("- The sum looks odd.");
  });

  it("names a row that does not exist", async () => {
    const { online } = await bench({ kind: "number" });
    const { code, stderr } = await online("solve", "add.agentgraph.json", "--model", "adder", "--rows", "99+1");
    expect(code).toBe(2);
    expect(stderr).toContain("The test set has no row 99+1. Its first rows are 17+25, 38+44, 11+22.");
  });
});
