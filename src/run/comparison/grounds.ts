import { median } from "simple-statistics";
import type { Locale } from "../../i18n/locale.ts";
import { SEARCHES } from "./crossed.ts";
import { baselineLabel } from "./plot.ts";
import { type ComparisonReport, LEVEL } from "./result.ts";

/** What limits the results of this comparison. Empty: nothing was found that does. */
export function cautions(report: ComparisonReport, locale: Locale): string[] {
  const { t } = locale;
  const { samples, seeds, variants, baselines } = report;
  const said: string[] = [];
  if (report.provider === "simulated")
    said.push(
      t("The simulated model was used: the figures show what a comparison looks like, not how the methods compare."),
    );
  if (report.about === "texts") {
    said.push(
      seeds.length === 1
        ? t(
            "Each method searched once: the differences are those of the texts found, and another search can end otherwise. To find out which method is better, use more repeats: at least {0}.",
            SEARCHES,
          )
        : t(
            "Each method searched {0} times: the differences are those of the texts found, and other searches can end otherwise. To find out which method is better, use more repeats: at least {1}.",
            seeds.length,
            SEARCHES,
          ),
    );
  }
  const reach = reachOf(report);
  if (reach > VISIBLE + 1e-9)
    said.push(
      t(
        "Smaller differences than about {0} can't be told from chance here. More held-out samples and more repeats show smaller ones.",
        locale.decimal(reach),
      ),
    );
  said.push(...undecided(report, locale));
  const early = variants.filter(({ repeats }) => repeats.some(({ status }) => status === "budget"));
  if (early.length > 0) {
    said.push(
      t(
        "Some searches reached their budget: {0}. Their results are the texts accepted by then.",
        early.map(({ name }) => name).join(", "),
      ),
    );
  }
  const lost = [
    ...variants.map(({ name, heldOut }) => ({ name, scored: heldOut.scored })),
    ...baselines.map(({ name, scored }) => ({ name: baselineLabel(name, locale, report.breakEven?.model), scored })),
  ].filter(({ scored }) => scored < samples.test);
  if (lost.length > 0)
    said.push(
      t(
        "Some held-out samples could not be scored: {0}. They are left out, never counted as wrong; a difference is over the samples that both sides were scored on.",
        lost.map(({ name, scored }) => t("{0}, {1} of {2}", name, samples.test - scored, samples.test)).join("; "),
      ),
    );
  return said;
}

/** A difference that few would act on. */
const VISIBLE = 0.05;

/** Half the width of a usual interval of a difference; 0 if there is none. */
function reachOf({ pairs, variants }: ComparisonReport): number {
  const gains = pairs.length > 0 ? pairs : variants.flatMap(({ gain }) => gain ?? []);
  const widths = gains.map(({ interval: [low, high] }) => (high - low) / 2).filter((width) => width > 0);
  return widths.length > 0 ? median(widths) : 0;
}

/** Differences that the samples show and that repeats contradict: more repeats decide, more samples don't. */
function undecided({ pairs, folds, seeds, about }: ComparisonReport, locale: Locale): string[] {
  const { t } = locale;
  const open = pairs.filter(({ isSignificant, overSamples }) => !isSignificant && overSamples <= LEVEL);
  if (open.length === 0 || folds || about === "texts") return [];
  const names = open.map(({ higher, lower }) => t("{0} and {1}", higher, lower)).join(", ");
  return [
    t(
      "The samples show a difference ({0}), but the repeats disagree, so it may be due to the seeds. More repeats can tell, such as {1}.",
      names,
      Math.max(5, 2 * seeds.length),
    ),
  ];
}

/** How the figures were measured. */
export function grounds(report: ComparisonReport, locale: Locale): string[] {
  const { t } = locale;
  const { baselines, folds } = report;
  return [
    ...(folds ? foldGrounds(report, folds, locale) : repeatGrounds(report, locale)),
    t(
      "The baselines are the original graph and chain of thought: the original graph with “Let's think step by step.” on every node that asks a model. Nothing is tuned for them.",
    ),
    ...(baselines.some(({ name }) => name === "reflexion")
      ? [
          t(
            "Reflexion changes no text: each answer takes up to four attempts, and the calls of an answer grow with them. No attempt sees the expected answer.",
          ),
        ]
      : []),
    t(
      "Each search starts without replies of any other run, so its calls, tokens, cost and time are what the method needs on its own. Only answers on the held-out set are shared if graph texts and sample are the same, and no method is charged for them.",
    ),
    folds
      ? t(
          "Intervals are 95%: Student's over the folds or an interval over the samples, whichever is wider. p-values are the larger of a Student's test over the folds and a paired sign-flip permutation test over the samples. Folds share training samples, so both are slightly too small.",
        )
      : report.about === "methods"
        ? t(
            "Intervals are 95%: Student's over samples and repeats (components of variance, Hillis 2007) or an interval over the samples, whichever is wider. p-values are the larger of Student's test over samples and repeats and a paired sign-flip permutation test over the samples.",
          )
        : t(
            "Intervals are 95%, over the samples (Wilson or bootstrap). p-values are of a paired sign-flip permutation test over the samples.",
          ),
    t(
      "p-values are corrected (Holm) for the number of differences that answer the same question: between methods, to the original graph, and to each other baseline. Intervals are not corrected. A difference is significant if its corrected p ≤ 0.05 and its interval excludes 0.",
    ),
  ];
}

/** The basis of results from one held-out set. */
function repeatGrounds({ samples, seeds, budget }: ComparisonReport, locale: Locale): string[] {
  const { t } = locale;
  return [
    t(
      "The held-out set has {0}. No search sees it. Searches use {1} and {2} other samples for training and validation; a sample in two of the sets is an error, so the sets are disjoint.",
      locale.count(samples.test, "sample"),
      samples.train,
      samples.validation,
    ),
    seeds.length === 1
      ? t(
          "Each variant ran once, with the seed {0}, and all with the same samples, models and budget ({1}).",
          seeds.join(""),
          budgetWords(budget, locale),
        )
      : t(
          "Each variant ran {0} times, with the seeds {1}. In one repeat, all variants have the same seed, samples, models and budget ({2}).",
          seeds.length,
          seeds.join(", "),
          budgetWords(budget, locale),
        ),
  ];
}

/** The basis of results from cross-validation, which judges the method of tuning, not one text. */
function foldGrounds({ samples, seeds, budget }: ComparisonReport, folds: number, locale: Locale): string[] {
  const { t } = locale;
  return [
    t(
      "Each of the {0} is held out once, in {1} searches that see only the other samples, half of them for training and half for validation. All methods have the same folds, seeds ({2}), models and budget ({3}) in a search.",
      locale.count(samples.test, "sample"),
      folds,
      seeds.join(", "),
      budgetWords(budget, locale),
    ),
    t(
      "The figures show what this method gains on unseen samples of this graph. They don't describe one text: each fold ends with its own. A run on all samples learns from more data, but has no unseen samples.",
    ),
  ];
}

/** `500 calls, $2.00` */
export function budgetWords({ calls, tokens, usd }: ComparisonReport["budget"], locale: Locale): string {
  const parts = [
    calls === null ? "" : locale.count(calls, "call"),
    tokens === null ? "" : locale.count(tokens, "token"),
    usd === null ? "" : locale.money(usd),
  ].filter(Boolean);
  return parts.join(", ") || locale.t("no limit");
}
