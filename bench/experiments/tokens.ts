import { median, runWorld } from "../worlds/run.ts";
import { WORLDS } from "../worlds/worlds.ts";
import { type Experiment, inTurn, over, type Point, pairs, seedsFrom, written } from "./experiment.ts";

const METHODS = ["semantic", "semantic-reference", "textgrad", "optoprime", "copro", "gepa", "miprov2"] as const;
/** Price ratios of a dearer model that scores as high without tuning. */
const DEARER = [2, 5, 10];

export const tokens: Experiment = {
  title: "Tokens for each point gained, and the break-even",
  question:
    "What does a point of held-out score cost, in tokens of the search, with each method at its defaults? And after how many answers in production has the search paid for itself against a model whose tokens cost 2, 5 or 10 times as much, if that model is as good without tuning? Worlds `plain` and `harsh`, a chain of two nodes. Tokens of prompts and replies count alike; an answer is what the tuned graph takes.",
  options: { seeds: [5] },

  async run({ seeds: [count = 0] = [] }) {
    const results = await inTurn(pairs(["plain", "harsh"] as const, METHODS), async ([world, method]) => {
      const runs = await inTurn(seedsFrom(1, count), (seed) =>
        runWorld({ ...WORLDS[world], shape: "chain", seed }, { method, budget: BUDGET }),
      );
      const gains = runs.map(({ start, end }) => end - start);
      const spent = median(runs.map((run) => run.tokens));
      const gain = gains.reduce((sum, one) => sum + one, 0) / count;
      const answer = median(runs.map(answerTokens));
      return {
        world,
        method,
        end: over(runs.map(({ end }) => end)),
        calls: median(runs.map(({ calls }) => calls)),
        tokens: spent,
        perPoint: gain > LEAST ? spent / (100 * gain) : null,
        answer,
        breakEven: DEARER.map((times) => (gain > LEAST ? Math.ceil(spent / (answer * (times - 1))) : null)),
      };
    });
    const most = Math.max(...results.map((one) => one.tokens));
    return {
      head: [
        ...["world", "method", "held-out", "calls", "tokens", "tokens a point", "tokens an answer"],
        ...DEARER.map((times) => `paid after, ${times}×`),
      ],
      rows: results.map((one) => [
        one.world,
        one.method,
        written(one.end),
        `${one.calls}`,
        one.tokens.toFixed(0),
        one.perPoint === null ? "no gain" : one.perPoint.toFixed(0),
        one.answer.toFixed(0),
        ...one.breakEven.map((answers) => (answers === null ? "never" : `${answers}`)),
      ]),
      figures: { results },
      plots: [
        {
          title: `Held-out score by tokens of the search, of ${most.toFixed(0)}, world plain`,
          x: "tokens, thousands",
          y: "held-out score",
          series: results
            .filter(({ world }) => world === "plain")
            .map((one) => ({
              name: one.method,
              points: [{ x: Math.round(one.tokens / 1000), ...one.end } satisfies Point],
            })),
        },
      ],
    };
  },
};

/** Minimum gain of a run for which a break-even is computed. */
const LEAST = 0.03;

const BUDGET = { calls: 3000, tokens: null, usd: null };

/** Tokens of one answer of the result: the texts, the row and the replies, at four characters per token. */
function answerTokens({
  finished,
}: {
  readonly finished: { readonly texts: Readonly<Record<string, string>> };
}): number {
  const texts = Object.values(finished.texts);
  const characters = texts.reduce((sum, text) => sum + text.length + ROW, 0);
  return characters / 4;
}

/** Characters of a row with its tags and of a reply. */
const ROW = 160;
