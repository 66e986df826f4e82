import { describe, expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { ablationVariants, readVary } from "../../../../src/run/comparison/ablation.ts";
import { breakEvenLines } from "../../../../src/run/comparison/break-even-messages.ts";
import { cautions, grounds } from "../../../../src/run/comparison/grounds.ts";
import { conclusions } from "../../../../src/run/comparison/messages.ts";
import { comparisonHtml, comparisonLines, comparisonMarkdown } from "../../../../src/run/comparison/pages.ts";
import type { ComparisonReport } from "../../../../src/run/comparison/result.ts";
import { gain, report, variant } from "./sample-report.ts";

describe("the page of a comparison", () => {
  const page = comparisonHtml(report);

  it("runs and loads nothing, and says so in its policy", () => {
    expect(page).not.toMatch(/<script|<img|onerror="|style="|http-equiv="refresh"/);
    expect(page).toContain("default-src &#39;none&#39;; style-src &#39;sha256-");
  });

  it("has every name, figure and ground that a sceptic asks for", () => {
    for (const text of [
      "one",
      "two",
      "three",
      "original graph",
      "chain of thought",
      "0.80",
      "small, temperature 0",
      "large",
      "500 calls",
      "1, 2, 3",
      "80 samples",
      "disjoint",
      "sign-flip",
      "Holm",
      "search-one-1",
      "640 calls · 40,000 tokens · $0.20",
      "Intervals are not corrected",
      "tokens an answer",
    ]) {
      expect(page).toContain(text);
    }
  });

  const close: [string, number, number][] = [
    ["semantic", 0.97, 330],
    ["gepa", 0.97, 408],
    ["textgrad", 0.9, 420],
  ];
  /** Left of the first there is no room for its name, and the interval of the last is in the way on the right. */
  const narrow: [string, number, number][] = [
    ["gradients off", 0.97, 36],
    ["unchanged", 0.97, 58],
    ["batch 16", 0.5, 77],
  ];
  it.each([
    { of: "close marks", named: close, most: 25 },
    { of: "a mark with no room on either side", named: narrow, most: 73 },
  ])("names marks where neither another mark, a repeat nor an interval is: $of", ({ named, most }) => {
    const close = named.map(([name, score, calls], index) => {
      const one = variant(name, score, calls);
      const around = [Math.max(0, calls - most), calls + most];
      const interval = index === 2 && score === 0.5 ? ([0, 1] as const) : one.heldOut.interval;
      const repeats = one.repeats.map((repeat, at) => ({ ...repeat, calls: around[at] ?? 0 }));
      return { ...one, heldOut: { ...one.heldOut, interval }, repeats };
    });
    const svgs = comparisonHtml({ ...report, variants: close }).match(/<svg viewBox="0 0 460[\s\S]*?<\/svg>/g) ?? [];
    expect(svgs).toHaveLength(4);
    for (const svg of svgs) {
      const numbers = (pattern: RegExp) => [...svg.matchAll(pattern)].map((found) => found.slice(1).map(Number));
      const whiskers = numbers(/class="whisker" x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)"/g);
      const circles = numbers(/class="(?:mark|dot)" cx="([\d.]+)" cy="([\d.]+)" r="(\d)"/g);
      const drawn = [
        ...whiskers.map(([x = 0, bottom = 0, top = 0]) => ({ x, reach: 1, top, bottom })),
        ...circles.map(([x = 0, y = 0, r = 0]) => ({ x, reach: r, top: y - r, bottom: y + r })),
      ];
      const labels = [...svg.matchAll(/class="label" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)/g)];
      expect([whiskers.length, circles.length, labels.length]).toEqual([3, 9, 3]);
      for (const [, x, y, anchor, text = ""] of labels) {
        // Semibold letters of a wide font are up to 7.8 pixels wide on average.
        const [from, width] = [Number(x), 7.8 * text.length];
        const [left, right] = anchor === "start" ? [from, from + width] : [from - width, from];
        const touched = drawn.filter(
          (one) =>
            left < one.x + one.reach &&
            one.x - one.reach < right &&
            Number(y) - 9 < one.bottom &&
            one.top < Number(y) + 1,
        );
        expect(touched).toEqual([]);
      }
    }
  });

  it("has a plot of each cost, and none if nothing was paid", () => {
    expect(page.match(/<svg viewBox="0 0 460/g)).toHaveLength(4);
    const free = report.variants.map((one) => ({ ...one, cost: { ...one.cost, usd: 0 } }));
    expect(comparisonHtml({ ...report, variants: free }).match(/<svg viewBox="0 0 460/g)).toHaveLength(3);
  });

  it("has marks with finite places only, also if nothing was scored", () => {
    const [first] = report.variants;
    if (!first) throw new Error("no variant");
    const empty = {
      ...first,
      heldOut: { score: null, interval: [0, 1] as const, scored: 0, repeats: [null] },
      gain: null,
    };
    for (const html of [page, comparisonHtml({ ...report, variants: [empty], pairs: [] })]) {
      expect(html).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

it("shows the texts that each search found, of the best repeat first", () => {
  const [best, ...others] = report.variants;
  if (!best) throw new Error("no variant");
  const repeats = best.repeats.map((repeat, at) => ({ ...repeat, heldOut: at === 0 ? 0.7 : 0.9 }));
  const ranked = { ...report, variants: [...others, { ...best, repeats }] };
  const [html, text] = [comparisonHtml(ranked), comparisonMarkdown(ranked)];
  const titles = [...html.matchAll(/<summary>([^<]+)<\/summary>/g)].map(([, title]) => title);
  expect(titles.slice(0, 3)).toEqual([
    "one, seed 2: 0.90 on the held-out set",
    "one, seed 1: 0.70 on the held-out set",
    "two, seed 1: 0.60 on the held-out set",
  ]);
  expect(html).toContain("<ins>");
  expect(text).toContain("```\nDo it well, with seed 2.\n```");
});

it("says why a small p-value alone is not significant", () => {
  const pairs = [
    { higher: "one", lower: "two", ...gain(0.2, true), interval: [0, 0.5] as const, isSignificant: false },
  ];
  expect(comparisonMarkdown({ ...report, pairs })).toContain("no: the interval includes 0");
});

it("Markdown shows a hostile name letter by letter", () => {
  const text = comparisonMarkdown(report);
  expect(text).not.toMatch(/(?<!\\)<img/);
  expect(text).not.toMatch(/(?<!\\)\]\(http:/);
  expect(text).toContain("| three |");
});

describe("the conclusion", () => {
  it("names who is better, with the interval and the corrected p, and what is not significant", () => {
    expect(conclusions(report, ENGLISH)).toEqual([
      "one is better than two: +0.20 on the held-out set (+0.15 … +0.25), p = 0.012.",
      "one is better than three: +0.22 on the held-out set (+0.17 … +0.27), p = 0.012.",
      "The difference is not significant between two and three.",
      "Significantly better than the original graph: one, two, three.",
      "No method is significantly better than chain of thought.",
    ]);
  });

  it("says if retries at test time beat every method, and what they cost", () => {
    const reflexion = {
      name: "reflexion",
      score: 0.9,
      interval: [0.8, 0.95],
      scored: 80,
      repeats: [0.9],
      gain: gain(0.6, true),
      answer: { tokens: 410, usd: 0.001 },
    } as const;
    const baselines = [...report.baselines, reflexion];
    expect(conclusions({ ...report, baselines }, ENGLISH).at(-1)).toBe(
      "Reflexion scores higher than every method (0.90), but an answer takes 410 tokens instead of 100.",
    );
    const worse = [...report.baselines, { ...reflexion, score: 0.7 }];
    expect(conclusions({ ...report, baselines: worse }, ENGLISH).join(" ")).not.toContain("Reflexion");
  });

  it("names all that one is better than in one sentence where there are many", () => {
    const [first] = report.pairs;
    const pairs = ["two", "three", "four", "five"].map((lower) => ({ ...first!, lower }));
    expect(conclusions({ ...report, pairs }, ENGLISH)[0]).toBe(
      "one is significantly better than two (+0.20, p = 0.012), three (+0.20, p = 0.012), four (+0.20, p = 0.012), five (+0.20, p = 0.012).",
    );
  });

  it("with one or two searches of each method, speaks of the texts that these found", () => {
    const said = conclusions({ ...report, about: "texts" }, ENGLISH);
    expect(said).toEqual([
      "The texts of one score higher than those of two: +0.20 on the held-out set (+0.15 … +0.25), p = 0.012.",
      "The texts of one score higher than those of three: +0.22 on the held-out set (+0.17 … +0.27), p = 0.012.",
      "The difference is not significant between two and three.",
      "Texts that score significantly higher than the original graph: those of one, two, three.",
      "No method found texts that score significantly higher than chain of thought.",
    ]);
  });

  it("claims nothing if nothing is significant", () => {
    const pairs = report.pairs.map((pair) => ({ ...pair, isSignificant: false }));
    expect(conclusions({ ...report, pairs }, ENGLISH)).toEqual([
      "No two methods differ significantly on the held-out set.",
      "Significantly better than the original graph: one, two, three.",
      "No method is significantly better than chain of thought.",
    ]);
  });
});

it("what limits the figures is reported: few repeats, few samples, spent budgets, unscored samples, a simulated model", () => {
  const words = (change: Partial<ComparisonReport>) => cautions({ ...report, ...change }, ENGLISH).join("\n");
  const usual = words({});
  expect(words({ seeds: [1], about: "texts" })).toContain("Each method searched once");
  expect(words({ seeds: [1, 2], about: "texts" })).toContain("use more repeats: at least 3.");
  const wide = { higher: "one", lower: "two", ...gain(0.2, false), interval: [-0.1, 0.4] as const };
  expect(words({ pairs: [wide] })).toContain("Smaller differences than about 0.25 can't be told from chance");
  expect(words({ provider: "simulated" })).toContain("not how the methods compare");
  const [one, ...others] = report.variants;
  if (!one) throw new Error("no variant");
  const spent = { ...one, repeats: one.repeats.map((repeat) => ({ ...repeat, status: "budget" })) };
  expect(words({ variants: [spent, ...others] })).toContain("reached their budget: one");
  const lost = { ...one, heldOut: { ...one.heldOut, scored: 79 } };
  expect(words({ variants: [lost, ...others] })).toContain("not be scored: one, 1 of 80. They are left out");
  const apart = { ...gain(0.27, false), overSamples: 0.001 };
  expect(words({ pairs: [{ higher: "one", lower: "two", ...apart }] })).toContain(
    "The samples show a difference (one and two), but the repeats disagree, so it may be due to the seeds. More repeats can tell, such as 6.",
  );
  expect(usual).toBe("");
  expect(comparisonHtml(report)).not.toContain("Before you rely on this");
  expect(comparisonHtml({ ...report, seeds: [1], about: "texts" })).toContain("Before you rely on this");
  expect(grounds(report, ENGLISH).join("\n")).toContain("“Let's think step by step.”");
});

it("names the command that repeats it, quoted for a shell", () => {
  expect(comparisonMarkdown(report)).toMatch(
    /agentgraph compare team\.agentgraph\.json --methods [\w,]+ --repeats 3 --seed 1 --budget-calls 500 \|/,
  );
  const folded = comparisonHtml({ ...report, graphFile: "it's a graph.json", folds: 3 });
  expect(folded).toContain("compare &#39;it&#39;\\&#39;&#39;s a graph.json&#39; --methods");
  expect(folded).not.toContain("--repeats 3");
});

it("names the command that repeats an ablation", () => {
  const [one] = report.variants;
  if (!one) throw new Error("no variant");
  const options = { ...one.options, method: "semantic" };
  const variants = ablationVariants(options, readVary("batch=4|16,gate=off,neighbors=false")).map((variant) => ({
    ...one,
    ...variant,
    method: "semantic",
  }));
  const text = comparisonMarkdown({ ...report, kind: "ablation", variants, pairs: [] });
  expect(text).not.toContain("agentgraph compare");
  // A table cell of Markdown escapes the bars.
  expect(text.replaceAll("\\|", "|")).toContain(
    "agentgraph ablate team.agentgraph.json --method semantic --vary 'batch=4|16,gate=off,neighbors=false' --repeats 3 --seed 1 --budget-calls 500",
  );
});

it("shows the options of each side in words that wrap", () => {
  expect(comparisonMarkdown(report)).toContain("gate: strict, threshold: 0, batch: 8");
});

it("the terminal shows each side below the other, in columns", () => {
  const [head = "", first = ""] = comparisonLines(report);
  expect(head.indexOf("held-out score")).toBe(first.indexOf("0.80"));
});

it("says after how many answers each search has paid for itself, where it ever does", () => {
  const answer = (usd: number | null) => ({ tokens: 120, usd });
  const row = (name: string, usd: number | null, answers: number | null) => ({
    ...{ name, answer: answer(usd), search: 0.5, answers },
    difference: gain(0.1, name === "one"),
  });
  const breakEven = {
    model: "large",
    answer: answer(0.002),
    untouched: { ...row("untouched", 0.0004, 0), search: 0 },
    rows: [row("one", 0.0005, 334), row("two", 0.003, null), row("three", null, null)],
  };
  const free = { ...breakEven, answer: answer(0), rows: [row("one", 0, null)] };
  expect(breakEvenLines(free, ENGLISH)).toEqual([
    "one and large cost nothing at these prices, so there is nothing to pay for: an answer takes 120 tokens instead of 120. Score: +0.10 (+0.05 … +0.15).",
  ]);
  const [one, two, three, untouched] = breakEvenLines(breakEven, ENGLISH);
  expect(one).toBe(
    "one pays for itself against large after 334 answers: the search costs $0.50, and an answer $0.50 per 1,000 instead of $2.00 per 1,000. Score: +0.10 (+0.05 … +0.15).",
  );
  expect(two).toContain("two does not pay for itself against large");
  expect(two).toContain("not significant");
  expect(three).toContain("the price of a model is unknown");
  expect(untouched).toBe(
    "The original graph, without any search, costs $0.40 per 1,000. Score: +0.10 (−0.10 … +0.20), not significant.",
  );
  for (const text of [comparisonHtml({ ...report, breakEven }), comparisonMarkdown({ ...report, breakEven })]) {
    expect(text).toContain("When tuning pays for itself");
    expect(text).toContain("334 answers");
  }
});
