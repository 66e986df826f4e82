import type { InvalidReason, NodeFigures, Verdict } from "../engine/events.ts";
import { ENGLISH, type Locale } from "./locale.ts";
import { oneLine } from "./plain-text.ts";

/** Verdicts on proposals, for every surface: a headline, figures, and the reason as a sentence. */

export const VERDICT_MARKS = { accepted: "✓", rejected: "✗", undecided: "?", screened: "–" } as const;

/** `Accepted by the gate`. Names the gate only if it compared something. */
export function verdictHeadline({ policy, decision, reason }: Verdict, { t }: Locale): string {
  if (decision === "undecided") return t("Undecided");
  if (decision === "screened") return t("Screened out");
  if (reason === "unchanged") return t("Unchanged");
  if (policy === "off") return decision === "accepted" ? t("Accepted without a gate") : t("Rejected without a gate");
  return decision === "accepted" ? t("Accepted by the gate") : t("Rejected by the gate");
}

/** `14 → 17 of 20 right`, `14 → 17 of 18 right (2 not scored)`; for graded losses `score 0.45 → 0.60 on 20 samples`. */
export function rightFigure(verdict: Verdict, locale: Locale): string {
  const { t } = locale;
  const { scored, of } = verdict;
  if (scored === 0) return t("nothing was scored");
  const figure = isGraded(verdict)
    ? t(
        "score {0} → {1} on {2}",
        locale.decimal(1 - verdict.lossBefore),
        locale.decimal(1 - verdict.lossAfter),
        locale.count(scored, "sample"),
      )
    : t("{0} → {1} of {2} right", verdict.rightBefore, verdict.rightAfter, scored);
  return scored < of ? t("{0} ({1} not scored)", figure, of - scored) : figure;
}

/** The measured part of one accepted change in a net change of several nodes. */
export interface Contribution {
  /**
   * Number of nodes whose accepted changes share the verdict, including this one; 1: the verdict is about this
   * change alone.
   */
  readonly nodes: number;
  /** Leave-one-out. false: the result is no worse without this change. null: not measured. */
  readonly isNeeded: boolean | null;
  /** The result with all changes and without this one, on the samples scored with both; null: none were. */
  readonly without: {
    readonly scored: number;
    /** Whether all samples of the verdict were scored, so that its figures are comparable with these. */
    readonly isWhole: boolean;
    readonly rightWith: number;
    readonly rightWithout: number;
    readonly scoreWith: number;
    readonly scoreWithout: number;
  } | null;
  /** The verdict that accepted this change by itself; null: there is none. */
  readonly alone: Verdict | null;
}

/**
 * `14 → 17 of 20 right` for a change that was accepted on its own; else the joint figure and the part of this
 * change: `together 3 → 20 of 20 right`, `without it 20 → 12`.
 */
export function changeFigures(verdict: Verdict, part: Contribution | null, locale: Locale): string[] {
  const figure = rightFigure(verdict, locale);
  if (verdict.decision !== "accepted" || !part || part.nodes < 2) return [figure];
  return [locale.t("together {0}", figure), partFigure(verdict, part, locale)].filter(Boolean);
}

/** `without it 20 → 12`, `alone 3 → 10`, `no effect`; empty if nothing was measured. */
export function partFigure(verdict: Verdict, { isNeeded, without, alone }: Contribution, locale: Locale): string {
  const { t } = locale;
  if (isNeeded === false) return t("no effect: the same without it");
  if (isNeeded && without && isSame(without)) return t("one of several that do the same");
  if (without?.isWhole) {
    return isGraded(verdict)
      ? t("without it {0} → {1}", locale.decimal(without.scoreWith), locale.decimal(without.scoreWithout))
      : t("without it {0} → {1}", without.rightWith, without.rightWithout);
  }
  if (alone) {
    return isGraded(alone)
      ? t("alone {0} → {1}", locale.decimal(1 - alone.lossBefore), locale.decimal(1 - alone.lossAfter))
      : t("alone {0} → {1}", alone.rightBefore, alone.rightAfter);
  }
  return isNeeded ? t("worse without it") : "";
}

/** A change without which nothing is worse is needed where others without effect do the same. */
function isSame({ isWhole, scoreWith, scoreWithout }: NonNullable<Contribution["without"]>): boolean {
  return isWhole && scoreWithout >= scoreWith;
}

/**
 * The part of one of several changes that share a verdict, as a badge: `no effect`, `12 right without it`, `alone 3 → 10`.
 * Empty for a change that was accepted on its own.
 */
export function shortPart(verdict: Verdict, part: Contribution, locale: Locale): string {
  const { isNeeded, without, alone } = part;
  if (isNeeded === false) return locale.t("no effect");
  if (part.nodes < 2) return "";
  if (without?.isWhole && !(isNeeded && isSame(without))) {
    const { scoreWithout, rightWithout } = without;
    return isGraded(verdict)
      ? locale.t("{0} without it", locale.decimal(scoreWithout))
      : locale.t("{0} right without it", rightWithout);
  }
  if (isNeeded && (without?.isWhole || !alone)) return locale.t("needed");
  return partFigure(verdict, part, locale) || locale.t("together");
}

/** Whether losses lie between right and wrong, so that the mean score is not a share of right answers. */
export function isGraded({ lossBefore, lossAfter, rightBefore, rightAfter, scored }: Verdict): boolean {
  const differs = (loss: number, right: number) => Math.abs(1 - loss - right / scored) > 1e-9;
  return differs(lossBefore, rightBefore) || differs(lossAfter, rightAfter);
}

/**
 * `category 12 → 18 of 20 right`: each node with targets of its own. Empty if only the answer has targets.
 * @param nodes of a verdict or of a whole set
 */
export function nodeFigureLabels(nodes: Verdict["nodes"], locale: Locale): string[] {
  return Object.entries(nodes ?? {}).map(([id, one]) => `${oneLine(id, 60)} ${nodeFigureLabel(one, locale)}`);
}

/** `12 → 18 of 20 right`; for graded losses `score 0.45 → 0.60 on 20 samples`. */
export function nodeFigureLabel({ n, before, after, rightBefore, rightAfter }: NodeFigures, locale: Locale): string {
  const isShare = (score: number, right: number) => Math.abs(score - right / n) < 1e-9;
  if (isShare(before, rightBefore) && isShare(after, rightAfter)) {
    return locale.t("{0} → {1} of {2} right", rightBefore, rightAfter, n);
  }
  const scores = [locale.decimal(before), locale.decimal(after)] as const;
  return locale.t("score {0} → {1} on {2}", ...scores, locale.count(n, "sample"));
}

/** `fixed 4, broke 1`, `p = 0.19`, `210 → 260 tokens per answer`. */
export function furtherFigures(verdict: Verdict, locale: Locale): string[] {
  const { t } = locale;
  if (verdict.scored === 0) return [];
  const figures = [t("fixed {0}, broke {1}", verdict.fixed.length, verdict.broken.length)];
  if (verdict.p !== null) figures.push(locale.pValue(verdict.p));
  const [before, after] = [Math.round(verdict.tokensBefore), Math.round(verdict.tokensAfter)];
  if (before > 0 && after > 0) {
    figures.push(t("{0} → {1} tokens per answer", locale.integer(before), locale.integer(after)));
  }
  return [...figures, ...nodeFigureLabels(verdict.nodes, locale)];
}

/** The measurements, the most important first. */
export function verdictFigures(verdict: Verdict, locale: Locale, part: Contribution | null = null): string[] {
  return [...changeFigures(verdict, part, locale), ...furtherFigures(verdict, locale)];
}

/** `✓ Accepted by the gate`, `– No effect` */
export function verdictTitle(verdict: Verdict, locale: Locale, part: Contribution | null = null): string {
  return part?.isNeeded === false
    ? `${VERDICT_MARKS.screened} ${locale.t("No effect")}`
    : `${VERDICT_MARKS[verdict.decision]} ${verdictHeadline(verdict, locale)}`;
}

/** `✓ Accepted by the gate · 14 → 17 of 20 right` */
export function verdictSummary(verdict: Verdict, locale: Locale, part: Contribution | null = null): string {
  if (part?.isNeeded === false) {
    const figures = changeFigures(verdict, { ...part, isNeeded: null, without: null, alone: null }, locale);
    return [
      `${VERDICT_MARKS.screened} ${locale.t("No effect: the score is the same without this change")}`,
      ...figures,
    ].join(" · ");
  }
  const said = [verdictHeadline(verdict, locale), ...changeFigures(verdict, part, locale)];
  return `${VERDICT_MARKS[verdict.decision]} ${said.join(" · ")}`;
}

/** `Accepted by the gate · 14 → 17 of 20 right · fixed 4, broke 1 · p = 0.19 · 210 → 260 tokens per answer` */
export function verdictLine(verdict: Verdict, locale = ENGLISH, part: Contribution | null = null): string {
  return [verdictHeadline(verdict, locale), ...verdictFigures(verdict, locale, part)].join(" · ");
}

/** A verdict's reason, with its counts if known. */
type Reason = Pick<Verdict, "reason"> & Partial<Pick<Verdict, "scored" | "of" | "unscored">>;

/** Why a proposal was accepted or not, as a sentence. Doesn't name the gate if the proposal never reached it. */
export function verdictReason({ reason, scored = 0, of = 0, unscored = [] }: Reason, { t }: Locale): string {
  switch (reason) {
    case "lower loss":
      return t("The loss on the validation set is lower.");
    case "better by all objectives together":
      return t("It is better on the validation set, even with the cost of an answer weighed in.");
    case "not higher, and shorter":
      return t("The loss on the validation set is not higher, and the text is shorter.");
    case "costs more than it gains":
      return t("The loss on the validation set is lower, but the higher cost of an answer outweighs it.");
    case "tie":
      return t("The loss on the validation set is unchanged, and the gate rejects ties.");
    case "higher loss":
      return t("The loss on the validation set is higher.");
    case "cannot pass any more":
      return of === 0
        ? t("It could no longer pass, so the rest were not scored.")
        : t("After {0} of {1} samples it could no longer pass, so the rest were not scored.", scored, of);
    case "not significant":
      return t("The difference may be chance.");
    case "the combination was rejected":
      return t("It passed on its own, but not combined with the other proposals.");
    case "fixed some, broke none":
      return t("On its own, it fixed samples and broke none.");
    case "broke some":
      return t("On its own, it broke samples that were right before.");
    case "fixed none":
      return t("On its own, it fixed no samples.");
    case "fixed none, broke some":
      return t("It fixed none of the first samples and broke some that were right, so the rest were not scored.");
    case "breaks training samples":
      return t("It breaks training samples that were right before.");
    case "no gain on training samples":
      return t("The training samples score no better with it.");
    case "constant output":
      return t("With this text, the node gives the same answer to different inputs.");
    case "violation":
      return t("It drops required text, is too long, or contains an answer from the data.");
    case "samples could not be scored":
      return of === 0
        ? t(
            "Samples with failed calls could change the verdict. Resume the run if it stopped early, or run it again to decide.",
          )
        : t(
            "{0} of {1} samples could not be scored because calls failed, and they could change the verdict. Resume the run if it stopped early, or run it again to decide.",
            unscored.length,
            of,
          );
    case "no gate":
      return t("The graph file turns the gate off, so nothing was measured that supports this text.");
    case "budget reached":
      return of === 0
        ? t("The run reached its budget. Resume it with a larger budget to decide.")
        : t(
            "The run reached its budget after {0} of {1} samples. Resume it with a larger budget to decide.",
            scored,
            of,
          );
    case "superseded":
      return t("A later proposal for this text replaced it.");
    case "the run ended first":
      return t("The run ended before it was validated. Resume the run to decide.");
    case "eliminated":
      return t("Another text scored as well or better in the search.");
    case "unchanged":
      return t("The text is unchanged.");
  }
}

/** Why a model's text is not a proposal, as a sentence. A log can contain an unknown reason. */
export function invalidReason(reason: string, { t }: Locale): string {
  const known: Record<InvalidReason, string> = {
    "no reply": t("The call to the model failed."),
    "no text in the reply": t("The model's reply contained no instruction."),
    "ambiguous reply": t("The model's reply could be read in more than one way."),
    "invents a placeholder": t("It adds a placeholder that the graph doesn't have."),
    "drops a placeholder": t("It drops a required placeholder."),
    "does not fit its file": t(
      "It can't be written to its file: the text would end too early, or be read differently.",
    ),
    "drops a text to keep": t("It drops a text listed in “keep”."),
    "changes the roles": t("It changes the messages that its lines “system:” and “user:” start."),
    "no rows of examples": t("It is not written as example rows."),
    "longer than maxWords": t("It is longer than maxWords allows."),
    "repeats an earlier text": t("It repeats a text that was already evaluated."),
    "leaks a training target": t("It contains the answer of a training sample."),
    "no change": t("It is identical to the current text."),
    "no inputs": t("It leaves the node without inputs."),
    "names an unknown input": t("It names an input that the graph doesn't have."),
    "reads a later node": t("It makes the node read a later node, which could create a cycle."),
    "drops a needed input": t("It drops an input that the node needs."),
  };
  return Object.entries(known).find(([one]) => one === reason)?.[1] ?? reason;
}
