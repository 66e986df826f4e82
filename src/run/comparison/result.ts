import { mean } from "simple-statistics";
import type { Split } from "../../data/sample.ts";
import type { OptimizeOptions } from "../../engine/task.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { type AnswerCost, answerCost, type BreakEven, breakEvenRow } from "./break-even.ts";
import {
  type Crossed,
  crossedDifference,
  crossedGainInterval,
  crossedInterval,
  crossedMean,
  crossedTest,
  holm,
  type Layout,
  SEARCHES,
  sampleMeans,
} from "./crossed.ts";
import type { EndedRun, Measured } from "./drive.ts";
import type { Gain } from "./gain.ts";
import { type BaselineName, baselinesOf, type ComparisonPlan, dataOf, seedsOf } from "./plan.ts";

/** What a comparison measured. Plain data, as `--json` prints it. Scores are 1 − loss, 0 … 1; intervals are of 95 %. */
export interface ComparisonReport {
  readonly version: 1;
  readonly kind: ComparisonPlan["kind"];
  readonly graphFile: string;
  readonly name: string;
  readonly provider: string;
  readonly models: Readonly<Record<Role, string>>;
  readonly temperatures: Readonly<Record<Role, number | null>>;
  readonly loss: string;
  readonly samples: Readonly<Record<Split, number>>;
  readonly seeds: readonly number[];
  /**
   * What differences are about: with one or two searches of each method, the texts that these found; with more, the
   * methods.
   */
  readonly about: "texts" | "methods";
  /**
   * Number of folds: each repeat held out another part of the samples, and `samples.test` are all of them. Absent:
   * one set for all repeats.
   */
  readonly folds?: number;
  /** Budget of one search. */
  readonly budget: BudgetLimits;
  readonly engine: string;
  /** Start of the first run, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Folder with all runs. */
  readonly runs: string;
  readonly baselines: readonly BaselineRow[];
  readonly variants: readonly VariantRow[];
  /** Every pair of variants, the better one first. */
  readonly pairs: readonly Pair[];
  /** Cost of scoring on the held-out set, shared by all. */
  readonly scoring: Cost;
  /** Against the untouched graph with another model, if one is named. */
  readonly breakEven?: BreakEven;
  /** How intervals and p-values are computed. */
  readonly statistics: { readonly interval: string; readonly test: string; readonly correction: string };
}

/** Scores of one graph on the held-out set. */
export interface HeldOut {
  /** Mean over samples of the mean over repeats; null if nothing could be scored. */
  readonly score: number | null;
  readonly interval: readonly [number, number];
  /** Samples that were scored in at least one repeat. */
  readonly scored: number;
  /** Mean of each repeat. */
  readonly repeats: readonly (number | null)[];
}

export interface Cost {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number | null;
  readonly seconds: number;
}

export interface BaselineRow extends HeldOut {
  readonly name: BaselineName;
  /** Difference from the untouched graph; null for that graph. */
  readonly gain: Gain | null;
  /** Cost of an answer, with every attempt that it takes. */
  readonly answer: AnswerCost;
}

export interface VariantRow {
  readonly name: string;
  readonly method: string;
  readonly options: OptimizeOptions;
  readonly heldOut: HeldOut;
  /** Gain over the untouched graph. */
  readonly gain: Gain | null;
  /** Gain over chain of thought. */
  readonly gainOverChainOfThought: Gain | null;
  /** Cost of an answer of the tuned graph. */
  readonly answer: AnswerCost;
  /** Mean cost of a search. */
  readonly cost: Cost;
  readonly repeats: readonly RepeatRow[];
}

export interface RepeatRow extends Cost {
  readonly seed: number;
  /** `budget`: the search ended at its budget, and what it had accepted until then counts. */
  readonly status: string;
  readonly accepted: number;
  /** Changed texts of the result: by node, or by the id of a node's inputs. */
  readonly changes: readonly { readonly node: string; readonly before: string; readonly after: string }[];
  readonly validation: { readonly before: number | null; readonly after: number | null };
  readonly heldOut: number | null;
  /** Ids of both runs. */
  readonly search: string;
  readonly score: string;
}

export interface Pair extends Gain {
  readonly higher: string;
  readonly lower: string;
}

/** Maximum corrected p-value of a significant difference. */
export const LEVEL = 0.05;

/** Assembles the report from the measurements. @param locale of the loss's description */
export function comparisonOf(
  plan: ComparisonPlan,
  measured: Measured,
  provider: string,
  price: PriceOf,
  locale = ENGLISH,
): ComparisonReport {
  const { request, variants, folds } = plan;
  const { graph, models, loss } = request.task;
  // Each sample was held out once: together, the folds are one set.
  const layout = folds ? "nested" : "crossed";
  const heldOut = (runs: readonly EndedRun[]) => heldOutOf(heldOutScores(runs), layout);
  const gainsOver = (base: Crossed, sides: readonly Crossed[]) =>
    gainsOf(
      sides.map((one) => crossedDifference(one, base)),
      layout,
    );
  const baselines = baselinesOf(plan).map((name) => ({ name, runs: measured.baselines[name] ?? [] }));
  const [first] = measured.baselines.untouched ?? [];
  const untouched = heldOutScores(measured.baselines.untouched ?? []);
  const crossed = measured.variants.map(({ scores }) => heldOutScores(scores));
  const beside = baselines.slice(1).map(({ runs }) => heldOutScores(runs));
  const all = gainsOver(untouched, [...beside, ...crossed]);
  const gains = all.slice(beside.length);
  const overStep = gainsOver(heldOutScores(measured.baselines["chain-of-thought"] ?? []), crossed);
  const rows = variants.map((variant, index): VariantRow => {
    const { searches, scores } = measured.variants[index] ?? { searches: [], scores: [] };
    const repeats = searches.map((search, repeat) => repeatRow(search, scores[repeat]));
    return {
      name: variant.name,
      method: variant.options.method,
      options: variant.options,
      heldOut: heldOut(scores),
      gain: gains[index] ?? null,
      gainOverChainOfThought: overStep[index] ?? null,
      answer: answerCost(scores, price),
      cost: meanCost(repeats),
      repeats,
    };
  });
  const scorings = new Map(
    [...baselines.flatMap(({ runs }) => runs), ...measured.variants.flatMap(({ scores }) => scores)].map((run) => [
      run.id,
      run,
    ]),
  );
  return {
    version: 1,
    kind: plan.kind,
    graphFile: request.graphFile,
    name: graph.name,
    provider,
    models: byRole((role) => models[role].model),
    temperatures: byRole((role) => {
      const { temperature } = models[role].params;
      return typeof temperature === "number" ? temperature : null;
    }),
    loss: loss.describe(locale),
    samples: samplesOf(plan),
    seeds: seedsOf(plan),
    about: folds || seedsOf(plan).length >= SEARCHES ? "methods" : "texts",
    ...(folds && { folds: folds.length }),
    budget: plan.budget,
    engine: first?.start.engine ?? "",
    startedAt: first?.start.at ?? 0,
    runs: measured.folder,
    baselines: baselines.map(({ name, runs }, index) => ({
      name,
      ...heldOut(runs),
      gain: index === 0 ? null : (all[index - 1] ?? null),
      answer: answerCost(runs, price),
    })),
    variants: rows,
    pairs: pairsOf(rows, crossed, plan.kind, layout),
    scoring: sumCost([...scorings.values()].map(costOf)),
    ...(plan.againstModel !== undefined && { breakEven: breakEvenOf(plan.againstModel) }),
    statistics: {
      interval: folds
        ? "Student's over the folds, and over the samples (Wilson where scores are 0 or 1): the wider"
        : "Student's over samples and repeats (components of variance, Hillis 2007), and over samples (Wilson where scores are 0 or 1): the wider; below 3 repeats, over samples",
      test: folds
        ? "the larger p of Student's test over the folds and a paired sign-flip permutation test over the samples, two-sided"
        : "the larger p of Student's test over samples and repeats and a paired sign-flip permutation test clustered by sample, two-sided; below 3 repeats, the latter",
      correction: "Holm",
    },
  };

  function breakEvenOf(model: string): BreakEven {
    const runs = measured.baselines["other model"] ?? [];
    const differences = gainsOver(heldOutScores(runs), [untouched, ...crossed]);
    const answer = answerCost(runs, price);
    return {
      model,
      answer,
      untouched: breakEvenRow(
        { name: "untouched", cost: { usd: 0 } },
        answerCost(measured.baselines.untouched ?? [], price),
        answer,
        differences[0] ?? null,
      ),
      rows: rows.map((row, index) => {
        const scored = measured.variants[index]?.scores ?? [];
        return breakEvenRow(row, answerCost(scored, price), answer, differences[index + 1] ?? null);
      }),
    };
  }
}

/** By repeat, then sample in the order of the data. For solved rows, the chosen attempt counts. */
function heldOutScores(runs: readonly EndedRun[]): Crossed {
  return runs.map(({ start, state }) => {
    const scores = state.scores[state.theta] ?? {};
    const solved = new Map(state.solutions.map((one) => [one.sample, one.after]));
    return start.data.test.map(({ id }) => {
      const loss = solved.get(id) ?? scores[id]?.loss ?? null;
      return loss === null ? null : 1 - loss;
    });
  });
}

/** Sizes of the sets: of one fold for training and validation, of all folds together for the held-out samples. */
function samplesOf(plan: ComparisonPlan): ComparisonReport["samples"] {
  const [seed = 0] = seedsOf(plan);
  const data = dataOf(plan, seed);
  const heldOut = plan.folds?.reduce((sum, { test }) => sum + test.length, 0) ?? data.test.length;
  return { train: data.train.length, validation: data.validation.length, test: heldOut };
}

function heldOutOf(values: Crossed, layout: Layout): HeldOut {
  return {
    score: crossedMean(values, layout),
    interval: crossedInterval(values, layout),
    scored: sampleMeans(values, layout).length,
    repeats: values.map((row) => crossedMean([row])),
  };
}

/** Gains, corrected for multiple comparisons. null if no sample was scored on both sides. */
function gainsOf(differences: readonly Crossed[], layout: Layout): (Gain | null)[] {
  const means = differences.map((one) => sampleMeans(one, layout));
  // What could not be measured is no comparison to correct for.
  const tested = differences.filter((_, index) => means[index]?.length).map((one) => crossedTest(one, layout));
  const [adjusted, samples] = [holm(tested.map(({ p }) => p)), holm(tested.map((one) => one.samples))];
  let next = 0;
  return means.map((values, index) => {
    const difference = differences[index] ?? [];
    if (values.length === 0) return null;
    const at = next++;
    // If no sample differs in any repeat, as between identical texts, there is no uncertainty.
    const isNone = difference.flat().every((value) => value === null || value === 0);
    const interval: Gain["interval"] = isNone ? [0, 0] : crossedGainInterval(difference, layout);
    const p = adjusted[at] ?? 1;
    const [better, worse] = [
      values.filter((value) => value > 1e-9).length,
      values.filter((value) => value < -1e-9).length,
    ];
    return {
      mean: mean(values),
      interval,
      better,
      worse,
      equal: values.length - better - worse,
      p: tested[at]?.p ?? 1,
      adjusted: p,
      overSamples: samples[at] ?? 1,
      isSignificant: p <= LEVEL && (interval[0] > 0 || interval[1] < 0),
    };
  });
}

/** In an ablation, each variant with the unchanged one; otherwise every pair. */
function pairsOf(
  rows: readonly VariantRow[],
  crossed: readonly Crossed[],
  kind: ComparisonPlan["kind"],
  layout: Layout,
): Pair[] {
  const difference = ([a = 0, b = 0]: readonly number[]) => crossedDifference(crossed[a] ?? [], crossed[b] ?? []);
  const pairs = rows.flatMap((_, a) =>
    rows.flatMap((_, b) => {
      if (b <= a || (kind === "ablation" && a > 0)) return [];
      // Each side's own score is over the samples that it was scored on, which can be others.
      return [(crossedMean(difference([a, b]), layout) ?? 0) < 0 ? [b, a] : [a, b]];
    }),
  );
  const gains = gainsOf(pairs.map(difference), layout);
  return pairs.flatMap(([a = 0, b = 0], index) => {
    const gain = gains[index];
    return gain ? [{ higher: rows[a]?.name ?? "", lower: rows[b]?.name ?? "", ...gain }] : [];
  });
}

function repeatRow(search: EndedRun, score: EndedRun | undefined): RepeatRow {
  const { state, start } = search;
  const { finished } = state;
  const accepted = state.proposals.filter(({ verdict }) => verdict.decision === "accepted");
  return {
    seed: start.options.seed,
    status: state.status,
    ...costOf(search),
    accepted: accepted.length,
    changes: accepted.map(({ node, base, text }) => ({ node, before: base, after: text })),
    validation: { before: finished?.validation.before ?? null, after: finished?.validation.after ?? null },
    heldOut: score ? crossedMean(heldOutScores([score])) : null,
    search: search.id,
    score: score?.id ?? "",
  };
}

function costOf({ state: { calls, tokens, usd, elapsed } }: EndedRun): Cost {
  return { calls: calls.total, tokens: tokens.prompt + tokens.completion, usd, seconds: elapsed / 1000 };
}

function sumCost(costs: readonly Cost[]): Cost {
  const sum = (pick: (cost: Cost) => number) => costs.reduce((total, cost) => total + pick(cost), 0);
  const isPriced = costs.every(({ usd }) => usd !== null);
  return {
    calls: sum(({ calls }) => calls),
    tokens: sum(({ tokens }) => tokens),
    usd: isPriced ? sum(({ usd }) => usd ?? 0) : null,
    seconds: sum(({ seconds }) => seconds),
  };
}

function meanCost(costs: readonly Cost[]): Cost {
  const { calls, tokens, usd, seconds } = sumCost(costs);
  const n = Math.max(1, costs.length);
  return { calls: calls / n, tokens: tokens / n, usd: usd === null ? null : usd / n, seconds: seconds / n };
}

function byRole<T>(of: (role: Role) => T): Readonly<Record<Role, T>> {
  return Object.fromEntries(ROLES.map((role) => [role, of(role)])) as Record<Role, T>;
}
