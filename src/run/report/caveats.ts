import type { OptimizeOptions } from "../../engine/task.ts";
import { splitLabel } from "../../i18n/labels.ts";
import type { Locale } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import type { Comparison, Report } from "./report.ts";
import { falseAcceptRisk } from "./risk.ts";

/** Below this many samples a verdict is called weak (docs/method.md, "Small sets"). */
export const ENOUGH_SAMPLES = 50;
/** p-value below which a split of better and worse samples is not attributed to chance. */
const RARE = 0.05;
/** Growth of an answer's tokens from which it is mentioned. */
const DEARER = 1.25;

/** What the caveats are derived from. */
export type ReportFindings = Omit<Report, "caveats" | "limitations">;

/** What to know before relying on the results, the most serious first; then what supports them. */
export function caveatsOf(report: ReportFindings, locale: Locale): string[] {
  const { evaluated, solved } = report;
  const about = solved
    ? [aboutOrigin(report, locale), aboutEnd(report, locale), aboutSolved(report, locale)]
    : evaluated
      ? [aboutOrigin(report, locale), aboutEnd(report, locale), aboutEvaluation(evaluated, locale)]
      : [
          aboutOrigin(report, locale),
          aboutEnd(report, locale),
          aboutGate(report, locale),
          aboutTest(report, locale),
          aboutBaselines(report, locale),
          aboutValidation(report, locale),
          aboutForm(report, locale),
          aboutChanges(report, locale),
        ];
  return about.flat();
}

/** Who scored the attempts, and how reliable these scores are. */
function aboutSolved({ run, solved }: ReportFindings, { t }: Locale): string[] {
  const said: string[] = [];
  const { judge, forward } = run.models;
  if (judge === forward) {
    said.push(t("{0} both answers and checks the answers, so it can overlook its own mistakes.", judge));
  }
  if (solved?.rows.every(({ solved: { after } }) => after === null)) {
    said.push(t("The rows have no targets, so nothing shows whether the changed answers are better."));
  }
  return said;
}

function aboutOrigin({ run }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (!run.trusted) {
    said.push(
      t(
        "This run was made on another machine, or its files have changed since. Its results are not verified until you recheck them here or repeat the run.",
      ),
    );
  }
  if (run.provider === "simulated") {
    said.push(t("The simulated model was used. The results show how the method works, not how a real model performs."));
  }
  if (run.damaged > 0) {
    const lines = locale.count(run.damaged, "line");
    said.push(t("{0} of the run's log couldn't be read, so results may be incomplete.", lines));
  }
  return said;
}

function aboutEnd({ run }: ReportFindings, { t }: Locale): string[] {
  switch (run.status) {
    case "done":
      return [];
    case "budget":
      return [t("The run reached its budget early. A larger budget could change these results.")];
    case "running":
      return [t("The run is still in progress. These are the results so far.")];
    case "failed": {
      const why = run.detail && oneLine(run.detail, 300).replace(/\.$/, "");
      return [
        why
          ? t("The run failed: {0}. These are the results up to that point.", why)
          : t("The run failed. These are the results up to that point."),
      ];
    }
    default:
      return [t("The run was stopped early. These are the results up to that point.")];
  }
}

function aboutGate({ run, changes }: ReportFindings, { t }: Locale): string[] {
  const taken = changes.some(({ verdict }) => verdict.decision === "accepted");
  if (run.options.gate.policy !== "off" || !taken) return [];
  return [t("No gate was used: every proposal was accepted, whether better or not.")];
}

function aboutTest({ test, validation, run }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  if (!test) {
    const remedy = t("Add a test set of at least 50 samples to the graph, or use data.folds if there are few rows.");
    const why =
      run.samples.test > 0
        ? t("The test set was not scored, so there are no results on samples that were not used to choose the texts.")
        : t("There is no test set, so there are no results on samples that were not used to choose the texts.");
    return [run.samples.test >= ENOUGH_SAMPLES ? why : `${why} ${remedy}`];
  }
  const gain = test.gain.mean;
  const expected = validation ? validation.gain.mean : gain;
  const shown = locale.signed(gain);
  if (gain < 0) {
    return [
      t(
        "On the test set the result is worse than the original graph ({0}). Review it carefully before you apply it.",
        shown,
      ),
    ];
  }
  if (expected >= 0.1 && gain < expected / 2) {
    return [
      t(
        "The gain is {0} on the test set and {1} on the validation set: part of it does not generalize to new samples.",
        shown,
        locale.signed(expected),
      ),
    ];
  }
  if (gain === 0) return [];
  const words = t(
    "On the test set, which was not used to choose the texts, the gain is {0} (95% interval {1}): {2}.",
    shown,
    test.gain.interval.map((end) => locale.signed(end)).join(" … "),
    changeLabelOf(test, locale),
  );
  return [isRare(test) ? words : `${words} ${t("This may still be chance.")}`];
}

function aboutBaselines({ baselines, test, validation }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  return baselines.flatMap((baseline) => {
    const [result, plain] = test && baseline.test ? [test, baseline.test] : [validation, baseline.validation];
    if (!result || !plain) return [];
    const [found, simple] = [result.after.score, plain.after.score];
    const words = t(
      "A step-by-step suffix alone, without optimization, scores {0} on the {1}. The result scores {2}.",
      locale.decimal(simple),
      splitLabel(plain.split, locale),
      locale.decimal(found),
    );
    if (simple >= found) return [`${words} ${t("The suffix does as well at a lower cost: try it first.")}`];
    const { lenient } = plain.after;
    if (lenient <= simple) return [words];
    // A graph whose answer is the whole reply includes the reasoning in it.
    const fair = [locale.decimal(lenient), locale.decimal(result.after.lenient)] as const;
    return [`${words} ${t("If the right answer is accepted anywhere in the reply, that is {0} and {1}.", ...fair)}`];
  });
}

function aboutValidation({ validation, test, looks, isGraded, run }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  if (!validation) return [t("No validation samples were scored.")];
  const said: string[] = [];
  const { scored, of, after } = validation;
  const gain = validation.gain.mean;
  if (gain > 0 && validation.p !== null && !isRare(validation)) {
    said.push(t("On the validation set {0}, so the gain may be chance.", changeLabelOf(validation, locale)));
  }
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      t(
        "The validation set is small: with {0}, a score of {1} has a 95% interval of {2} ({3}), so verdicts are weak. Use about {4} samples for more certainty.",
        locale.count(scored, "sample"),
        locale.decimal(after.score),
        locale.range(after.interval),
        isGraded ? "bootstrap" : "Wilson",
        ENOUGH_SAMPLES,
      ),
    );
  }
  if (scored < of) said.push(t("{0} of {1} validation samples were not scored with both texts.", of - scored, of));
  if (looks > 1 && gain > 0) {
    said.push(
      t(
        "The gate used the validation set {0} times and kept what scored best on it, so the validation score overstates the result.",
        looks,
      ),
    );
  }
  const isSettled = test !== null && test.gain.mean > 0 && isRare(test);
  return isSettled ? said : [...said, ...aboutFalseAccepts(run.options.gate, validation, looks, locale)];
}

/** How likely the gate accepts changes by chance, in this run. Left out if the test set answers the question. */
function aboutFalseAccepts(
  gate: OptimizeOptions["gate"],
  { better, worse, scored }: Comparison,
  looks: number,
  locale: Locale,
): string[] {
  const { t } = locale;
  const differ = better + worse;
  if (gate.policy === "off" || differ === 0) return [];
  const once = falseAcceptRisk(gate, differ);
  const ever = 1 - (1 - once) ** looks;
  const fooled = t(
    "A gate can accept a change by chance. When {0} of {1} samples change, as here, the “{2}” policy accepts a text that is no better with {3}.",
    differ,
    scored,
    gate.policy,
    probabilityOf(once, locale),
  );
  const often = t(
    "Over {0} independent comparisons, it accepts at least one such text with {1}.",
    looks,
    probabilityOf(ever, locale),
  );
  return [[fooled, looks > 1 ? often : "", t("Rely on the test set.")].filter(Boolean).join(" ")];
}

function probabilityOf(share: number, locale: Locale): string {
  if (share > 0.995) return locale.t("near certainty");
  return share < 0.01 ? locale.t("a probability below 1%") : locale.t("a probability of {0}", locale.percent(share));
}

function aboutEvaluation({ split, scored, of, before }: Comparison, locale: Locale): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (scored < of) said.push(t("{0} of {1} samples were not scored because calls for them failed.", of - scored, of));
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      t(
        "With {0}, a score of {1} has a 95% interval of {2}.",
        locale.count(scored, "sample"),
        locale.decimal(before.score),
        locale.range(before.interval),
      ),
    );
  }
  if (before.formatErrors > 0) {
    said.push(
      t(
        "Not in the required format: {0}. Such answers count as wrong, but may be right.",
        locale.count(before.formatErrors, "answer"),
      ),
    );
  }
  if (split !== "test") {
    said.push(
      t(
        "The texts may have been chosen on this {0}, which overstates their score. Only a test set that was never used to choose texts gives an unbiased score.",
        splitLabel(split, locale),
      ),
    );
  }
  return said;
}

/** Whether a gain is only one of format: the right answer was there before, but could not be read. */
function aboutForm({ validation }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  if (!validation) return [];
  const { before, after, scored } = validation;
  const said: string[] = [];
  const gain = validation.gain.mean;
  if (gain > 0 && after.lenient - before.lenient < gain / 2) {
    said.push(
      t(
        "Much of the gain comes from the answer format. If the right answer is accepted anywhere in the reply, the validation score is {0} before and {1} after.",
        locale.decimal(before.lenient),
        locale.decimal(after.lenient),
      ),
    );
  }
  if (after.formatErrors > 0) {
    said.push(
      t(
        "{0} of {1} final answers on the validation set are not in the required format. They count as wrong, but may be right.",
        after.formatErrors,
        scored,
      ),
    );
  }
  return said;
}

function aboutChanges({ changes }: ReportFindings, locale: Locale): string[] {
  const { t } = locale;
  const said: string[] = [];
  const idle = changes.filter(({ contributes }) => contributes === false).map(({ node }) => oneLine(node, 80));
  if (idle.length === 1) {
    said.push(t("The change of {0} has no effect: the result is no worse without it. Drop it.", idle.join("")));
  } else if (idle.length > 1) {
    said.push(
      t("These changes have no effect: {0}. The result is no worse without all of them. Drop them.", idle.join(", ")),
    );
  }
  const hiding = changes.filter(({ text }) => plain(text) !== text.replace(/\r\n?/g, "\n"));
  if (hiding.length > 0) {
    said.push(
      t(
        "The proposal for {0} contains invisible characters, such as control characters or text direction marks. Check it in the JSON version of this report before you apply it.",
        hiding.map(({ node }) => oneLine(node, 80)).join(", "),
      ),
    );
  }
  const net = changes.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  if (net && net.tokensBefore > 0 && net.tokensAfter > DEARER * net.tokensBefore) {
    said.push(
      t(
        "On the validation set, an answer takes {0} more tokens than before ({1} → {2}).",
        locale.percent(net.tokensAfter / net.tokensBefore - 1),
        locale.integer(net.tokensBefore),
        locale.integer(net.tokensAfter),
      ),
    );
  }
  return said;
}

function isRare({ p }: Comparison): boolean {
  return p === null || p <= RARE;
}

/** `9 of 20 samples got better and 1 worse; chance alone makes a split this uneven with p = 0.021` */
function changeLabelOf({ better, worse, p, scored }: Comparison, locale: Locale): string {
  const { t } = locale;
  const split = t("{0} of {1} samples got better and {2} worse", better, scored, worse);
  return p === null ? split : t("{0}; by chance alone, a split this uneven has {1}", split, locale.pValue(p));
}
