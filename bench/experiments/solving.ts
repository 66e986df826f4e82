import { mean } from "simple-statistics";
import type { Sandbox } from "../../src/deps.ts";
import type { Solved } from "../../src/engine/solution-schema.ts";
import { mostCallsPerRow, solve } from "../../src/engine/solve/solve.ts";
import type { SolverName } from "../../src/engine/solve/solvers.ts";
import type { Task } from "../../src/engine/task.ts";
import type { Model } from "../../src/models/model.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../src/models/stack/store.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { type Estimate, inTurn, over, type Plot, seedsFrom } from "./experiment.ts";

/** What is compared: a solver and how many attempts it has after the first. */
interface Arm {
  readonly name: string;
  /** Maximum calls a row. */
  readonly limit: number;
  readonly solver: SolverName;
  readonly steps: number;
}

interface ArmResult extends Arm {
  /** Share of rows whose chosen answer has no loss. */
  readonly right: Estimate;
  /** Mean of 1 − loss of the chosen answers. */
  readonly score: Estimate;
  /** Mean calls of a row. */
  readonly calls: number;
}

interface Setting {
  readonly task: Task;
  /** Number of seeds. The test set is solved once for each. */
  readonly seeds: number;
  readonly modelOf: (seed: number) => Model;
  /** Default: no code runs. */
  readonly sandbox?: Sandbox;
}

/**
 * The first answer, then both solvers at as many calls.
 * @param first the name of an arm that makes no further attempt
 * @param limits maximum calls a row
 */
export async function atEqualCalls(first: string, limits: readonly number[], setting: Setting): Promise<ArmResult[]> {
  const { task } = setting;
  const limit = mostCalls(task, "textgrad", 0);
  const arms: readonly Arm[] = [{ name: first, limit, solver: "textgrad", steps: 0 }, ...armsWithin(task, limits)];
  return inTurn(arms, (arm) => playArm(arm, setting));
}

async function playArm(arm: Arm, { task, seeds, modelOf, sandbox }: Setting): Promise<ArmResult> {
  const { clock } = nodeDeps();
  const runs = await inTurn(seedsFrom(1, seeds), async (seed) => {
    const stack = createStack({
      provider: modelOf(seed),
      replies: new MemoryReplies(),
      limits: { calls: null, tokens: null, usd: null },
      concurrency: 4,
      clock,
      seed,
      price: () => null,
    });
    const rows: Solved[] = [];
    const local = sandbox && { sandbox, search: async () => [], keep: stack.keep, recall: stack.recall };
    const deps = { ...stack, price: () => null, ...(local && { local }) };
    const runner = solve({ split: "test", solver: arm.solver, steps: arm.steps });
    for await (const event of runner(task, deps, new AbortController().signal)) {
      if (event.type === "solved") rows.push(event);
      if (event.type === "finished" && event.status !== "done") throw new Error(JSON.stringify(event));
    }
    if (rows.length !== task.data.test.length) throw new Error(`${rows.length} rows were solved`);
    return {
      right: mean(rows.map(({ after }) => (after === 0 ? 1 : 0))),
      score: mean(rows.map(({ after }) => 1 - (after ?? 1))),
      calls: stack.budget.spent.calls / rows.length,
    };
  });
  return {
    ...arm,
    right: over(runs.map(({ right }) => right)),
    score: over(runs.map(({ score }) => score)),
    calls: mean(runs.map(({ calls }) => calls)),
  };
}

const LABELS: Readonly<Record<SolverName, string>> = { textgrad: "textual gradients", reflexion: "Reflexion" };
/** No limit of calls leads to more attempts. */
const MOST_STEPS = 30;

/** Both solvers with as many attempts as never need more than a number of calls a row. */
function armsWithin(task: Task, limits: readonly number[]): Arm[] {
  const steps = Array.from({ length: MOST_STEPS }, (_, index) => index + 1);
  return limits.flatMap((limit) =>
    (["textgrad", "reflexion"] as const).map((solver) => {
      const most = steps.findLast((count) => mostCalls(task, solver, count) <= limit) ?? 0;
      return { name: LABELS[solver], limit, solver, steps: most };
    }),
  );
}

function mostCalls(task: Task, solver: SolverName, steps: number): number {
  return mostCallsPerRow(task, { solver, steps, split: "test" });
}

/** Share of right answers by the calls that a row took on average. */
export function plotByCalls(results: readonly ArmResult[], title: string): Plot {
  const series = [...new Set(results.map(({ name }) => name))].map((name) => ({
    name,
    points: results.filter((one) => one.name === name).map(({ calls, right }) => ({ x: calls, ...right })),
  }));
  return { title, x: "calls a row", y: "right", series };
}
