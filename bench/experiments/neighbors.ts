import type { RunEvent } from "../../src/engine/events.ts";
import { VirtualClock } from "../worlds/clock.ts";
import { median, optionsOf, runOn } from "../worlds/run.ts";
import { type Experiment, inTurn, over, type Point, pairs, seedsFrom, share, sum, written } from "./experiment.ts";
import { createPlanted, DEFAULT_PLAN, type PlantedWorld, type Reader } from "./world.ts";

/** Share of comparisons in which the model finds the value that does not fit the others. */
const COMPARES = 0.9;
/** Chance that it blames a value without others to compare with. */
const SUSPECTS = 0.5;
/** Share of blamed wrong values whose fault it names. For the others, it asks for an irrelevant rule. */
const UNDERSTANDS = 0.8;

/** Blames the value that fits none of the others, or by chance if there is nothing to compare with. */
const read: Reader = ({ inputs, ruleIn, noise, chance }) => {
  const fitsNone = inputs.filter(({ key }) => inputs.filter((other) => other.key === key).length === 1);
  const [odd] = fitsNone;
  const anyone = inputs[Math.floor(chance("anyone") * inputs.length)];
  const compared = odd && fitsNone.length === 1 ? (chance("compares") < COMPARES ? [odd] : anyone ? [anyone] : []) : [];
  const blamed = inputs.length > 1 ? compared : inputs.filter(() => chance("suspects") < SUSPECTS);
  return Object.fromEntries(
    blamed.map(({ id, key }) => {
      const rule = chance("understands") < UNDERSTANDS ? ruleIn(key) : undefined;
      return [id, `It should ${rule ?? noise()}.`];
    }),
  );
};

export const ARMS = { "all inputs at once": true, "each input alone": false };

export const neighbors: Experiment = {
  title: "Gradients in view of the neighbours",
  question:
    "Several nodes read the question side by side, and one of them, which is known, is at fault. The made-up model sees which value does not fit the others where it is shown all of them (90 %), and can only suspect one that it is shown alone (50 %). A rule that nobody needs misleads 5 % of the cases. Who gets the gradient, whose text is changed, and what does it cost?",
  options: { seeds: [40], siblings: [3, 4, 6] },

  async run({ seeds: [count = 0] = [], siblings = [] }) {
    const results = await inTurn(pairs(Object.entries(ARMS), siblings), async ([[arm, isAware], width]) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) => runFan(width, seed, isAware));
      const all = (pick: (run: (typeof runs)[number]) => number) => sum(runs.map(pick));
      const right = all(({ right }) => right);
      return {
        arm,
        siblings: width,
        credit: share(
          right,
          all(({ given }) => given),
        ),
        found: share(
          right,
          all(({ failing }) => failing),
        ),
        mended: runs.filter(({ changed, faulty }) => changed.includes(faulty)).length,
        bystanders: all(({ changed, faulty }) => changed.filter((id) => id !== faulty).length) / count,
        start: over(runs.map(({ start }) => start)),
        end: over(runs.map(({ end }) => end)),
        calls: median(runs.map(({ calls }) => calls)),
        backward: median(runs.map(({ purposes }) => purposes.backward ?? 0)),
      };
    });
    const points = (pick: (result: (typeof results)[number]) => Omit<Point, "x">) =>
      Object.keys(ARMS).map((name) => ({
        name,
        points: results.filter(({ arm }) => arm === name).map((one): Point => ({ x: one.siblings, ...pick(one) })),
      }));
    return {
      head: [
        "the model is shown",
        "siblings",
        "gradients at the fault",
        "failures that reach it",
        "fault mended",
        "others changed",
        "start",
        "held-out",
        "calls",
        "backward",
      ],
      rows: results.map((one) => [
        one.arm,
        `${one.siblings}`,
        written(one.credit),
        written(one.found),
        `${one.mended} of ${count}`,
        one.bystanders.toFixed(1),
        one.start.value.toFixed(2),
        written(one.end),
        `${one.calls}`,
        `${one.backward}`,
      ]),
      figures: { results },
      plots: [
        {
          title: "Share of the gradients that go to the node at fault",
          x: "siblings",
          y: "share of gradients",
          series: points(({ credit }) => credit),
        },
        { title: "Held-out score at the end", x: "siblings", y: "held-out score", series: points(({ end }) => end) },
      ],
    };
  },
};

/** @param depth number of edges from the parallel nodes to the answer */
export async function runFan(width: number, seed: number, isAware: boolean, depth = 1) {
  const siblings = Array.from({ length: width }, (_, at) => `part${at + 1}`);
  const faulty = siblings[seed % width] ?? "";
  const clock = new VirtualClock();
  const world = createPlanted(
    {
      ...DEFAULT_PLAN,
      seed,
      shape: { ...Object.fromEntries(siblings.map((id) => [id, ["question"]])), ...chainFrom(siblings, depth) },
      faulty: [faulty],
      informative: false,
      distractorEffect: 0.05,
      read,
    },
    () => clock.sleep(200),
  );
  const run = await runOn(world, optionsOf({ seed, neighbors: isAware }), clock);
  const { texts } = run.finished;
  const changed = siblings.filter((id) => texts[id] !== world.graph.nodes.find((node) => node.id === id)?.text);
  return { ...run, faulty, changed, ...credit(run.events, siblings, faulty, world) };
}

/** A node that joins the parallel nodes, and a chain to the answer. */
function chainFrom(joined: readonly string[], depth: number): Record<string, string[]> {
  const ids = Array.from({ length: depth }, (_, at) => (at === depth - 1 ? "answer" : `join${at + 1}`));
  return Object.fromEntries(ids.map((id, at) => [id, ["question", ...(at === 0 ? joined : ids.slice(at - 1, at))]]));
}

/**
 * Gradients of the first iteration, which has the original texts, for samples that fail because of the planted
 * fault.
 */
function credit(events: readonly RunEvent[], siblings: readonly string[], faulty: string, { ruleFor }: PlantedWorld) {
  const first = events.flatMap((event) => (event.type === "gradient" && event.iteration === 1 ? [event] : []));
  const failing = new Set(first.map(({ sample }) => sample).filter((sample) => ruleFor(faulty, sample)));
  const given = first.filter(
    ({ sample, node, of, text }) => of === "value" && text !== "" && siblings.includes(node) && failing.has(sample),
  );
  return { failing: failing.size, given: given.length, right: given.filter(({ node }) => node === faulty).length };
}
