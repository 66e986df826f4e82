import type { Sample } from "../../data/sample.ts";
import type { Finished, Warned } from "../../engine/events.ts";
import { signTest } from "../../engine/gate/statistics.ts";
import type { Task } from "../../engine/task.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import { ROLES } from "../../graph/graph.ts";
import type { Yielder } from "../../models/yielder.ts";
import type { Attempt, RunState } from "../state/state.ts";
import { attemptsAt, gradientsOn, proposalsAt } from "./evidence.ts";
import { gramsOf, similarity, tokensOf } from "./text-similarity.ts";

/** A run at its end, before the end is logged. */
export interface Ending {
  readonly start: Pick<Task, "data" | "options">;
  /** State after all events except the last. */
  readonly state: RunState;
  readonly finished: Finished;
}

/** null: a place where other work can have a turn. */
type Signature = (ending: Ending) => Iterable<Warned | null>;

/** Below this many samples a verdict is weak. */
const ENOUGH_SAMPLES = 50;
/** p-value below which a difference is not attributed to chance. */
const RARE = 0.05;
/** Share of format errors from which a warning is given. */
const MISFITS = 0.1;
/** Iterations with only rejections. */
const ROUNDS = 3;
/** Number of gradients of a node to compare; fewer are not conclusive. */
const GRADIENTS = { least: 5, most: 24 } as const;
/** Similarity of two texts with the same meaning. */
const SAME = 0.8;
/** Share of pairs of gradients with the same meaning. */
const MONOTONOUS = 0.6;
/** Similarity of two converged instructions, and the maximum share of their initial difference that is left. */
const CONVERGED = { likeness: 0.8, left: 0.5 } as const;
/** Growth of an instruction: times its words, and words. */
const GROWTH = { times: 2, words: 25 } as const;
/** Length of an answer that no instruction contains by chance, and number of shorter answers. */
const LEAK = { alone: 12, short: 4, together: 2 } as const;

/**
 * What went wrong with a run as a whole (docs/method.md, "Failure signatures"). Each signature is told from what is on record alone, so it is
 * the same for a run read again. Pure.
 */
export function diagnose(ending: Ending): Warned[] {
  return [...diagnosis(ending)].filter((one) => one !== null);
}

/** The same step by step: with thousands of nodes, it takes seconds. */
export async function* diagnosed(ending: Ending, turns: Yielder): AsyncGenerator<Warned> {
  for (const found of diagnosis(ending)) {
    if (found === null) await turns.next();
    else yield found;
  }
}

function* diagnosis(ending: Ending): Generator<Warned | null> {
  for (const signature of SIGNATURES) {
    yield null;
    yield* signature(ending);
  }
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

/** Size of a set on which the same rates of fixed and broken samples would be significant. */
function samplesNeeded(n: number, fixed: number, broken: number): number {
  for (let times = 1; times < 100; times += 0.25) {
    if (signTest(Math.round(times * fixed), Math.round(times * broken)) <= RARE) return Math.ceil(times * n);
  }
  return 100 * n;
}

/** Replies that were cut at the token limit: answers without their end, feedback that was requested again. */
function repliesCut({ state }: Ending): Warned[] {
  return ROLES.flatMap((purpose) =>
    Object.entries(state.cuts[purpose]).flatMap(([node, { replies, cut, tokens }]) => {
      const about = { purpose, count: cut, of: replies, tokens, ...(node !== "" && { node }) };
      return cut > 0 ? [warned("replies cut", about)] : [];
    }),
  );
}

/** Replies that do not match their format, and right answers in the wrong place of a reply. */
function* formatErrors({ start, state, finished }: Ending): Generator<Warned | null> {
  const { threshold } = start.options;
  const split = finished.evaluated?.split ?? "validation";
  const scores = state.scores[finished.theta] ?? {};
  let [of, hidden] = [0, 0];
  for (const { id } of start.data[split]) {
    yield null;
    const score = scores[id];
    if (!score || score.split !== split || score.loss === null) continue;
    of += 1;
    if (score.loss > threshold && (score.lenient ?? score.loss) <= threshold) hidden += 1;
  }
  if (of === 0) return;
  const least = Math.max(2, MISFITS * of);
  const after = finished.evaluated?.formatErrors ?? finished.formatErrors.after;
  if (after >= least) yield warned("format errors", { count: after, of });
  else if (hidden >= least) yield warned("format errors", { count: hidden, of, detail: "lenient" });
}

function gateRefusesEverything({ state, finished }: Ending): Warned[] {
  const valid = state.attempts.filter(({ decision }) => decision !== null);
  const rounds = new Set(valid.map(({ iteration }) => iteration)).size;
  const judged = valid.filter(({ screened }) => screened !== "superseded");
  const rejected = judged.filter(({ decision }) => decision === "rejected" || decision === "screened");
  const isSettled = finished.status === "done" || finished.status === "budget";
  if (!isSettled || rounds < ROUNDS || rejected.length < judged.length || judged.some((one) => isTooCostly(one, state)))
    return [];
  return [warned("gate refuses everything", { count: rejected.length })];
}

/** Whether a proposal lowers the loss, and its cost outweighs that. */
function isTooCostly({ verdict }: Attempt, { judged }: Ending["state"]): boolean {
  return judged[verdict ?? -1]?.verdict.reason === "costs more than it gains";
}

/** Feedback that is the same for every sample and led to no accepted text. */
function* gradientsLookAlike({ state }: Ending): Generator<Warned | null> {
  const helped = new Set(state.attempts.filter(({ decision }) => decision === "accepted").map(({ node }) => node));
  for (const node of state.parameters) {
    yield null;
    if (helped.has(node)) continue;
    const bySample = new Map<string, string>();
    for (const { from, sample, text } of gradientsOn(state, node)) {
      if (from !== null && text !== "") bySample.set(sample, text);
    }
    const texts = [...bySample.values()].slice(-GRADIENTS.most);
    if (texts.length < GRADIENTS.least) continue;
    const pairs = pairsOf(texts.map(gramsOf)).map(([a, b]) => similarity(a, b));
    const same = pairs.filter((one) => one >= SAME).length / pairs.length;
    if (same >= MONOTONOUS) yield warned("gradients look alike", { node, count: texts.length, detail: texts[0] });
  }
}

/** Nodes whose text can change: what a node reads is no text. */
function textParameters({ parameters }: Ending["state"]): readonly string[] {
  return parameters.filter((id) => nodeOfInputs(id) === null);
}

/** Texts of different nodes that converged, at the end or in their last proposals. */
function* instructionsConverge({ state, finished }: Ending): Generator<Warned | null> {
  const changed = [];
  for (const node of textParameters(state)) {
    yield null;
    const was = state.startTexts[node] ?? "";
    const is = finished.texts[node] ?? "";
    const last = lastAttempt(state, node)?.text ?? is;
    if (last !== was || is !== was) changed.push({ node, was: gramsOf(was), last: gramsOf(last), is: gramsOf(is) });
  }
  for (const [index, a] of changed.entries()) {
    for (const b of changed.slice(index + 1)) {
      yield null;
      const most = Math.max(similarity(a.is, b.is), similarity(a.last, b.last));
      if (most < CONVERGED.likeness || 1 - most > CONVERGED.left * (1 - similarity(a.was, b.was))) continue;
      yield warned("instructions converge", { node: a.node, detail: b.node });
      return;
    }
  }
}

/** An instruction that grows without a gain. */
function instructionGrows({ state, finished }: Ending): Warned[] {
  return textParameters(state).flatMap((node) => {
    const was = tokensOf(state.startTexts[node] ?? "").length;
    const final = finished.texts[node] ?? "";
    const isTaken = final !== state.startTexts[node];
    const [proposal] = proposalsAt(finished.proposals, node);
    const { before, after } = finished.validation;
    const gained = isTaken && proposal?.contributes !== false && before !== null && after !== null && after > before;
    // The reason of its verdict says what to do about a text that lowers the loss at too high a cost.
    if (gained || attemptsAt(state, node).some((one) => isTooCostly(one, state))) return [];
    const is = tokensOf(isTaken ? final : (lastAttempt(state, node)?.text ?? "")).length;
    const grows = is >= GROWTH.times * was && is >= was + GROWTH.words;
    return grows ? [warned("instruction grows", { node, count: is, of: was })] : [];
  });
}

/** Answers of individual samples that were copied into a text. */
function* targetsLeak({ start, state, finished }: Ending): Generator<Warned | null> {
  const nodes = textParameters(state);
  if (nodes.length === 0) return;
  const heldIn = yield* finderOf(yield* singleTargets(Object.values(start.data).flat()));
  for (const node of nodes) {
    yield null;
    const known = heldIn(state.startTexts[node] ?? "");
    const attempts = attemptsAt(state, node);
    const refused = attempts.filter(({ invalid }) => invalid === "leaks a training target").length;
    const texts = [finished.texts[node] ?? "", ...attempts.map(({ text }) => text)];
    const leaks = texts.filter((text) => {
      const held = [...heldIn(text)].filter((target) => !known.has(target));
      return held.length >= LEAK.together || held.some((target) => target.length >= LEAK.alone);
    }).length;
    const count = Math.max(refused, leaks);
    if (count > 0) yield warned("targets leak", { node, count });
  }
}

/** Targets of one sample only that are too long to occur by chance. Labels shared by samples do not leak. */
function* singleTargets(samples: readonly Sample[]): Generator<null, string[]> {
  const counts = new Map<string, number>();
  for (const { targets } of samples) {
    yield null;
    for (const target of new Set(targets.map((one) => one.trim()))) counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  const single: string[] = [];
  for (const [target, count] of counts) {
    yield null;
    if (count === 1 && target.length >= LEAK.short) single.push(target);
  }
  return single;
}

/** Finds which of several texts occur in another, in one pass. */
function* finderOf(wanted: readonly string[]): Generator<null, (text: string) => ReadonlySet<string>> {
  const byStart = new Map<string, string[]>();
  for (const one of wanted) {
    yield null;
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

function lastAttempt(state: Ending["state"], node: string): Attempt | undefined {
  return attemptsAt(state, node).findLast(({ invalid }) => invalid === null);
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]));
}

function warned(code: Warned["code"], about: Omit<Warned, "type" | "code"> = {}): Warned {
  return { type: "warning", code, ...about };
}
