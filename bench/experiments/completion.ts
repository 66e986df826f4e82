import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { mean } from "simple-statistics";
import type { Sample } from "../../src/data/sample.ts";
import type { Solved } from "../../src/engine/solution-schema.ts";
import { solve } from "../../src/engine/solve/solve.ts";
import type { SolverName } from "../../src/engine/solve/solvers.ts";
import type { Task } from "../../src/engine/task.ts";
import { testsLoss } from "../../src/loss/tests.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../src/models/stack/store.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { nodeSandbox } from "../../src/platform/sandbox/sandbox.ts";
import { llmNode } from "../worlds/parts.ts";
import { DEFAULTS } from "../worlds/run.ts";
import { type Experiment, inTurn, over, seedsFrom, written } from "./experiment.ts";
import { createProgrammer, PROGRAM_NAMES } from "./programmer.ts";

const FOLDER = join("examples", "code");

/** A solver with its number of attempts after the first. */
interface Arm {
  readonly name: string;
  readonly solver: SolverName;
  readonly steps: number;
}

/** Completion of small programs with visible and hidden tests, as in the table of TextGrad's section 3.1. */
export const completion: Experiment = {
  title: "Code as a solution: completion of twelve programs",
  question:
    "Twelve small programs (`examples/code`), each with visible tests, which feedback names, and hidden tests. A program is complete if all of its tests pass. A made-up programmer gets each aspect of a program right by chance: 45 % of those that visible tests show and 75 % of the others at the first try, 85 % of what feedback names. Writing anew draws all aspects again; a rewrite keeps what is right in 97 % of the cases. The tests run in the sandbox that is shipped.",
  options: { seeds: [20], steps: [5] },

  async run({ seeds: [count = 0] = [], steps: [steps = 0] = [] }) {
    const sandbox = nodeSandbox(resolve("dist/sandbox.js"));
    const { clock } = nodeDeps();
    const arms: readonly Arm[] = [
      { name: "zero-shot", solver: "textgrad", steps: 0 },
      { name: "Reflexion, 1 attempt", solver: "reflexion", steps: 1 },
      { name: `Reflexion, ${steps} attempts`, solver: "reflexion", steps },
      { name: `textual gradients, ${steps} attempts`, solver: "textgrad", steps },
    ];
    const results = await inTurn(arms, async ({ name, ...options }) => {
      const runs = await inTurn(seedsFrom(1, count), async (seed) => {
        const stack = createStack({
          provider: createProgrammer(seed),
          replies: new MemoryReplies(),
          limits: { calls: null, tokens: null, usd: null },
          concurrency: 4,
          clock,
          seed,
          price: () => null,
        });
        const solved: Solved[] = [];
        const local = { sandbox, search: async () => [], keep: stack.keep, recall: stack.recall };
        const runner = solve({ split: "test", ...options });
        const deps = { ...stack, price: () => null, local };
        for await (const event of runner(task(), deps, new AbortController().signal)) {
          if (event.type === "solved") solved.push(event);
          if (event.type === "finished" && event.status !== "done") throw new Error(JSON.stringify(event));
        }
        if (solved.length !== PROGRAM_NAMES.length) throw new Error(`${solved.length} programs were solved`);
        return {
          complete: mean(solved.map(({ after }) => (after === 0 ? 1 : 0))),
          passing: mean(solved.map(({ after }) => 1 - (after ?? 1))),
          calls: stack.budget.spent.calls / PROGRAM_NAMES.length,
        };
      });
      return {
        arm: name,
        complete: over(runs.map((run) => run.complete)),
        passing: over(runs.map((run) => run.passing)),
        calls: mean(runs.map((run) => run.calls)),
      };
    });
    return {
      head: ["", "completion rate", "tests that pass", "calls a program"],
      rows: results.map((one) => [one.arm, written(one.complete), written(one.passing), one.calls.toFixed(1)]),
      figures: { results },
      plots: [],
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
