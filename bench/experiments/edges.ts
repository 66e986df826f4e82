import type { Texts } from "../../src/graph/graph.ts";
import { VirtualClock } from "../worlds/clock.ts";
import { median, optionsOf, runOn } from "../worlds/run.ts";
import { randomChanges, swarm } from "./edge-search.ts";
import { createEdgeWorld, type EdgeWorld, edgesApart, type Fault } from "./edges-world.ts";
import { type Experiment, inTurn, over, pairs, seedsFrom, share, written } from "./experiment.ts";

const FAULTS: readonly Fault[] = ["missing", "harmful", "both"];
/** Times the calls of the gradients that a search by scores may make. */
const GENEROUS = 5;

interface Result {
  readonly texts: Texts;
  readonly calls: number;
}

/** The arms in running order: the budget of the searches is the number of calls of the first. */
const ARMS: Readonly<Record<string, (plan: Plan, calls: number) => Promise<Result>>> = {
  "semantic gradients, 90% right": (plan) => gradients(plan, 0.9),
  "semantic gradients, 50% right": (plan) => gradients(plan, 0.5),
  "edge probabilities (GPTSwarm)": async (plan, calls) => swarm(worldOf(plan), plan.seed, calls),
  "edge probabilities, 5 times the calls": async (plan, calls) => swarm(worldOf(plan), plan.seed, GENEROUS * calls),
  "random changes, same gate": async (plan, calls) => randomChanges(worldOf(plan), plan.seed, calls),
  "random changes, 5 times the calls": async (plan, calls) => randomChanges(worldOf(plan), plan.seed, GENEROUS * calls),
};

interface Plan {
  readonly seed: number;
  readonly fault: Fault;
}

const SIZE = { sources: 4, decoys: 3 } as const;

function worldOf(plan: Plan, accuracy = 1, clock?: VirtualClock): EdgeWorld {
  return createEdgeWorld({ ...plan, ...SIZE, accuracy }, async () => clock?.sleep(200));
}

async function gradients(plan: Plan, accuracy: number): Promise<Result> {
  const clock = new VirtualClock();
  const run = await runOn(worldOf(plan, accuracy, clock), optionsOf({ seed: plan.seed }), clock);
  return { texts: run.finished.texts, calls: run.calls };
}

export const edges: Experiment = {
  title: "Edges as parameters, on planted faults",
  question:
    "A node joins what four others found out; each case needs what one of them says, and three decoys mislead 60 % of the cases of whoever reads them. The file lacks one edge that is needed, has one that misleads, or both. Every node may read what is before it, so many other edges are possible. Who mends the file, by which calls, and how many edges are other than they should be at the end? The made-up model that gives feedback is right about what was lacking or misleading 90 % or 50 % of the time, and names something at random otherwise. Beside it: edge probabilities by REINFORCE as in GPTSwarm, and random changes of single edges before the same gate, both with as many calls as the gradients took, and with five times as many.",
  options: { seeds: [20] },

  async run({ seeds: [count = 0] = [] }) {
    const results = await inTurn(FAULTS, async (fault) => {
      const runs = await inTurn(seedsFrom(1, count), async (seed) => {
        const plan = { seed, fault };
        const world = worldOf(plan);
        let allowed = 0;
        const made = await inTurn(Object.entries(ARMS), async ([arm, search]) => {
          const { texts, calls } = await search(plan, allowed);
          if (allowed === 0) allowed = calls;
          const apart = edgesApart({ ...world.start, ...edgesIn(texts) }, world.sound);
          return { arm, calls, end: world.truth(edgesIn(texts), world.test), apart };
        });
        return { made, start: world.truth({}, world.test), ceiling: world.ceiling(world.test) };
      });
      const start = over(runs.map((run) => run.start));
      return Object.keys(ARMS).map((arm, at) => {
        const own = runs.flatMap(({ made, ceiling }) => made.slice(at, at + 1).map((one) => ({ ...one, ceiling })));
        return {
          fault,
          arm,
          start: start.value,
          end: over(own.map(({ end }) => end)),
          mended: share(own.filter(({ end, ceiling }) => end >= ceiling - 0.01).length, own.length),
          wrong: own.reduce((sum, { apart }) => sum + apart, 0) / own.length,
          calls: median(own.map(({ calls }) => calls)),
        };
      });
    });
    const all = results.flat();
    return {
      head: ["fault", "search", "start", "held-out", "mended", "edges wrong at the end", "calls"],
      rows: all.map((one) => [
        one.fault,
        one.arm,
        one.start.toFixed(2),
        written(one.end),
        written(one.mended),
        one.wrong.toFixed(1),
        `${one.calls}`,
      ]),
      figures: { results: all },
      plots: [
        {
          title: "Held-out score at the end, by fault (1 missing, 2 harmful, 3 both)",
          x: "fault",
          y: "held-out score",
          series: Object.keys(ARMS).map((name) => ({
            name,
            points: pairs(FAULTS, [name]).flatMap(([fault], at) =>
              all.filter((one) => one.arm === name && one.fault === fault).map((one) => ({ x: at + 1, ...one.end })),
            ),
          })),
        },
      ],
    };
  },
};

function edgesIn(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([id]) => id.endsWith(":inputs")));
}
