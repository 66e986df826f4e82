import { l10n } from "vscode";
import type { Decision, InvalidReason, Verdict } from "../../engine/events.ts";

/** `✓ Accepted by the gate · 14 → 17 of 20 right`. */
export function verdictLine(verdict: Verdict): string {
  return `${MARKS[verdict.decision]} ${verdictHeadline(verdict)} · ${rightFigure(verdict)}`;
}

const MARKS: Record<Decision, string> = { accepted: "✓", rejected: "✗", undecided: "?", screened: "–" };

export function verdictHeadline(verdict: Verdict): string {
  if (verdict.policy === "off" && verdict.decision === "accepted") return l10n.t("Accepted without a gate");
  switch (verdict.decision) {
    case "accepted":
      return l10n.t("Accepted by the gate");
    case "rejected":
      return l10n.t("Rejected by the gate");
    case "undecided":
      return l10n.t("Undecided");
    case "screened":
      return l10n.t("Dropped before the gate");
  }
}

export function decisionWord(decision: Decision): string {
  const words: Record<Decision, string> = {
    accepted: l10n.t("accepted"),
    rejected: l10n.t("rejected"),
    undecided: l10n.t("undecided"),
    screened: l10n.t("dropped before the gate"),
  };
  return words[decision];
}

/** What was measured, the most telling first. */
export function verdictFigures(verdict: Verdict): string[] {
  return [rightFigure(verdict), ...furtherFigures(verdict)];
}

/** `fixed 4, broke 1`, `p = 0.19`, `210 → 260 tokens an answer`. */
export function furtherFigures(verdict: Verdict): string[] {
  if (verdict.scored === 0) return [];
  const figures = [];
  const graded = Math.abs(1 - verdict.lossAfter - verdict.rightAfter / verdict.scored) > 1e-9;
  if (graded) figures.push(l10n.t("score {0} → {1}", score(verdict.lossBefore), score(verdict.lossAfter)));
  figures.push(l10n.t("fixed {0}, broke {1}", verdict.fixed.length, verdict.broken.length));
  if (verdict.p !== null) figures.push(verdict.p < 0.001 ? "p < 0.001" : `p = ${verdict.p.toPrecision(2)}`);
  if (verdict.tokensBefore > 0 && verdict.tokensAfter > 0) {
    const before = Math.round(verdict.tokensBefore);
    const after = Math.round(verdict.tokensAfter);
    figures.push(l10n.t("{0} → {1} tokens an answer", before, after));
  }
  return figures;
}

/** `14 → 17 of 20 right`. */
export function rightFigure(verdict: Verdict): string {
  if (verdict.scored === 0) return l10n.t("nothing was scored");
  const figure = l10n.t("{0} → {1} of {2} right", verdict.rightBefore, verdict.rightAfter, verdict.scored);
  return verdict.scored < verdict.of ? l10n.t("{0} ({1} not scored)", figure, verdict.of - verdict.scored) : figure;
}

function score(loss: number): string {
  return (1 - loss).toFixed(2);
}

/** Why the gate decided so, or why a proposal never reached it, as a sentence. */
export function verdictReason(verdict: Verdict): string {
  switch (verdict.reason) {
    case "lower loss":
      return l10n.t("With it, the loss on the validation set is lower.");
    case "tie":
      return l10n.t("The loss on the validation set is unchanged, and the gate rejects ties.");
    case "higher loss":
      return l10n.t("With it, the loss on the validation set is higher.");
    case "cannot pass any more":
      return l10n.t(
        "After {0} of {1} samples it could no longer pass, so the rest were not scored.",
        verdict.scored,
        verdict.of,
      );
    case "not significant":
      return l10n.t("The loss is lower, but the difference may be chance.");
    case "the combination was rejected":
      return l10n.t("Combined with the other proposals that passed, it did not lower the loss.");
    case "fixed some, broke none":
      return l10n.t("On its own, it fixed samples and broke none.");
    case "broke some":
      return l10n.t("On its own, it broke samples that were right before.");
    case "fixed none":
      return l10n.t("On its own, it fixed no samples.");
    case "fixed none, broke some":
      return l10n.t("It fixed none of the first samples and broke right ones, so the rest were not scored.");
    case "breaks training samples":
      return l10n.t("It breaks training samples that were right before.");
    case "constant output":
      return l10n.t("With this text, the node gives the same answer to different inputs.");
    case "violation":
      return l10n.t("It drops required text, is too long, or contains an answer from the data.");
    case "samples could not be scored":
      return l10n.t(
        "{0} of {1} samples could not be scored because calls failed, and they could change the verdict. Resume the run or run it again to decide.",
        verdict.unscored.length,
        verdict.of,
      );
    case "no gate":
      return l10n.t("The graph file turns the gate off, so nothing was measured that supports this text.");
    case "budget reached":
      return l10n.t(
        "The run reached its budget after {0} of {1} samples. Resume it with a larger budget to decide.",
        verdict.scored,
        verdict.of,
      );
    case "superseded":
      return l10n.t("A later proposal for this text replaced it.");
    case "the run ended first":
      return l10n.t("The run ended before the gate compared it. Resume the run to decide.");
    case "eliminated":
      return l10n.t("Another proposal for this text scored better on training samples.");
    case "unchanged":
      return l10n.t("The text is unchanged.");
  }
}

/** Why what the model wrote is no proposal. */
export function invalidSentence(reason: string): string {
  const sentences: Record<InvalidReason, string> = {
    "no reply": l10n.t("The call to the model failed."),
    "no text in the reply": l10n.t("The model's reply contained no instruction."),
    "ambiguous reply": l10n.t("The model's reply could be read in more than one way."),
    "invents a placeholder": l10n.t("It added a placeholder that the graph doesn't have."),
    "drops a placeholder": l10n.t("It dropped a required placeholder."),
    "drops a text to keep": l10n.t("It dropped a text listed in “keep”."),
    "changes the roles": l10n.t("It changed the messages that its lines “system:” and “user:” begin."),
    "no rows of examples": l10n.t("It was not written as example rows."),
    "longer than maxWords": l10n.t("It was longer than maxWords allows."),
    "repeats an earlier text": l10n.t("It repeated a text that was already evaluated."),
    "leaks a training target": l10n.t("It contained the answer of a training sample."),
    "no change": l10n.t("It was identical to the current text."),
  };
  return Object.entries(sentences).find(([known]) => known === reason)?.[1] ?? reason;
}
