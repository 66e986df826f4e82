import {
  type EdgeGradients,
  LIMITS,
  type NodeRunView,
  type PointView,
  type ProposedEdge,
  type RunView,
  type SampleView,
  type Steering,
  shortId,
  type VerdictView,
  type WarningView,
} from "../../../webview/protocol.ts";
import { SPLITS } from "../../data/sample.ts";
import type { Judged, Verdict, Warned } from "../../engine/events.ts";
import { edgeChanges, nodeOfInputs } from "../../graph/edges.ts";
import { textStatusOf } from "../../graph/edits/text-status.ts";
import type { Graph } from "../../graph/graph.ts";
import { describeError } from "../../i18n/describe-error.ts";
import { paceLabels } from "../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { type Contribution, changeFigures, isGraded, nodeFigureLabels, shortPart } from "../../i18n/verdict.ts";
import { waitingLabel } from "../../i18n/waiting.ts";
import { isNote, warningMessages } from "../../i18n/warnings.ts";
import { contributionOf, isContributionKnown } from "../../run/explain/contribution.ts";
import type { Attempt, RunState, SampleScore } from "../../run/state/state.ts";
import type { ActiveRun } from "./active-run.ts";
import { line } from "./graph-view.ts";

/** Why a run failed, in the words of the message at its end. Empty for every other run. */
function failureOf({ error, detail, finished }: ActiveRun["state"], locale: Locale): string {
  if (error === null) return detail ?? "";
  return describeError(error, finished?.fields ?? {}, detail ?? "", locale).message || (detail ?? "");
}

/**
 * The view of a run for the page: plain data of limited size.
 * @param excerpts returns the first words of a sample
 * @param current the graph as in the file; null: unknown
 */
export function runView(
  run: ActiveRun,
  excerpts: (id: string) => string,
  locale: Locale = ENGLISH,
  current: Graph | null = null,
): RunView {
  const { entry, state, limits, threshold } = run;
  const { samples, scored } = sampleViews(state, threshold, excerpts);
  return {
    id: line(entry.id),
    status: entry.status,
    detail: line(failureOf(state, locale)),
    method: line(state.method),
    iteration: state.iteration,
    iterations: state.iterations,
    elapsed: state.elapsed + sinceLastEvent(run),
    spent: {
      calls: state.calls.total,
      cached: state.calls.cached,
      tokens: state.tokens.prompt + state.tokens.completion,
      usd: state.usd,
      estimated: state.tokens.estimated,
    },
    limits,
    nodes: nodeViews(run, locale, current),
    gradients: edgeGradients(state),
    proposedEdges: proposedEdges(state),
    curve: curveView(state),
    samples,
    steering: steeringOf(run, locale),
    waiting: run.waiting ? line(waitingLabel(run.waiting, locale)) : "",
    scored,
    threshold,
    warnings: warningViews(state, locale),
    replayed: null,
  };
}

/** Milliseconds that a run of this window has worked since its last event: a batch takes up to a day without one. */
function sinceLastEvent({ state, pace }: ActiveRun): number {
  const isWorking = pace !== null && state.status === "running" && state.paused === null && state.lastAt > 0;
  return isWorking ? Math.max(0, Date.now() - state.lastAt) : 0;
}

function steeringOf({ state, pace }: ActiveRun, locale: Locale): Steering | null {
  if (pace === null || state.status !== "running") return null;
  return {
    paused: state.paused !== null,
    stopAfter: state.stopAfter,
    pace: line(paceLabels(pace, state.iterations > 0, locale).join(" · ")),
  };
}

/** Milliseconds that a snapshot itself spends on the contributions of accepted changes, since a few take no time. */
const AT_ONCE = 5;
/** Milliseconds until another snapshot shows the contributions that were computed meanwhile. */
const UNTIL_SHOWN = 200;

/** Whether contributions of accepted changes are still missing, so that another view shows more. */
export function isViewPartial({ state, threshold }: ActiveRun): boolean {
  return state.proposals.some((proposal) => !isContributionKnown(state, proposal, threshold));
}

/**
 * Computes contributions that are missing, at least one, until it is time for another view.
 * @param turn awaited before each, because each hashes all texts of the graph
 */
export async function addContributions({ state, threshold }: ActiveRun, turn: () => Promise<void>): Promise<void> {
  const until = performance.now() + UNTIL_SHOWN;
  for (const proposal of state.proposals) {
    if (isContributionKnown(state, proposal, threshold)) continue;
    await turn();
    contributionOf(state, proposal, threshold);
    if (performance.now() >= until) return;
  }
}

function nodeViews(run: ActiveRun, locale: Locale, current: Graph | null): NodeRunView[] {
  const { state, pace } = run;
  const verdicts = verdictViews(run, locale, current);
  const canPin = pace !== null && state.status === "running" && state.iterations > 0;
  const pins = new Map(canPin ? state.parameters.map((id) => [id, false]) : []);
  for (const { node, pinned } of state.pins) if (pins.has(node)) pins.set(node, pinned);
  const ids = new Set([...Object.keys(state.nodes), ...verdicts.keys(), ...pins.keys()]);
  return [...ids].slice(0, LIMITS.nodes).map((id) => {
    const progress = state.nodes[id];
    return {
      id: shortId(id),
      forwardInFlight: progress?.forwardInFlight ?? 0,
      backwardInFlight: progress?.backwardInFlight ?? 0,
      optimizerInFlight: progress?.optimizerInFlight ?? 0,
      forward: progress?.forward ?? 0,
      backward: progress?.backward ?? 0,
      gradients: progress?.gradients ?? 0,
      formatErrors: progress?.formatErrors ?? 0,
      model: line(progress?.model ?? ""),
      verdict: verdicts.get(id) ?? null,
      pinned: pins.get(id) ?? null,
    };
  });
}

function warningViews({ warnings }: RunState, locale: Locale): WarningView[] {
  const views = (severity: WarningView["severity"], some: readonly Warned[]) =>
    warningMessages(some, locale).map((text) => ({ severity, text: line(text, LIMITS.sentence) }));
  const bad = views(
    "warning",
    warnings.filter((one) => !isNote(one)),
  );
  return [...bad, ...views("information", warnings.filter(isNote))].slice(0, LIMITS.warnings);
}

/** Per node, the verdict on its net change, else the decision on its last attempt. */
function verdictViews(
  { state, threshold, graph }: ActiveRun,
  locale: Locale,
  current: Graph | null,
): Map<string, VerdictView> {
  const verdicts = new Map<string, VerdictView>();
  // A snapshot is made many times a second: figures are written of those alone that are shown.
  const proposals = new Map(state.proposals.map((proposal) => [proposal.node, proposal]));
  const decided = new Map<string, Attempt>();
  for (const attempt of state.attempts) if (attempt.decision) decided.set(attempt.node, attempt);
  for (const [node, { decision, verdict }] of decided) {
    if (proposals.has(node)) continue;
    const judged = verdict === null ? undefined : state.judged[verdict];
    if (decision === "screened") verdicts.set(node, { ...UNSCORED, decision });
    else if (judged && decision)
      verdicts.set(node, verdictView(node, judged.verdict, decision, locale, sharedPart(judged)));
  }
  let until: number | null = null;
  for (const proposal of proposals.values()) {
    const { node, verdict } = proposal;
    const isKnown = isContributionKnown(state, proposal, threshold);
    // Starts at the first one that takes time, so that each snapshot makes progress.
    until ??= isKnown ? null : performance.now() + AT_ONCE;
    const part = isKnown || performance.now() < (until ?? 0) ? contributionOf(state, proposal, threshold) : null;
    const isTextChanged = textStatusOf(proposal, graph, current) === "changed";
    verdicts.set(node, { ...verdictView(node, verdict, verdict.decision, locale, part), isTextChanged });
  }
  return verdicts;
}

const UNSCORED = { hasEffect: true, isTextChanged: false, change: "", figure: "" };

/** The contribution that attempts with one verdict share, because their own parts are unknown. */
function sharedPart({ proposals }: Judged): Contribution {
  return { nodes: proposals.length, isNeeded: null, without: null, alone: null };
}

function verdictView(
  node: string,
  verdict: Verdict,
  decision: Verdict["decision"],
  locale: Locale,
  part: Contribution | null,
): VerdictView {
  if (verdict.scored === 0) return { ...UNSCORED, decision };
  const change = isGraded(verdict)
    ? `${locale.decimal(1 - verdict.lossBefore)} → ${locale.decimal(1 - verdict.lossAfter)}`
    : `${verdict.rightBefore} → ${verdict.rightAfter}`;
  const own = verdict.nodes?.[node];
  const figures = [...changeFigures(verdict, part, locale), ...(own ? nodeFigureLabels({ [node]: own }, locale) : [])];
  return {
    decision,
    hasEffect: part?.isNeeded !== false,
    isTextChanged: false,
    change: (part && shortPart(verdict, part, locale)) || change,
    figure: line(figures.join(", ")),
  };
}

function edgeGradients({ gradients }: RunState): EdgeGradients[] {
  const iteration = gradients.at(-1)?.iteration;
  const counts = new Map<string, { node: string; from: string | null; count: number }>();
  for (const gradient of gradients) {
    if (gradient.iteration !== iteration || gradient.of !== "value" || gradient.text === "") continue;
    const key = `${gradient.node}\n${gradient.from}`;
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { node: gradient.node, from: gradient.from, count: 1 });
  }
  return [...counts.values()]
    .slice(0, LIMITS.nodes)
    .map(({ node, from, count }) => ({ node: shortId(node), from: from === null ? null : shortId(from), count }));
}

/** Proposed edges: of the proposals or, before there are any, of the last usable attempts. */
function proposedEdges({ proposals, attempts }: RunState): ProposedEdge[] {
  const usable = attempts.filter(({ invalid, node }) => invalid === null && nodeOfInputs(node) !== null);
  const last = [...new Map(usable.map((one) => [one.node, one])).values()];
  return (proposals.length > 0 ? proposals : last)
    .flatMap(({ node, base, text }): ProposedEdge[] => {
      const target = nodeOfInputs(node);
      if (target === null) return [];
      const { added, dropped } = edgeChanges(base, text);
      const edge = (change: ProposedEdge["change"]) => (source: string) => ({
        source: shortId(source),
        target: shortId(target),
        change,
      });
      return [...added.map(edge("added")), ...dropped.map(edge("dropped"))];
    })
    .slice(0, LIMITS.nodes);
}

/** The interval is from the verdict that accepted the text of this iteration. */
function curveView({ curve, judged }: RunState): PointView[] {
  const accepted = judged.filter(({ verdict }) => verdict.decision === "accepted");
  return curve.slice(-LIMITS.points).map((point) => ({
    iteration: point.iteration,
    low: point.low,
    high: point.high,
    interval: intervalAt(point.iteration, accepted, judged),
    accepted: point.accepted,
  }));
}

function intervalAt(iteration: number, accepted: readonly Judged[], judged: readonly Judged[]): PointView["interval"] {
  const last = accepted.findLast((judgement) => judgement.iteration <= iteration);
  if (last) return last.verdict.intervalAfter;
  return judged[0] && judged[0].verdict.scored > 0 ? judged[0].verdict.intervalBefore : null;
}

/** Samples scored with the starting or the incumbent's texts; if there are too many, the wrong ones. */
function sampleViews(
  { scores, startTheta, theta }: RunState,
  threshold: number,
  excerpts: (id: string) => string,
): { samples: SampleView[]; scored: number } {
  const before = scores[startTheta] ?? {};
  const after = scores[theta] ?? {};
  const right: SampleView[] = [];
  const wrong: SampleView[] = [];
  let scored = 0;
  const add = (id: string, start: SampleScore | undefined, latest: SampleScore | undefined) => {
    const split = (latest ?? start)?.split;
    if (!split) return;
    scored++;
    const isRight = (score: SampleScore | undefined) => !score || (score.loss !== null && score.loss <= threshold);
    const list = isRight(start) && isRight(latest) ? right : wrong;
    if (list.length >= LIMITS.samples) return;
    const losses = { before: start?.loss ?? null, after: latest?.loss ?? null };
    list.push({ id: shortId(id), excerpt: excerpts(id), split, ...losses });
  };
  for (const id of Object.keys(before)) add(id, before[id], after[id]);
  for (const id of Object.keys(after)) if (before[id] === undefined) add(id, undefined, after[id]);
  return { samples: [...wrong, ...right].slice(0, LIMITS.samples), scored };
}

/** First words of a sample's inputs, computed once per run because its data never changes. */
export function sampleExcerpts({ data, graph }: ActiveRun): (id: string) => string {
  const samples = new Map(SPLITS.flatMap((split) => data[split]).map((sample) => [sample.id, sample]));
  const made = new Map<string, string>();
  return (id) => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const inputs = samples.get(id)?.inputs ?? {};
    const values = graph.inputs.map(({ name }) => line(inputs[name] ?? "", LIMITS.excerpt));
    const excerpt = line(values.join(" · "), LIMITS.excerpt);
    made.set(id, excerpt);
    return excerpt;
  };
}
