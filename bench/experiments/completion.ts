import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Sample } from "../../src/data/sample.ts";
import type { Task } from "../../src/engine/task.ts";
import { testsLoss } from "../../src/loss/tests.ts";
import { nodeSandbox } from "../../src/platform/sandbox/sandbox.ts";
import { llmNode } from "../worlds/parts.ts";
import { DEFAULTS } from "../worlds/run.ts";
import { type Experiment, written } from "./experiment.ts";
import { createProgrammer } from "./programmer.ts";
import { atEqualCalls, plotByCalls } from "./solving.ts";

const FOLDER = join("examples", "code");

/** Completion of small programs with visible and hidden tests, as in the table of TextGrad's section 3.1. */
export const completion: Experiment = {
  title: "Code as a solution: completion of twelve programs",
  question:
    "Twelve small programs (`examples/code`), each with visible tests, which feedback names, and hidden tests. A program is complete if all of its tests pass. A made-up programmer gets each aspect of a program right by chance: 45 % of those that visible tests show and 75 % of the others at the first try, 85 % of what feedback names. Writing anew draws all aspects again; a rewrite keeps what is right in 97 % of the cases. The tests run in the sandbox that is shipped.",
  options: { seeds: [20], calls: [3, 5, 7, 9] },

  async run({ seeds: [seeds = 0] = [], calls = [] }) {
    const sandbox = nodeSandbox(resolve("dist/sandbox.js"));
    const setting = { task: task(), seeds, modelOf: createProgrammer, sandbox };
    const results = await atEqualCalls("zero-shot", calls, setting);
    return {
      head: ["at most calls a program", "", "attempts", "completion rate", "tests that pass", "calls a program"],
      rows: results.map(({ limit, name, steps, right, score, calls: made }) => [
        String(limit),
        name,
        String(1 + steps),
        written(right),
        written(score),
        made.toFixed(1),
      ]),
      figures: { results },
      plots: [plotByCalls(results, "Completion rate by calls")],
    };
  },
};

function task(): Task {
  const test = readFileSync(join(FOLDER, "data", "tasks.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map(sampleOf);
  const choice = { model: "programmer", params: { temperature: 0 } };
  const tests = (name: string) => ({
    file: `tests/${name}.js`,
    text: readFileSync(join(FOLDER, "tests", `${name}.js`), "utf8"),
  });
  const text =
    "Write a JavaScript module that exports the function {{name}}.\n\n{{task}}\n\nReply with one block of code.";
  return {
    graph: {
      name: "Small programs",
      description: "",
      inputs: ["name", "task"].map((name) => ({ name, description: "" })),
      nodes: [{ ...llmNode({ id: "write", role: "", text, inputs: ["name", "task"] }), message: "user" }],
      output: "write",
    },
    data: { train: [], validation: [], test },
    loss: testsLoss({ visible: tests("visible"), hidden: tests("hidden") }),
    models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
    options: DEFAULTS,
  };
}

function sampleOf(line: string): Sample {
  const inputs = JSON.parse(line);
  return { id: inputs.name, inputs, targets: [], feedback: null };
}
