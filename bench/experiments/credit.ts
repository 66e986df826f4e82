import { type Experiment, inTurn, type Point, pairs, seedsFrom, share, sum, written } from "./experiment.ts";
import { ARMS, runFan } from "./neighbors.ts";

/** Credit assignment by fan-in and by distance from the answer. */
export const credit: Experiment = {
  title: "Credit assignment, by fan-in and depth",
  question:
    "One of several nodes that read the question side by side is at fault, and it is known which. A node joins them, and a chain of more nodes leads from there to the answer. Of the gradients that reach the side-by-side nodes, how many blame the right one: where the model is shown all inputs of a node at once, and where it is shown each alone? What it can see is made up: which value fits none of the others (90 % of the time), or a guess (50 %) where there is nothing to compare with.",
  options: { seeds: [10], siblings: [2, 4, 8], depths: [1, 3, 6] },

  async run({ seeds: [count = 0] = [], siblings = [], depths = [] }) {
    const shapes = pairs(siblings, depths);
    const results = await inTurn(pairs(Object.entries(ARMS), shapes), async ([[arm, isAware], [width, depth]]) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) => runFan(width, seed, isAware, depth));
      const all = (pick: (run: (typeof runs)[number]) => number) => sum(runs.map(pick));
      const right = all((run) => run.right);
      return {
        arm,
        siblings: width,
        depth,
        credit: share(
          right,
          all(({ given }) => given),
        ),
        found: share(
          right,
          all(({ failing }) => failing),
        ),
      };
    });
    type Result = (typeof results)[number];
    const points = (of: (result: Result) => boolean, x: (result: Result) => number) =>
      Object.keys(ARMS).map((name) => ({
        name,
        points: results
          .filter((one) => one.arm === name && of(one))
          .map((one): Point => ({ x: x(one), ...one.credit })),
      }));
    const [near = 1, wide = 2] = [depths[0], siblings[Math.floor(siblings.length / 2)]];
    return {
      head: ["the model is shown", "fan-in", "steps to the answer", "gradients at the fault", "failures that reach it"],
      rows: results.map((one) => [one.arm, `${one.siblings}`, `${one.depth}`, written(one.credit), written(one.found)]),
      figures: { results },
      plots: [
        {
          title: `Share of the gradients that blame the right node, by fan-in (${near} step from the answer)`,
          x: "nodes side by side",
          y: "share of gradients",
          series: points(
            ({ depth }) => depth === near,
            (one) => one.siblings,
          ),
        },
        {
          title: `The same by depth (${wide} nodes side by side)`,
          x: "steps to the answer",
          y: "share of gradients",
          series: points(
            (one) => one.siblings === wide,
            ({ depth }) => depth,
          ),
        },
      ],
    };
  },
};
