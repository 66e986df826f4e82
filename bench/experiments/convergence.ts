import { median, runWorld, type WorldRun } from "../worlds/run.ts";
import { WORLDS } from "../worlds/worlds.ts";
import { type Experiment, inTurn, over, type Point, pairs, seedsFrom, share, written } from "./experiment.ts";

const SHAPES = ["chain", "diamond"] as const;

/** Options of each arm. COPRO climbs by scores alone: its optimizer sees neither data nor feedback. */
const ARMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  semantic: {},
  "hill climbing (copro)": { method: "copro", budget: { calls: 3000, tokens: null, usd: null } },
};

const ORACLE = "oracle";

export const convergence: Experiment = {
  title: "Score against calls",
  question:
    "How fast does the score rise, what bounds it, and what are gradients worth? Once with gradients; once without, by scores alone (COPRO, one idea in five names a rule); and an oracle that knows every missing rule which the training rows can show: it pays for the training rows that show them, one rewrite of each text, and the validation of the result. `climbs` is the number of seeds of the climb by scores, which takes thousands of calls. World `gradual`: three rules a node, one named at a time, 10 % of the feedback wrong, 10 % of the rewrites ruinous. (Open question 1 of the paper.)",
  options: { seeds: [20], climbs: [20], calls: [50, 100, 200, 300, 400, 800, 1600] },

  async run({ seeds: [count = 0] = [], climbs: [climbs = 0] = [], calls = [] }) {
    const results = await inTurn(pairs(SHAPES, Object.entries(ARMS)), async ([shape, [arm, options]]) => {
      const seeds = seedsFrom(1, arm === "semantic" ? count : climbs);
      const runs = await inTurn(seeds, (seed) => runWorld({ ...WORLDS.gradual, shape, seed }, options));
      return { shape, arm, runs };
    });
    const rows = results.flatMap(({ shape, arm, runs }) => [
      ...(arm === "semantic" ? [figures(shape, ORACLE, runs, calls, oracleAfter)] : []),
      figures(shape, arm, runs, calls, (run, at) => run.after(at)),
    ]);
    return {
      head: ["shape", "what", "seeds", ...calls.map((at) => `at ${at}`), "at the end", "as far as the oracle", "calls"],
      rows: rows.map(({ shape, arm, seeds, scores, end, reached, calls: taken }) => [
        shape,
        arm,
        `${seeds}`,
        ...scores.map(({ value }) => value.toFixed(2)),
        written(end),
        written(reached),
        `${taken}`,
      ]),
      figures: { results: rows },
      plots: SHAPES.map((shape) => ({
        title: `Held-out score by calls, ${shape}`,
        x: "calls",
        y: "held-out score",
        series: rows
          .filter((one) => one.shape === shape)
          .map(({ arm, scores }) => ({
            name: arm,
            points: scores.map((score, at): Point => ({ x: calls[at] ?? 0, ...score })),
          })),
      })),
    };
  },
};

function figures(
  shape: (typeof SHAPES)[number],
  arm: string,
  runs: readonly WorldRun[],
  calls: readonly number[],
  after: (run: WorldRun, at: number, shape: (typeof SHAPES)[number]) => number,
) {
  const isOracle = arm === ORACLE;
  return {
    shape,
    arm,
    seeds: runs.length,
    /** Share of the runs that end where the oracle does, up to half a held-out row. */
    reached: share(runs.filter((run) => isOracle || run.end >= run.reachable - 0.021).length, runs.length),
    scores: calls.map((at) => over(runs.map((run) => after(run, at, shape)))),
    end: over(runs.map((run) => (isOracle ? run.reachable : run.end))),
    reachable: over(runs.map(({ reachable }) => reachable)),
    calls: isOracle ? oracleCalls(shape) : median(runs.map((run) => run.calls)),
  };
}

/** 20 training rows through the graph, one rewrite of each text, 20 validation rows before and after. */
function oracleCalls(shape: (typeof SHAPES)[number]): number {
  const nodes = shape === "chain" ? 2 : 4;
  return 20 * nodes + nodes + 2 * 20 * nodes;
}

function oracleAfter({ start, reachable }: WorldRun, at: number, shape: (typeof SHAPES)[number]): number {
  return at < oracleCalls(shape) ? start : reachable;
}
