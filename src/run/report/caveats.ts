import type { OptimizeOptions } from "../../engine/task.ts";
import type { Locale } from "../../i18n/locale.ts";
import { oneLine, plain } from "../plain.ts";
import { splitWord } from "./messages.ts";
import type { Comparison, Report } from "./report.ts";
import { falseAcceptRisk } from "./risk.ts";

/** Below this many samples a verdict is called weak (method.md, "Small sets"). */
export const ENOUGH_SAMPLES = 50;
/** Chance below which a split of better and worse samples is not put down to luck. */
const RARE = 0.05;
/** Growth of an answer's tokens that is worth a word. */
const DEARER = 1.25;

/** What the sentences about a report are made from. */
export type Found = Omit<Report, "caveats" | "limitations">;

/** What a sceptic should know before believing the figures, the gravest first; then what speaks for them. */
export function caveatsOf(report: Found, locale: Locale): string[] {
  const { evaluated } = report;
  const about = evaluated
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

function aboutOrigin({ run }: Found, locale: Locale): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (!run.madeHere) {
    said.push(
      t(
        "This run was not made on this machine, or its files were changed since. Every figure here is a claim until it is re-checked here, or the run repeated.",
      ),
    );
  }
  if (run.provider === "simulated") {
    said.push(
      t("The simulated model answered. The figures show how the method works; they say nothing of a real model."),
    );
  }
  if (run.damaged > 0) {
    const lines = locale.count(run.damaged, "line");
    said.push(t("{0} of the run's log could not be read, so figures may lack something.", lines));
  }
  return said;
}

function aboutEnd({ run }: Found, { t }: Locale): string[] {
  switch (run.status) {
    case "done":
      return [];
    case "budget":
      return [t("The budget ended the run early. With a larger one it could have found more, or have proved less.")];
    case "running":
      return [t("The run is still under way: these are the figures so far.")];
    case "failed": {
      const why = run.detail && oneLine(run.detail, 300).replace(/\.$/, "");
      return [
        why
          ? t("The run failed: {0}. What stands here was measured until then.", why)
          : t("The run failed. What stands here was measured until then."),
      ];
    }
    default:
      return [t("The run was stopped before its end. What stands here was measured until then.")];
  }
}

function aboutGate({ run, changes }: Found, { t }: Locale): string[] {
  const taken = changes.some(({ verdict }) => verdict.decision === "accepted");
  if (run.options.gate.policy !== "off" || !taken) return [];
  return [t("No gate was used: every proposal was taken, better or not.")];
}

function aboutTest({ test, validation, run }: Found, locale: Locale): string[] {
  const { t } = locale;
  if (!test) {
    const remedy = t("Give the graph a test set of 50 samples or more.");
    const why =
      run.samples.test > 0
        ? t(
            "The test set was not scored, so nothing here was measured on samples that took no part in choosing the texts.",
          )
        : t("There is no test set, so nothing here was measured on samples that took no part in choosing the texts.");
    return [run.samples.test >= ENOUGH_SAMPLES ? why : `${why} ${remedy}`];
  }
  const gain = gainOf(test);
  const expected = validation ? gainOf(validation) : gain;
  const shown = locale.signed(gain);
  if (gain < 0) {
    return [t("On the test set the result is worse than the untouched graph ({0}). Do not apply it unseen.", shown)];
  }
  if (expected >= 0.1 && gain < expected / 2) {
    return [
      t(
        "On the test set the gain is {0}, on the validation set {1}: part of it did not carry over to new samples.",
        shown,
        locale.signed(expected),
      ),
    ];
  }
  if (gain === 0) return [];
  const words = t(
    "On the test set, which took no part in the choice, the gain is {0} (95 %: {1}): {2}.",
    shown,
    test.gain.interval.map((end) => locale.signed(end)).join(" … "),
    splitWords(test, locale),
  );
  return [isRare(test) ? words : `${words} ${t("That may still be luck.")}`];
}

function aboutBaselines({ baselines, test, validation }: Found, locale: Locale): string[] {
  const { t } = locale;
  return baselines.flatMap((baseline) => {
    const [result, plain] = test && baseline.test ? [test, baseline.test] : [validation, baseline.validation];
    if (!result || !plain) return [];
    const [found, simple] = [result.after.score, plain.after.score];
    const words = t(
      "A step-by-step suffix alone, with nothing optimized, scores {0} on the {1}; the result scores {2}.",
      locale.figure(simple),
      splitWord(plain.split, locale),
      locale.figure(found),
    );
    if (simple >= found) return [`${words} ${t("The suffix does as well, for less: try that first.")}`];
    const { lenient } = plain.after;
    if (lenient <= simple) return [words];
    // A graph that takes the whole reply for the answer counts its reasoning as part of that.
    const fair = [locale.figure(lenient), locale.figure(result.after.lenient)] as const;
    return [`${words} ${t("Where the right answer may stand anywhere in the reply, that is {0} and {1}.", ...fair)}`];
  });
}

function aboutValidation({ validation, looks, isGraded, run }: Found, locale: Locale): string[] {
  const { t } = locale;
  if (!validation) return [t("Nothing was scored on the validation set.")];
  const said: string[] = [];
  const { scored, of, after } = validation;
  const gain = gainOf(validation);
  if (gain > 0 && validation.p !== null && !isRare(validation)) {
    said.push(t("On the validation set {0}: the gain may be luck.", splitWords(validation, locale)));
  }
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      t(
        "The validation set is small: with {0}, a score of {1} stands for anything in {2} (95 %, {3}), so verdicts are weak. About {4} samples tell more.",
        locale.count(scored, "sample"),
        locale.figure(after.score),
        locale.range(after.interval),
        isGraded ? "bootstrap" : "Wilson",
        ENOUGH_SAMPLES,
      ),
    );
  }
  if (scored < of) said.push(t("{0} of {1} validation samples are not scored under both texts.", of - scored, of));
  if (looks > 1 && gain > 0) {
    said.push(
      t(
        "The gate looked at the validation set {0} times and kept what did best there, so the score on it flatters the result.",
        looks,
      ),
    );
  }
  return [...said, ...aboutFalseAccepts(run.options.gate, validation, looks, locale)];
}

/** How easily the gate is fooled, in figures of this run. */
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
    "A gate can be fooled: where {0} of {1} samples come out differently, as they do here, a gate of the policy “{2}” accepts a text that is in truth no better with {3}.",
    differ,
    scored,
    gate.policy,
    chanceOf(once, locale),
  );
  const often = t("In {0} independent looks it takes at least one such text with {1}.", looks, chanceOf(ever, locale));
  return [[fooled, looks > 1 ? often : "", t("The test set is what tells.")].filter(Boolean).join(" ")];
}

function chanceOf(share: number, locale: Locale): string {
  if (share > 0.995) return locale.t("near certainty");
  return share < 0.01 ? locale.t("a chance of under 1 %") : locale.t("a chance of {0}", locale.percent(share));
}

function aboutEvaluation({ split, scored, of, before }: Comparison, locale: Locale): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (scored < of) said.push(t("{0} of {1} samples are not scored, because calls for them failed.", of - scored, of));
  if (scored < ENOUGH_SAMPLES) {
    said.push(
      t(
        "With {0}, a score of {1} stands for anything in {2} (95 %).",
        locale.count(scored, "sample"),
        locale.figure(before.score),
        locale.range(before.interval),
      ),
    );
  }
  if (before.formatErrors > 0) {
    said.push(
      t(
        "{0} answers are not in the form the graph asks for. They count as wrong, but may not be.",
        before.formatErrors,
      ),
    );
  }
  if (split !== "test") {
    said.push(
      t(
        "The texts may have been chosen on this {0}, which flatters them. Only a test set that decided nothing gives the honest figure.",
        splitWord(split, locale),
      ),
    );
  }
  return said;
}

/** A gain may be one of form: the right answer was there before, but could not be read. */
function aboutForm({ validation }: Found, locale: Locale): string[] {
  const { t } = locale;
  if (!validation) return [];
  const { before, after, scored } = validation;
  const said: string[] = [];
  const gain = gainOf(validation);
  if (gain > 0 && after.lenient - before.lenient < gain / 2) {
    said.push(
      t(
        "Much of the gain is one of form: where the right answer may stand anywhere in the reply, the validation score is {0} before and {1} after.",
        locale.figure(before.lenient),
        locale.figure(after.lenient),
      ),
    );
  }
  if (after.formatErrors > 0) {
    said.push(
      t(
        "{0} of {1} final answers on the validation set are not in the form the graph asks for. They count as wrong, but may not be.",
        after.formatErrors,
        scored,
      ),
    );
  }
  return said;
}

function aboutChanges({ changes }: Found, locale: Locale): string[] {
  const { t } = locale;
  const said = changes
    .filter(({ contributes }) => contributes === false)
    .map(({ node }) =>
      t("The change of {0} contributes nothing: without it the result is no worse. Drop it.", oneLine(node, 80)),
    );
  const hiding = changes.filter(({ text }) => plain(text) !== text.replace(/\r\n?/g, "\n"));
  if (hiding.length > 0) {
    said.push(
      t(
        "What is proposed for {0} holds characters that no page shows: control characters, or marks that turn the direction of writing. Look at it in the JSON form of this report before you apply it.",
        hiding.map(({ node }) => oneLine(node, 80)).join(", "),
      ),
    );
  }
  const net = changes.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  if (net && net.tokensBefore > 0 && net.tokensAfter > DEARER * net.tokensBefore) {
    said.push(
      t(
        "An answer takes {0} more tokens than before ({1} → {2}).",
        locale.percent(net.tokensAfter / net.tokensBefore - 1),
        locale.whole(net.tokensBefore),
        locale.whole(net.tokensAfter),
      ),
    );
  }
  return said;
}

function gainOf({ before, after }: Comparison): number {
  return after.score - before.score;
}

function isRare({ p }: Comparison): boolean {
  return p === null || p <= RARE;
}

/** `9 of 20 samples got better and 1 worse; chance alone makes a split this uneven with p = 0.021` */
function splitWords({ better, worse, p, scored }: Comparison, locale: Locale): string {
  const { t } = locale;
  const split = t("{0} of {1} samples got better and {2} worse", better, scored, worse);
  return p === null ? split : t("{0}; chance alone makes a split this uneven with {1}", split, locale.chance(p));
}
