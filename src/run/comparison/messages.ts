import type { Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { type Table, tight } from "../report/format/table.ts";
import { varyOf } from "./ablation.ts";
import type { Gain } from "./gain.ts";
import { budgetWords } from "./grounds.ts";
import { baselineLabel } from "./plot.ts";
import {
  type BaselineRow,
  type ComparisonReport,
  type Cost,
  type HeldOut,
  LEVEL,
  type Pair,
  type VariantRow,
} from "./result.ts";

/** Sentences and tables of a comparison, the same in HTML and Markdown. */

export function comparisonTitle({ kind, name, graphFile, variants }: ComparisonReport, { t }: Locale): string {
  const title = oneLine(name, 120) || graphFile;
  return kind === "ablation"
    ? t("{0}: ablation of {1}", title, variants[0]?.method ?? "")
    : t("{0}: methods compared", title);
}

/** Which side is better, and whether the difference is more than noise. */
export function conclusions(report: ComparisonReport, locale: Locale): string[] {
  const { t } = locale;
  const { pairs, kind, variants } = report;
  const beside =
    kind === "methods"
      ? [
          overBaseline(report, "gain", locale),
          overBaseline(report, "gainOverChainOfThought", locale),
          ...retriesBeatAll(report, locale),
        ]
      : [];
  if (variants.length < 2) return beside;
  const sure = pairs.filter(({ isSignificant }) => isSignificant);
  const open = pairs.filter(({ isSignificant }) => !isSignificant);
  const isOfMethods = report.about === "methods";
  // One sentence per better side: seven methods have 21 differences.
  const grouped = [...new Set(sure.map(({ higher }) => higher))].map((higher) => {
    const over = sure.filter((pair) => pair.higher === higher);
    const parts = over
      .map(({ lower, mean, adjusted }) => `${lower} (${locale.signed(mean)}, ${locale.pValue(adjusted)})`)
      .join(", ");
    return isOfMethods
      ? t("{0} is significantly better than {1}.", higher, parts)
      : t("The texts of {0} score significantly higher than those of {1}.", higher, parts);
  });
  const each = sure.map((pair) => {
    const figures = [
      pair.higher,
      pair.lower,
      locale.signed(pair.mean),
      locale.signed(pair.interval[0]),
      locale.signed(pair.interval[1]),
      locale.pValue(pair.adjusted),
    ];
    return isOfMethods
      ? t("{0} is better than {1}: {2} on the held-out set ({3} … {4}), {5}.", ...figures)
      : t("The texts of {0} score higher than those of {1}: {2} on the held-out set ({3} … {4}), {5}.", ...figures);
  });
  const said = sure.length > 3 ? grouped : each;
  if (open.length > 0) {
    const names = open.map(({ higher, lower }) => t("{0} and {1}", higher, lower)).join(", ");
    said.push(
      sure.length === 0 && open.length > 1
        ? kind === "methods"
          ? t("No two methods differ significantly on the held-out set.")
          : t("No changed option makes a significant difference on the held-out set.")
        : t("The difference is not significant between {0}.", names),
    );
  }
  return [...said, ...beside];
}

/** Which variants beat a baseline by more than noise, and which don't. */
function overBaseline(
  { variants, about }: ComparisonReport,
  which: "gain" | "gainOverChainOfThought",
  locale: Locale,
): string {
  const { t } = locale;
  const isOver = ({ [which]: gain }: VariantRow) => gain?.isSignificant === true && gain.mean > 0;
  const names = (of: readonly VariantRow[]) => of.map(({ name }) => name).join(", ");
  const [over, others] = [variants.filter(isOver), variants.filter((one) => !isOver(one))];
  const what = which === "gain" ? t("the original graph") : t("chain of thought");
  if (about === "texts") {
    if (over.length === 0) return t("No method found texts that score significantly higher than {0}.", what);
    if (others.length === 0)
      return t("Texts that score significantly higher than {0}: those of {1}.", what, names(over));
    return t(
      "Texts that score significantly higher than {0}: those of {1}. Not significantly higher: {2}.",
      what,
      names(over),
      names(others),
    );
  }
  if (over.length === 0) return t("No method is significantly better than {0}.", what);
  if (others.length === 0) return t("Significantly better than {0}: {1}.", what, names(over));
  return t("Significantly better than {0}: {1}. Not significantly better: {2}.", what, names(over), names(others));
}

/** Says it if more attempts at test time score higher than every tuned graph, and what they cost. */
function retriesBeatAll({ variants, baselines }: ComparisonReport, locale: Locale): string[] {
  const [untouched, retries] = (["untouched", "reflexion"] as const).map((one) =>
    baselines.find(({ name }) => name === one),
  );
  const best = Math.max(...variants.map(({ heldOut }) => heldOut.score ?? 0));
  if (!retries?.gain?.isSignificant || !untouched || (retries.score ?? 0) <= best) return [];
  return [
    locale.t(
      "Reflexion scores higher than every method ({0}), but an answer takes {1} instead of {2}.",
      locale.decimal(retries.score ?? 0),
      locale.count(Math.round(retries.answer.tokens), "token"),
      locale.integer(untouched.answer.tokens),
    ),
  ];
}

/** The best first. */
export function byScore(variants: readonly VariantRow[]): VariantRow[] {
  return [...variants].sort((a, b) => (b.heldOut.score ?? -1) - (a.heldOut.score ?? -1));
}

export function scoreTable({ variants, baselines, seeds, breakEven }: ComparisonReport, locale: Locale): Table {
  const { t } = locale;
  const row = (
    name: string,
    heldOut: HeldOut,
    { gain, answer }: Pick<BaselineRow, "gain" | "answer">,
    cost: Cost | null,
  ) => [
    name,
    heldOut.score === null ? "–" : locale.decimal(heldOut.score),
    tight(locale.range(heldOut.interval)),
    ...gainCells(gain, locale),
    answer.tokens === 0 ? "–" : locale.integer(answer.tokens),
    ...(cost ? costCells(cost, locale) : ["–", "–", "–", "–"]),
  ];
  const ranked = byScore(variants);
  return {
    head: [
      "",
      t("held-out score"),
      t("interval"),
      t("gain over the original graph"),
      t("p, corrected"),
      t("tokens an answer"),
      seeds.length > 1 ? t("calls of a search, mean") : t("calls of the search"),
      t("tokens"),
      t("cost"),
      t("time"),
    ],
    rows: [
      ...ranked.map(({ name, heldOut, cost, ...one }) => row(name, heldOut, one, cost)),
      ...baselines.map((one) => row(baselineLabel(one.name, locale, breakEven?.model), one, one, null)),
    ],
    left: 0,
  };
}

function gainCells(gain: Gain | null, locale: Locale): [string, string] {
  if (!gain) return ["–", "–"];
  const [low, high] = gain.interval;
  if (low === 0 && high === 0) return [locale.t("0 (no sample differs)"), "–"];
  return [
    tight(`${locale.signed(gain.mean)} (${locale.signed(low)} … ${locale.signed(high)})`),
    locale.pValue(gain.adjusted).replace(/^p = /, ""),
  ];
}

function costCells({ calls, tokens, usd, seconds }: Cost, locale: Locale): string[] {
  return [locale.integer(calls), locale.integer(tokens), locale.money(usd), locale.duration(1000 * seconds)].map(tight);
}

export function pairTable({ pairs }: ComparisonReport, locale: Locale): Table {
  const { t } = locale;
  const row = (pair: Pair) => [
    t("{0} − {1}", pair.higher, pair.lower),
    ...gainCells(pair, locale),
    locale.pValue(pair.p).replace(/^p = /, ""),
    `${pair.better} / ${pair.worse} / ${pair.equal}`,
    significance(pair, locale),
  ];
  return {
    head: [
      t("difference"),
      t("held-out score"),
      t("p, corrected"),
      t("p, single"),
      t("samples better / worse / equal"),
      t("significant"),
    ],
    rows: pairs.map(row),
    left: 0,
  };
}

function significance({ isSignificant, adjusted }: Pair, { t }: Locale): string {
  if (isSignificant) return t("yes");
  return adjusted <= LEVEL ? t("no: the interval includes 0") : t("no");
}

export function repeatTable({ variants }: ComparisonReport, locale: Locale): Table {
  const { t } = locale;
  const score = (value: number | null) => (value === null ? "–" : locale.decimal(value));
  const rows = variants.flatMap(({ name, repeats }) =>
    repeats.map((repeat) => [
      name,
      String(repeat.seed),
      score(repeat.heldOut),
      tight(`${score(repeat.validation.before)} → ${score(repeat.validation.after)}`),
      String(repeat.accepted),
      ...costCells(repeat, locale),
      repeat.status === "budget" ? t("budget reached") : t("done"),
      repeat.search,
    ]),
  );
  return {
    head: [
      "",
      t("seed"),
      t("held-out score"),
      t("validation"),
      t("texts accepted"),
      t("calls"),
      t("tokens"),
      t("cost"),
      t("time"),
      t("end"),
      t("run"),
    ],
    rows,
    left: 0,
  };
}

function scoringWords({ calls, tokens, usd, seconds }: Cost, locale: Locale): string {
  const parts = [locale.count(calls, "call"), locale.count(tokens, "token"), locale.money(usd)];
  return [...parts, locale.duration(1000 * seconds)].join(" · ");
}

/** The command that repeats a comparison or an ablation. Arguments with special characters are quoted for a shell. */
function commandOf(report: ComparisonReport): string {
  const { kind, graphFile, variants, seeds, folds, budget, baselines, breakEven } = report;
  const limits = [
    ["--budget-calls", budget.calls],
    ["--budget-tokens", budget.tokens],
    ["--budget-usd", budget.usd],
  ] as const;
  const words = [
    "agentgraph",
    ...(kind === "methods"
      ? ["compare", graphFile, "--methods", variants.map(({ name }) => name).join(",")]
      : ["ablate", graphFile, "--method", variants[0]?.method ?? "", "--vary", varyOf(variants)]),
    ...(folds ? [] : ["--repeats", String(seeds.length)]),
    ...["--seed", String(seeds[0] ?? 1)],
    ...limits.flatMap(([flag, limit]) => (limit === null ? [] : [flag, String(limit)])),
    ...(baselines.some(({ name }) => name === "reflexion") ? ["--reflexion"] : []),
    ...(breakEven ? ["--against-model", breakEven.model] : []),
  ];
  return words.map((word) => (/^[\w./:,@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

export function setupTable(report: ComparisonReport, locale: Locale): Table {
  const { t } = locale;
  const { models, temperatures, samples, seeds, scoring } = report;
  const rows = [
    [t("graph"), report.graphFile],
    [t("provider"), report.provider],
    ...Object.entries(models).map(([role, model]) => {
      const temperature = temperatures[role as keyof typeof temperatures];
      return [t("{0} model", role), temperature === null ? model : t("{0}, temperature {1}", model, temperature)];
    }),
    [t("loss"), report.loss],
    [t("samples: training, validation, held out"), `${samples.train}, ${samples.validation}, ${samples.test}`],
    [t("seeds"), seeds.join(", ")],
    [t("budget of a search"), budgetWords(report.budget, locale)],
    [t("engine"), report.engine],
    [t("command, with these models"), commandOf(report)],
    [t("scoring on the held-out set, shared by all"), scoringWords(scoring, locale)],
    [t("runs"), report.runs],
    ...report.variants.map(({ name, options }) => [
      t("options of {0}", name),
      Object.entries({ gate: options.gate.policy, threshold: options.threshold, ...options.methodOptions })
        .map(([option, value]) => `${option}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(", "),
    ]),
  ];
  return { head: ["", ""], rows, left: 0 };
}
