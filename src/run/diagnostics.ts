import type { Sample } from "../data/sample.ts";
import type { Finished, Warned } from "../engine/events.ts";
import type { Task } from "../engine/task.ts";
import { signTest } from "../engine/verdict.ts";
import { ROLES } from "../graph/graph.ts";
import type { Attempt, RunState, SampleScore } from "./state.ts";
import { gramsOf, similarity, tokensOf } from "./text-similarity.ts";

/** A run at its end, before that is on record. */
export interface Ending {
  readonly start: Pick<Task, "data" | "options">;
  /** Of all events but the last. */
  readonly state: RunState;
  readonly finished: Finished;
}

type Signature = (ending: Ending) => Warned[];

/** Below this many samples a verdict is weak. */
const ENOUGH_SAMPLES = 50;
/** Chance below which a difference is not put down to luck. */
const RARE = 0.05;
/** Share of answers that do not fit their form, from which on it is said. */
const MISFITS = 0.1;
/** Rounds of nothing but refusals. */
const ROUNDS = 3;
/** Gradients of a node that are compared; fewer tell nothing. */
const GRADIENTS = { least: 5, most: 24 } as const;
/** Likeness of two texts that say the same. */
const SAME = 0.8;
/** Share of pairs of gradients that say the same. */
const MONOTONOUS = 0.6;
/** Likeness of two instructions that have become one, and what part of their difference at the start may be left. */
const CONVERGED = { likeness: 0.8, left: 0.5 } as const;
/** Growth of an instruction: times its words, and words. */
const GROWTH = { times: 2, words: 25 } as const;
/** Length of an answer that no instruction holds by chance, and number of shorter ones. */
const LEAK = { alone: 12, short: 4, together: 2 } as const;

/**
 * What went wrong with a run as a whole (docs/method.md, "Failure signatures"). Each signature is told from what is on record alone, so it is
 * the same for a run read again. Pure.
 */
export function diagnose(ending: Ending): Warned[] {
  return SIGNATURES.flatMap((signature) => signature(ending));
}

const SIGNATURES: readonly Signature[] = [
  noGate,
  nothingToLearn,
  smallValidationSet,
  repliesCut,
  formatErrors,
  gateRefusesEverything,
  gradientsLookAlike,
  instructionsConverge,
  instructionGrows,
  targetsLeak,
  unknownCost,
];

function noGate({ start, finished }: Ending): Warned[] {
  if (start.options.gate.policy !== "off" || finished.proposals.length === 0) return [];
  return [warned("no gate")];
}

/** The method warns itself if all training samples are right. */
function nothingToLearn({ state, finished }: Ending): Warned[] {
  const known = state.warnings.some(({ code }) => code === "nothing to learn");
  return !known && finished.validation.before === 1 ? [warned("nothing to learn", { detail: "validation" })] : [];
}

/** Too few samples for the observed difference: it may be chance. */
function smallValidationSet({ start, finished }: Ending): Warned[] {
  const net = finished.proposals.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  const n = start.data.validation.length;
  if (!net || net.policy === "off" || net.p === null || net.p <= RARE || n >= ENOUGH_SAMPLES) return [];
  const [fixed, broken] = [net.fixed.length, net.broken.length];
  return [warned("small validation set", { count: n, ...(fixed > broken && { of: samplesNeeded(n, fixed, broken) }) })];
}

/** Size of a set on which samples fixed and broken at the same rate would no longer pass for chance. */
function samplesNeeded(n: number, fixed: number, broken: number): number {
  for (let times = 1; times < 100; times += 0.25) {
    if (signTest(Math.round(times * fixed), Math.round(times * broken)) <= RARE) return Math.ceil(times * n);
  }
  return 100 * n;
}

/** Replies that ended where their tokens did: answers without their end, feedback that had to be asked for again. */
function repliesCut({ state }: Ending): Warned[] {
  return ROLES.flatMap((purpose) =>
    Object.entries(state.cuts[purpose]).flatMap(([node, { replies, cut, tokens }]) => {
      const about = { purpose, count: cut, of: replies, tokens, ...(node !== "" && { node }) };
      return cut > 0 ? [warned("replies cut", about)] : [];
    }),
  );
}

/** Replies that do not match their form, and answers that are right but stand where nobody reads them. */
function formatErrors({ start, state, finished }: Ending): Warned[] {
  const { threshold } = start.options;
  const split = finished.evaluated?.split ?? "validation";
  const scores = Object.values(state.scores[finished.theta] ?? {}).filter(
    (score): score is SampleScore & { loss: number } => score.split === split && score.loss !== null,
  );
  const least = Math.max(2, MISFITS * scores.length);
  const after = finished.evaluated?.formatErrors ?? finished.formatErrors.after;
  if (scores.length > 0 && after >= least) {
    return [warned("format errors", { count: after, of: scores.length })];
  }
  const hidden = scores.filter(({ loss, lenient }) => loss > threshold && (lenient ?? loss) <= threshold).length;
  if (scores.length === 0 || hidden < least) return [];
  return [warned("format errors", { count: hidden, of: scores.length, detail: "lenient" })];
}

function gateRefusesEverything({ state, finished }: Ending): Warned[] {
  const valid = state.attempts.filter(({ decision }) => decision !== null);
  const rounds = new Set(valid.map(({ iteration }) => iteration)).size;
  const judged = valid.filter(({ screened }) => screened !== "superseded");
  const rejected = judged.filter(({ decision }) => decision === "rejected" || decision === "screened");
  const isSettled = finished.status === "done" || finished.status === "budget";
  if (!isSettled || rounds < ROUNDS || rejected.length < judged.length) return [];
  return [warned("gate refuses everything", { count: rejected.length })];
}

/** Feedback that says the same of every sample, and from which no accepted text came. */
function gradientsLookAlike({ state }: Ending): Warned[] {
  const helped = new Set(state.attempts.filter(({ decision }) => decision === "accepted").map(({ node }) => node));
  return state.parameters.flatMap((node) => {
    if (helped.has(node)) return [];
    const bySample = new Map<string, string>();
    for (const { node: of, from, sample, text } of state.gradients) {
      if (of === node && from !== null && text !== "") bySample.set(sample, text);
    }
    const texts = [...bySample.values()].slice(-GRADIENTS.most);
    if (texts.length < GRADIENTS.least) return [];
    const pairs = pairsOf(texts.map(gramsOf)).map(([a, b]) => similarity(a, b));
    const same = pairs.filter((one) => one >= SAME).length / pairs.length;
    return same >= MONOTONOUS ? [warned("gradients look alike", { node, count: texts.length, detail: texts[0] })] : [];
  });
}

/** Texts of different nodes that have become one: at the end, or in what was last proposed for each. */
function instructionsConverge({ state, finished }: Ending): Warned[] {
  const changed = state.parameters.flatMap((node) => {
    const was = state.startTexts[node] ?? "";
    const is = finished.texts[node] ?? "";
    const last = lastAttempt(state.attempts, node)?.text ?? is;
    return last === was && is === was ? [] : [{ node, was: gramsOf(was), last: gramsOf(last), is: gramsOf(is) }];
  });
  const found = pairsOf(changed).find(([a, b]) => {
    const most = Math.max(similarity(a.is, b.is), similarity(a.last, b.last));
    return most >= CONVERGED.likeness && 1 - most <= CONVERGED.left * (1 - similarity(a.was, b.was));
  });
  return found ? [warned("instructions converge", { node: found[0].node, detail: found[1].node })] : [];
}

/** Longer and longer, and nothing shows for it. */
function instructionGrows({ state, finished }: Ending): Warned[] {
  return state.parameters.flatMap((node) => {
    const was = tokensOf(state.startTexts[node] ?? "").length;
    const final = finished.texts[node] ?? "";
    const isTaken = final !== state.startTexts[node];
    const proposal = finished.proposals.find((one) => one.node === node);
    const { before, after } = finished.validation;
    const gained = isTaken && proposal?.contributes !== false && before !== null && after !== null && after > before;
    if (gained) return [];
    const is = tokensOf(isTaken ? final : (lastAttempt(state.attempts, node)?.text ?? "")).length;
    const grows = is >= GROWTH.times * was && is >= was + GROWTH.words;
    return grows ? [warned("instruction grows", { node, count: is, of: was })] : [];
  });
}

/** Answers of single samples in a text that did not hold them: learned by heart instead of understood. */
function targetsLeak({ start, state, finished }: Ending): Warned[] {
  const heldIn = finderOf(singleTargets(Object.values(start.data).flat()));
  return state.parameters.flatMap((node) => {
    const known = heldIn(state.startTexts[node] ?? "");
    const attempts = state.attempts.filter((one) => one.node === node);
    const refused = attempts.filter(({ invalid }) => invalid === "leaks a training target").length;
    const texts = [finished.texts[node] ?? "", ...attempts.map(({ text }) => text)];
    const leaks = texts.filter((text) => {
      const held = [...heldIn(text)].filter((target) => !known.has(target));
      return held.length >= LEAK.together || held.some((target) => target.length >= LEAK.alone);
    }).length;
    const count = Math.max(refused, leaks);
    return count > 0 ? [warned("targets leak", { node, count })] : [];
  });
}

/** What is the answer of one sample alone, and long enough not to stand in a text by chance. A label of many is no secret. */
function singleTargets(samples: readonly Sample[]): string[] {
  const counts = new Map<string, number>();
  for (const target of samples.flatMap(({ targets }) => [...new Set(targets.map((one) => one.trim()))])) {
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return [...counts].flatMap(([target, count]) => (count === 1 && target.length >= LEAK.short ? [target] : []));
}

/** Which of the wanted texts stand in another: it is gone through once for all of them. */
function finderOf(wanted: readonly string[]): (text: string) => ReadonlySet<string> {
  const byStart = new Map<string, string[]>();
  for (const one of wanted) {
    const start = one.slice(0, LEAK.short);
    const alike = byStart.get(start) ?? [];
    byStart.set(start, alike);
    alike.push(one);
  }
  return (text) => {
    const found = new Set<string>();
    for (let at = 0; at < text.length; at++) {
      for (const one of byStart.get(text.slice(at, at + LEAK.short)) ?? [])
        if (text.startsWith(one, at)) found.add(one);
    }
    return found;
  };
}

function unknownCost({ state }: Ending): Warned[] {
  return [
    ...(state.usd === null ? [warned("unknown price", {})] : []),
    ...(state.tokens.estimated ? [warned("tokens estimated", {})] : []),
  ];
}

function lastAttempt(attempts: readonly Attempt[], node: string): Attempt | undefined {
  return attempts.findLast((one) => one.node === node && one.invalid === null);
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]));
}

function warned(code: Warned["code"], about: Omit<Warned, "type" | "code"> = {}): Warned {
  return { type: "warning", code, ...about };
}
