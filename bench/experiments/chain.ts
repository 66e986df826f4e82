import type { RunEvent } from "../../src/engine/events.ts";
import { VirtualClock } from "../worlds/clock.ts";
import { median, optionsOf, runOn } from "../worlds/run.ts";
import { type Experiment, inTurn, over, type Point, pairs, seedsFrom, share, written } from "./experiment.ts";
import { createPlanted, DEFAULT_PLAN, type PlantedWorld, type Reader } from "./world.ts";

/** Share of its clues that the model understands. */
const UNDERSTANDS = 0.8;
/** Share of prompts without a clue in which it finds no fault. */
const CONTENT = 0.3;

/** Finds the rule in the received feedback, or else in the comparison of the final answer, if the prompt has one. */
const follows =
  (looksAtTheEnd: boolean): Reader =>
  ({ inputs, feedback, comparison, ruleIn, chance }) => {
    const rule = ruleIn(feedback) ?? (looksAtTheEnd ? ruleIn(comparison) : undefined);
    const says =
      rule !== undefined && chance("understands") < UNDERSTANDS
        ? `It should ${rule}.`
        : chance("content") < CONTENT
          ? ""
          : "It should be more careful and more precise.";
    return Object.fromEntries(inputs.map(({ id }) => [id, says]));
  };

const ARMS = { "feedback and final comparison": follows(true), "feedback alone": follows(false) };

export const chain: Experiment = {
  title: "Gradients through a chain",
  question:
    "Only the first node of a chain is at fault; the answer is compared at its other end. Does the gradient get there, and does it still name the fault? The made-up model understands 80 % of the clues it is shown, and says something vague or nothing where it has none. Once it goes by the feedback that arrived alone; once it also reads the comparison of the final answer, which the engine puts into every backward prompt.",
  options: { seeds: [30], depths: [2, 3, 4, 5, 6, 7, 8] },

  async run({ seeds: [count = 0] = [], depths = [] }) {
    const results = await inTurn(pairs(Object.entries(ARMS), depths), async ([[arm, read], depth]) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) => runChain(depth, seed, read));
      const steps = Array.from({ length: depth }, (_, away) => {
        const arrived = runs.flatMap(({ gradients }) => gradients.filter((one) => one.away === away));
        const counted = (what: (one: Arrived) => boolean) => share(arrived.filter(what).length, arrived.length);
        return { away, reached: counted(({ reached }) => reached), named: counted(({ named }) => named) };
      });
      return {
        arm,
        depth,
        steps,
        start: over(runs.map(({ start }) => start)),
        end: over(runs.map(({ end }) => end)),
        solved: runs.filter(({ end, ceiling }) => end >= ceiling - 0.02).length,
        calls: median(runs.map(({ calls }) => calls)),
        backward: median(runs.map(({ purposes }) => purposes.backward ?? 0)),
      };
    });
    const of = (arm: string) => results.filter((result) => result.arm === arm);
    const deepest = (arm: string) => of(arm).at(-1)?.steps ?? [];
    const arms = Object.keys(ARMS);
    return {
      head: [
        "the model reads",
        "depth",
        "reaches 1st node",
        "names the fault there",
        "start",
        "held-out",
        "solved",
        "calls",
        "backward",
      ],
      rows: results.map(({ arm, depth, steps, start, end, solved, calls, backward }) => [
        arm,
        `${depth}`,
        ...steps.slice(-1).flatMap(({ reached, named }) => [written(reached), written(named)]),
        start.value.toFixed(2),
        written(end),
        `${solved} of ${count}`,
        `${calls}`,
        `${backward}`,
      ]),
      figures: { results },
      plots: [
        {
          title: `Share of gradients that name the true fault, by steps from the answer (chain of ${depths.at(-1)})`,
          x: "steps from the answer",
          y: "names the fault",
          series: arms.map((name) => ({
            name,
            points: deepest(name)
              .slice(1)
              .map(({ away, named }): Point => ({ x: away, ...named })),
          })),
        },
        {
          title: "Held-out score at the end, by depth",
          x: "depth of the chain",
          y: "held-out score",
          series: arms.map((name) => ({
            name,
            points: of(name).map(({ depth, end }): Point => ({ x: depth, ...end })),
          })),
        },
      ],
    };
  },
};

interface Arrived {
  /** Number of edges to the answer. */
  readonly away: number;
  readonly reached: boolean;
  readonly named: boolean;
}

async function runChain(depth: number, seed: number, read: Reader) {
  const ids = Array.from({ length: depth }, (_, at) => (at === depth - 1 ? "answer" : `step${at + 1}`));
  const [first = ""] = ids;
  const clock = new VirtualClock();
  const world = createPlanted(
    {
      ...DEFAULT_PLAN,
      seed,
      shape: Object.fromEntries(ids.map((id, at) => [id, ["question", ...ids.slice(Math.max(0, at - 1), at)]])),
      faulty: [first],
      informative: true,
      distractorEffect: 0,
      read,
    },
    () => clock.sleep(200),
  );
  const run = await runOn(world, optionsOf({ seed }), clock);
  return { ...run, gradients: arrivals(run.events, ids, first, world) };
}

/** The feedback that each node gets for each failing sample of the first iteration, which has the original texts. */
function arrivals(
  events: readonly RunEvent[],
  ids: readonly string[],
  faulty: string,
  { ruleFor }: PlantedWorld,
): Arrived[] {
  const values = events.flatMap((event) =>
    event.type === "gradient" && event.of === "value" && event.iteration === 1 && event.text !== "" ? [event] : [],
  );
  const failing = [...new Set(values.map(({ sample }) => sample))].filter((sample) => ruleFor(faulty, sample));
  return failing.flatMap((sample) =>
    ids.map((id, at) => {
      const text = values.find((one) => one.sample === sample && one.node === id)?.text;
      const rule = ruleFor(faulty, sample) ?? "";
      return { away: ids.length - 1 - at, reached: text !== undefined, named: text?.includes(rule) ?? false };
    }),
  );
}
