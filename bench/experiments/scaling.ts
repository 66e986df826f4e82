import { VirtualClock } from "../worlds/clock.ts";
import { median, optionsOf, runOn } from "../worlds/run.ts";
import { type Experiment, inTurn, over, type Point, seedsFrom, share, written } from "./experiment.ts";
import { createPlanted, DEFAULT_PLAN, type Reader } from "./world.ts";

/** Names the missing rule in 80% of the prompts. */
const read: Reader = ({ inputs, feedback, comparison, ruleIn, chance }) => {
  const blamed = inputs.flatMap(({ id, key }) => (ruleIn(key) ? [{ id, rule: ruleIn(key) }] : []));
  const [rule] = [ruleIn(feedback), ruleIn(comparison)].filter(Boolean);
  const all = blamed.length > 0 ? blamed : inputs.map(({ id }) => ({ id, rule }));
  const said = all.flatMap(({ id, rule: one }) =>
    one && chance(`names ${id}`) < 0.8 ? [[id, `It should ${one}.`]] : [],
  );
  const own = rule && chance("own") < 0.8 ? [["instruction", `It should ${rule}.`]] : [];
  return Object.fromEntries([...said, ...own]);
};

/** Maximum number of nodes in a layer. Each has three inputs from the previous layer. */
const WIDTH = 8;

const SHAPES: Readonly<Record<string, (size: number) => Record<string, string[]>>> = {
  chain: (size) => shapeOf(Array.from({ length: size }, () => 1)),
  "fan-in": (size) => shapeOf([size - 1, 1].filter((count) => count > 0)),
  layers: (size) => {
    const full = Math.floor((size - 1) / WIDTH);
    const rest = size - 1 - full * WIDTH;
    return shapeOf([...Array.from({ length: full }, () => WIDTH), rest, 1].filter((count) => count > 0));
  },
};

function shapeOf(layers: readonly number[]): Record<string, string[]> {
  const named = layers.map((count, layer) =>
    Array.from({ length: count }, (_, at) => (layer === layers.length - 1 ? "answer" : `n${layer}x${at}`)),
  );
  return Object.fromEntries(
    named.flatMap((ids, layer) =>
      ids.map((id, at): [string, string[]] => {
        const before = named[layer - 1] ?? [];
        const isLast = layer === named.length - 1;
        return [
          id,
          ["question", ...before.filter((_, index) => isLast || (index - at + before.length) % before.length < 3)],
        ];
      }),
    ),
  );
}

export const scaling: Experiment = {
  title: "Scaling in size and depth",
  question:
    "How many calls and iterations does a run take, and how often does it reach the ceiling, as the graph grows? Two nodes, drawn at random, lack two rules each; all others are sound, but everybody has to find that out. The made-up model names the fault it is shown 80 % of the time; in a graph of one node, where no backward call is made, the model that rewrites does so. 20 training and 20 validation rows. (Open question 2 of the paper.)",
  options: {
    seeds: [5],
    chain: [1, 2, 4, 8, 16, 32],
    fan: [4, 8, 16, 32, 64],
    layers: [16, 32, 64, 128, 200],
  },

  async run({ seeds: [count = 0] = [], chain = [], fan = [], layers = [] }) {
    const cases = Object.entries({ chain, "fan-in": fan, layers }).flatMap(([shape, sizes]) =>
      sizes.map((size) => ({ shape, size })),
    );
    const results = await inTurn(cases, async ({ shape, size }) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) => runSize(shape, size, seed));
      const perAnswer = size;
      return {
        shape,
        size,
        depth: median(runs.map(({ depth }) => depth)),
        solved: share(runs.filter(({ end, ceiling }) => end >= ceiling - 0.02).length, count),
        end: over(runs.map(({ end }) => end)),
        calls: median(runs.map(({ calls }) => calls)),
        perNode: median(runs.map(({ calls }) => calls)) / perAnswer,
        iterations: median(runs.map(({ iterations }) => iterations)),
        seconds: median(runs.map(({ seconds }) => seconds)),
      };
    });
    const names = [...new Set(results.map(({ shape }) => shape))];
    const points = (y: (one: (typeof results)[number]) => Omit<Point, "x">) =>
      names.map((name) => ({
        name,
        points: results.filter(({ shape }) => shape === name).map((one): Point => ({ x: one.size, ...y(one) })),
      }));
    const flat = (value: number) => ({ value, interval: [value, value] as const });
    const most = Math.max(1, ...results.map(({ perNode }) => perNode));
    return {
      head: [
        "shape",
        "nodes",
        "layers",
        "held-out",
        "solved",
        "calls",
        "calls a node",
        "iterations",
        "seconds at 200 ms",
      ],
      rows: results.map((one) => [
        one.shape,
        `${one.size}`,
        `${one.depth}`,
        written(one.end),
        written(one.solved),
        `${one.calls}`,
        one.perNode.toFixed(0),
        `${one.iterations}`,
        one.seconds.toFixed(0),
      ]),
      figures: { results },
      plots: [
        { title: "Held-out score at the end", x: "nodes", y: "held-out score", series: points(({ end }) => end) },
        {
          title: `Calls for each node of the graph, of ${most.toFixed(0)}`,
          x: "nodes",
          y: `share of ${most.toFixed(0)} calls`,
          series: points(({ perNode }) => flat(perNode / most)),
        },
      ],
    };
  },
};

async function runSize(name: string, size: number, seed: number) {
  const shape = SHAPES[name]?.(size) ?? {};
  const ids = Object.keys(shape);
  const faulty = [...new Set([ids[(7 * seed) % ids.length], ids[(13 * seed + 3) % ids.length]])].filter(
    (id) => id !== undefined,
  );
  const clock = new VirtualClock();
  const rows = { train: 20, validation: 20, test: 100 };
  const plan = { ...DEFAULT_PLAN, seed, shape, faulty, rows, informative: true, distractorEffect: 0, read };
  const world = createPlanted(plan, () => clock.sleep(200));
  const run = await runOn(world, optionsOf({ seed }), clock);
  return { ...run, depth: depthOf(shape) };
}

function depthOf(shape: Readonly<Record<string, readonly string[]>>): number {
  const depths = new Map<string, number>();
  for (const [id, inputs] of Object.entries(shape)) {
    depths.set(id, 1 + Math.max(0, ...inputs.map((input) => depths.get(input) ?? 0)));
  }
  return Math.max(...depths.values());
}
