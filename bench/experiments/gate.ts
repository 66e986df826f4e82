import { randomLcg } from "d3";
import type { RunEvent } from "../../src/engine/events.ts";
import type { Texts } from "../../src/graph/graph.ts";
import { VirtualClock } from "../worlds/clock.ts";
import { median, optionsOf, runOn } from "../worlds/run.ts";
import { type Experiment, inTurn, over, type Point, pairs, seedsFrom, share, written } from "./experiment.ts";
import { createPlanted, type PlantedWorld, type Reader } from "./world.ts";

/** Share of the feedback that names a missing rule. The rest asks for an irrelevant one. */
const RIGHT = 0.4;

const read: Reader = ({ inputs, comparison, ruleIn, noise, chance }) => {
  const upstream = inputs.flatMap(({ id, key }) => (ruleIn(key) ? [{ id, rule: ruleIn(key) }] : []));
  const blamed = upstream.length > 0 ? upstream : [{ id: "instruction", rule: ruleIn(comparison) }];
  return Object.fromEntries(
    blamed.map(({ id, rule }) => [id, `It should ${(chance(`right ${id}`) < RIGHT && rule) || noise()}.`]),
  );
};

const POLICIES = ["strict", "significant", "off"] as const;

export const gate: Experiment = {
  title: "The gate, by the size of the validation set",
  question:
    "A chain of two nodes lacks three rules each. Of the feedback, 40 % names one of them; the rest asks for something that nobody needs and that misleads 10 % of the cases, 30 % of the rewrites forget what was there, and any new wording turns one case in ten by chance. What does each gate let through that is no better in truth, what does it turn down that is, and how does the run end? `noise` is the percentage of validation rows with a wrong target.",
  options: { seeds: [20], sizes: [5, 10, 20, 50, 100], noise: [0] },

  async run({ seeds: [count = 0] = [], sizes = [], noise: [noise = 0] = [] }) {
    const results = await inTurn(pairs(POLICIES, sizes), async ([policy, size]) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) => runGate(policy, size, seed, noise / 100));
      const verdicts = runs.flatMap(({ verdicts }) => verdicts);
      const noBetter = verdicts.filter(({ effect }) => effect <= 0);
      const better = verdicts.filter(({ effect }) => effect > 0);
      return {
        policy,
        size,
        falseAccepts: share(noBetter.filter(({ accepted }) => accepted).length, noBetter.length),
        noBetter: noBetter.length,
        misses: share(better.filter(({ accepted }) => !accepted).length, better.length),
        better: better.length,
        start: over(runs.map(({ start }) => start)),
        end: over(runs.map(({ end }) => end)),
        belowStart: runs.filter(({ start, end }) => end < start - 1e-9).length,
        calls: median(runs.map(({ calls }) => calls)),
      };
    });
    const points = (pick: (result: (typeof results)[number]) => Omit<Point, "x">) =>
      POLICIES.map((name) => ({
        name,
        points: results.filter(({ policy }) => policy === name).map((one): Point => ({ x: one.size, ...pick(one) })),
      }));
    return {
      head: ["gate", "validation", "false accepts", "of", "misses", "of", "start", "held-out", "below start", "calls"],
      rows: results.map((one) => [
        one.policy,
        `${one.size}`,
        written(one.falseAccepts),
        `${one.noBetter}`,
        written(one.misses),
        `${one.better}`,
        one.start.value.toFixed(2),
        written(one.end),
        `${one.belowStart} of ${count}`,
        `${one.calls}`,
      ]),
      figures: { results },
      plots: [
        {
          title: "Held-out score at the end",
          x: "validation samples",
          y: "held-out score",
          series: points(({ end }) => end),
        },
        {
          title: "False accepts: share of the candidates that are no better in truth, and were accepted",
          x: "validation samples",
          y: "false accepts",
          series: points(({ falseAccepts }) => falseAccepts),
        },
        {
          title: "Misses: share of the candidates that are better in truth, and were not accepted",
          x: "validation samples",
          y: "misses",
          series: points(({ misses }) => misses),
        },
      ],
    };
  },
};

/** @param noise share of validation rows whose target is wrong */
async function runGate(policy: (typeof POLICIES)[number], size: number, seed: number, noise: number) {
  const clock = new VirtualClock();
  const world = createPlanted(
    {
      seed,
      shape: { draft: ["question"], answer: ["question", "draft"] },
      faulty: ["draft", "answer"],
      rules: 3,
      startAccuracy: 0.5,
      informative: true,
      wordingNoise: 0.1,
      distractorEffect: 0.1,
      forgetting: 0.3,
      rulesPerRewrite: 1,
      rows: { train: 40, validation: size, test: 500 },
      read,
    },
    () => clock.sleep(200),
  );
  const random = randomLcg(seed / 1000);
  const validation = world.validation.map((sample) =>
    random() < noise ? { ...sample, targets: ["a wrong label"] } : sample,
  );
  const run = await runOn({ ...world, validation }, optionsOf({ seed, gate: { policy, alpha: 0.05 } }), clock);
  return { ...run, verdicts: verdictsOf(run.events, world) };
}

/** The gate's verdict on each candidate, and its true gain: the change of the held-out score. */
function verdictsOf(events: readonly RunEvent[], { graph, test, truth }: PlantedWorld) {
  let incumbent: Texts = Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text]));
  let ahead = incumbent;
  const texts = new Map<string, Texts>();
  const verdicts: { accepted: boolean; effect: number }[] = [];
  for (const event of events) {
    if (event.type === "attempt") texts.set(event.id, { [event.node]: event.text });
    if (event.type === "iteration") incumbent = ahead;
    if (event.type !== "verdict" || event.verdict.decision === "undecided") continue;
    const candidate: Texts = Object.assign({ ...incumbent }, ...event.proposals.map((id) => texts.get(id)));
    const accepted = event.verdict.decision === "accepted";
    if (accepted) ahead = candidate;
    verdicts.push({ accepted, effect: truth(candidate, test) - truth(incumbent, test) });
  }
  return verdicts;
}
