import { randomLcg } from "d3";
import {
  type Crossed,
  crossedDifference,
  crossedGainInterval,
  crossedTest,
  holm,
  type Layout,
} from "../../src/run/comparison/crossed.ts";
import { LEVEL } from "../../src/run/comparison/result.ts";
import { type Experiment, share, written } from "./experiment.ts";

/** How the searches of one method end: logits that are added to each sample's. */
const ENDS: Readonly<Record<string, (random: () => number) => number>> = {
  "all alike": () => 0,
  "well or badly": (random) => (random() < 0.6 ? 1.5 : -1.5),
  spread: (random) => normal(random),
};

/** What a better method adds to the logits of its searches. */
const BETTER = 1.5;
const METHODS = 3;
const FOLDS = { folds: 5, samples: 12 };

/** Whether a comparison of equal methods calls any two of them different, and how often it sees one that is better. */
export const comparing: Experiment = {
  title: "What a comparison of three methods says",
  question:
    "Made-up scores of three methods, right or wrong by search and sample. Samples differ in difficulty, and the searches of a method end all alike, well or badly (60 % well), or spread (normal, in logits). In one half of the trials all methods are equal in truth; in the other the first is better. Equal methods may be called different in 5 % of comparisons.",
  options: { seeds: [100], repeats: [3, 5, 10], samples: [20, 60] },

  async run({ seeds: [trials = 0] = [], repeats = [], samples = [] }) {
    const settings = [
      ...repeats.flatMap((searches) => samples.map((size) => ({ layout: "crossed" as const, searches, size }))),
      { layout: "nested" as const, searches: FOLDS.folds, size: FOLDS.samples },
    ];
    const results = settings.flatMap((setting) =>
      Object.entries(ENDS).map(([name, end]) => ({ ...setting, name, ...judged(trials, setting, end) })),
    );
    return {
      head: ["searches", "held-out samples", "ends", "equal, called different", "intervals that hold", "better, seen"],
      rows: results.map(({ layout, searches, size, name, different, held, seen }) => [
        layout === "nested" ? `${searches} folds` : String(searches),
        String(layout === "nested" ? searches * size : size),
        name,
        written(different),
        written(held),
        written(seen),
      ]),
      figures: { results },
      plots: [],
    };
  },
};

interface Setting {
  readonly layout: Layout;
  readonly searches: number;
  /** Samples that each search is scored on. */
  readonly size: number;
}

function judged(trials: number, setting: Setting, end: (random: () => number) => number) {
  const random = randomLcg(0.25);
  let [different, held, seen] = [0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const equal = differences(setting, end, 0, random);
    if (called(equal, setting.layout).some(Boolean)) different++;
    for (const one of equal) {
      const [low, high] = crossedGainInterval(one, setting.layout);
      if (low <= 0 && high >= 0) held++;
    }
    if (called(differences(setting, end, BETTER, random), setting.layout)[0]) seen++;
  }
  return {
    different: share(different, trials),
    held: share(held, trials * METHODS),
    seen: share(seen, trials),
  };
}

/** Of every two methods. @param better added to the first */
function differences(
  { layout, searches, size }: Setting,
  end: (random: () => number) => number,
  better: number,
  random: () => number,
): Crossed[] {
  const rows = Array.from({ length: layout === "nested" ? searches : 1 }, () =>
    Array.from({ length: size }, () => 1.5 * normal(random)),
  );
  const scores = Array.from({ length: METHODS }, (_, method) =>
    Array.from({ length: searches }, (_, search) => {
      const shift = end(random) + (method === 0 ? better : 0);
      const ease = rows[layout === "nested" ? search : 0] ?? [];
      return ease.map((logit) => Number(random() < 1 / (1 + Math.exp(-logit - shift))));
    }),
  );
  return scores.flatMap((one, a) => scores.slice(a + 1).map((other) => crossedDifference(one, other)));
}

/** As a report does it. */
function called(all: readonly Crossed[], layout: Layout): boolean[] {
  const adjusted = holm(all.map((one) => crossedTest(one, layout).p));
  return all.map((one, index) => {
    if ((adjusted[index] ?? 1) > LEVEL) return false;
    const [low, high] = crossedGainInterval(one, layout);
    return low > 0 || high < 0;
  });
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
