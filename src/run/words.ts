import type { Baseline, BaselineScore, Verdict, VerdictReason, Warned } from "../engine/events.ts";
import { oneLine, plain } from "./plain.ts";
import type { Calls } from "./state.ts";

/** What is measured, in words and figures for a person. */

const DECISIONS = {
  accepted: "Accepted by the gate",
  rejected: "Rejected by the gate",
  undecided: "Undecided",
} as const;

const REASONS: Readonly<Record<VerdictReason, string>> = {
  "lower loss": "the loss fell",
  tie: "no better than before: a tie is rejected",
  "higher loss": "the loss rose",
  "cannot pass any more": "it could not pass any more, so the rest was not scored",
  "not significant": "the difference may be chance",
  "the combination was rejected": "passed alone, but not together with the others",
  "fixed some, broke none": "it fixed some samples and broke none",
  "broke some": "it broke samples that were right",
  "fixed none": "it fixed no sample",
  "every output alike": "it made every output alike, so it was not scored",
  unsound: "it drops what has to stay, is too long, or holds an answer of the data, so it was not scored",
  "samples could not be scored": "samples whose calls failed could change the verdict",
  "no gate": "accepted without a gate",
  "budget reached": "the budget was reached before it could be judged",
  "replaced before the gate": "a later proposal built on it before the gate looked",
  "the run ended first": "the run ended before the gate looked",
  "lost the race": "another proposal for this text did better on training samples",
  unchanged: "the text is as it was",
};

/** Why the gate decided so, as the end of a sentence. */
export function reasonWords(reason: VerdictReason): string {
  return REASONS[reason];
}

/** `Accepted by the gate · 14 → 17 of 20 right · fixed 4, broke 1 · p = 0.19 · 210 → 260 tokens an answer` */
export function verdictLine(verdict: Verdict): string {
  const { decision, policy, reason, scored, of, rightBefore, rightAfter, fixed, broken, p } = verdict;
  const parts: string[] = [policy === "off" ? "Taken without a gate" : DECISIONS[decision]];
  if (decision !== "accepted") parts.push(REASONS[reason]);
  if (scored === 0) return [...parts, "nothing was scored"].join(" · ");
  const rest = scored < of ? ` (${of - scored} of ${of} not scored)` : "";
  parts.push(`${rightBefore} → ${rightAfter} of ${scored} right${rest}`);
  parts.push(`fixed ${fixed.length}, broke ${broken.length}`);
  if (p !== null) parts.push(chance(p));
  const [before, after] = [verdict.tokensBefore, verdict.tokensAfter].map(Math.round);
  if (before && after) parts.push(`${before} → ${after} tokens an answer`);
  return parts.join(" · ");
}

/** One sentence a kind of warning: the first, and how many more there are. */
export function groupedWarnings(warnings: readonly Warned[]): string[] {
  return [...new Set(warnings.map(({ code }) => code))].flatMap((code) => {
    const [first, ...more] = warnings.filter((warning) => warning.code === code);
    if (!first) return [];
    return more.length === 0 ? [warningWords(first)] : [`${warningWords(first)} And ${more.length} more like it.`];
  });
}

export function warningWords({ code, node, sample, detail, count }: Warned): string {
  const where = [node && `node ${node}`, sample && `sample ${sample}`].filter(Boolean).join(", ");
  const at = where ? ` (${where})` : "";
  const why = detail ? `: ${oneLine(detail, 300)}` : "";
  switch (code) {
    case "sample dropped":
      return `A sample gave no gradient in this run${at}${why}.`;
    case "parameter refused":
      return `The model refuses a parameter, so requests went without it${why}.`;
    case "not scored":
      return `An answer could not be scored, which counts neither as right nor as wrong${at}${why}.`;
    case "reply repaired":
      return `A reply was not of the form asked for, so a second request asked for it again${at}${why}. A model that keeps to a JSON schema spares it.`;
    case "small validation set":
      return `The validation set${count ? ` of ${count} samples` : ""} is too small for the difference that was seen${why}. Its verdict is weak: add samples.`;
    case "nothing to learn":
      return `There is nothing more to learn: ${detail ? oneLine(detail, 200) : "every training sample is right"}. Harder samples would tell more.`;
    case "no gate":
      return `No gate was used: every proposal was taken, better or not${why}.`;
    case "test not scored":
      return `The test set was not scored${why}.`;
    case "budget too small":
      return `The budget cannot hold the test set${count ? ` of ${count} samples` : ""}, so it is not scored. Raise --budget-calls.`;
    case "unknown price":
      return `No price is known for a model, so money is not counted${why}.`;
    case "tokens estimated":
      return "The provider returns no token counts; they are estimated from characters.";
    case "gradients look alike":
      return `The gradients say nearly the same for every sample, and no text came of them that helps${at}${why}. A stronger backward model may help, or a rubric or target that says more.`;
    case "instructions converge":
      return `Instructions of different nodes grow alike${at}${detail ? `, ${oneLine(detail, 80)}` : ""}. Give each node a role that says what it alone does.`;
    case "instruction grows":
      return `An instruction grows and nothing shows for it${at}${why}. Set maxWords to bound it.`;
    case "gate refuses everything":
      return `The gate refused every proposal${count ? `, ${count} in all` : ""}${why}. Read the gradients: a stronger backward or optimizer model may help, or more training samples.`;
    case "format errors":
      return `Replies are not in the form that is asked for${at}${count ? `: ${count}` : ""}${why}. They are counted apart from wrong answers; say the form in the instruction, or change \`output\`.`;
    case "targets leak":
      return `Proposals copied answers of single samples into the text${at}${count ? `, ${count} times` : ""}. Add constraints to the node, or let a stronger model write.`;
    case "templates changed":
      return "This run was begun by another version of the engine, so some replies on record may not fit and be asked again.";
  }
}

/** `p = 0.021`, `p < 0.001` */
export function chance(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`;
}

/** `0.30 → 0.85 (n = 20)`; empty where nothing was measured. */
export function changeWords(
  name: string,
  measured: { n: number; before: number | null; after: number | null } | null,
): string {
  if (!measured || (measured.before === null && measured.after === null)) return "";
  const [before, after] = [measured.before, measured.after].map((score) => (score === null ? "?" : score.toFixed(2)));
  return `${name} ${before} → ${after} (n = ${measured.n})`;
}

/** `for comparison, the untouched graph with a step-by-step suffix: validation 0.45, test 0.43` */
export function baselineWords({ validation, test }: Baseline): string {
  const score = (set: BaselineScore | null) => (set ? set.score.toFixed(2) : "not scored");
  const sets = [`validation ${score(validation)}`, ...(test ? [`test ${score(test)}`] : [])];
  return `for comparison, the untouched graph with a step-by-step suffix: ${sets.join(", ")}`;
}

export function callsWords({ total, cached, retried }: Calls): string {
  const parts = [count(total, "call")];
  if (cached > 0) parts.push(`${cached} replies reused`);
  if (retried > 0) parts.push(`${count(retried, "request")} repeated`);
  return parts.join(", ");
}

export function count(n: number, what: string): string {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

export function money(usd: number | null): string {
  if (usd === null) return "price unknown";
  return usd > 0 && usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

export function seconds(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000);
  return whole < 100 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A text from a file, for a headline. */
export function titleOf(name: string, path: string): string {
  return plain(name).trim() || path;
}
