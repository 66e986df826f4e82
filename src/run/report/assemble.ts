import { titleOf } from "../../data/sample-title.ts";
import type { Gradient, Proposal } from "../../engine/events.ts";
import { shortHash } from "../../engine/theta.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import type { Locale } from "../../i18n/locale.ts";
import { warningMessages } from "../../i18n/warnings.ts";
import { makeLoss } from "../../loss/make.ts";
import { contributionOf } from "../explain/contribution.ts";
import { attemptsBehind, gradientsBehind } from "../explain/evidence.ts";
import { noProposalMessage } from "../explain/no-proposal.ts";
import type { ReadRun } from "../record/runs.ts";
import type { Attempt, RunState } from "../state/state.ts";
import { caveatsOf } from "./caveats.ts";
import { limitationsOf } from "./limitations.ts";
import type { AttemptRow, Change, CurveRow, GradientRow, Report, RunFacts, SolvedRow, VerdictRow } from "./report.ts";
import { type ReplyOf, Samples } from "./samples.ts";
import type { Trace } from "./trace.ts";

export type ReportedRun = Pick<ReadRun, "id" | "start" | "state" | "status" | "trusted" | "damaged">;

/**
 * Assembles the report of a run, finished or not.
 * @param trace has seen every event of the run's log
 * @param replyOf the run's replies by key
 */
export function assemble(run: ReportedRun, trace: Trace, replyOf: ReplyOf, locale: Locale): Report {
  const { start, state, status } = run;
  const samples = new Samples(start, state, replyOf, (theta, sample) => trace.tokens(theta, sample));
  const scoring = start.job?.kind === "evaluate" ? start.job.split : null;
  const base = {
    version: 1,
    run: factsOf(run, trace, locale),
    validation: scoring ? null : samples.compare("validation", state.startTheta, state.theta),
    test: scoring ? null : samples.compare("test", state.startTheta, state.theta),
    evaluated: scoring && samples.compare(scoring, state.theta, state.theta),
    solved: start.job?.kind === "solve" ? { job: start.job, rows: solvedRows(start, state) } : null,
    baselines: state.baselines.map(({ method, theta }) => ({
      method,
      validation: samples.compare("validation", state.startTheta, theta),
      test: samples.compare("test", state.startTheta, theta),
    })),
    noProposal: start.job || status === "running" ? "" : noProposalMessage(state, locale),
    isGraded: samples.isGraded,
    curve: curveOf(state, trace, samples),
    front: state.finished?.front ?? [],
    changes: state.proposals.map((proposal) => changeOf(proposal, run, trace, samples)),
    verdicts: verdictsOf(state),
    looks: Math.max(0, ...[...state.judged, ...state.proposals].map(({ verdict }) => verdict.looks)),
    cost: { calls: state.calls, usd: state.usd, tokens: state.tokens, byPurpose: trace.costs },
    warnings: warningMessages(state.warnings, locale, start.data),
  } as const;
  return { ...base, caveats: caveatsOf(base, locale), limitations: limitationsOf(base, locale) };
}

function solvedRows({ data }: ReportedRun["start"], { solutions }: RunState): SolvedRow[] {
  const rows = new Map(Object.values(data).flatMap((set) => set.map((sample) => [sample.id, sample])));
  return solutions.map((solved) => {
    const sample = rows.get(solved.sample);
    return { question: titleOf({ id: "", inputs: sample?.inputs ?? {} }), expected: sample?.targets ?? [], solved };
  });
}

function factsOf({ id, start, state, status, trusted, damaged }: ReportedRun, trace: Trace, locale: Locale): RunFacts {
  const { graph, data, models, options } = start;
  return {
    id,
    graphFile: start.graphFile,
    name: graph.name,
    description: graph.description,
    status,
    error: state.error,
    detail: state.detail,
    trusted,
    damaged,
    startedAt: state.startedAt || start.at,
    seconds: state.elapsed / 1000,
    segments: state.segments,
    engine: start.engine,
    method: state.method || options.method,
    provider: start.provider,
    models: {
      forward: models.forward.model,
      backward: models.backward.model,
      optimizer: models.optimizer.model,
      judge: models.judge.model,
    },
    parameters: {
      forward: models.forward.params,
      backward: models.backward.params,
      optimizer: models.optimizer.params,
      judge: models.judge.params,
    },
    answered: trace.models,
    loss: { kind: start.loss.kind, describes: describeLoss(start, locale) },
    samples: { train: data.train.length, validation: data.validation.length, test: data.test.length },
    options,
    hashes: {
      graph: shortHash(graph),
      before: state.startTheta,
      after: state.theta,
      data: { train: shortHash(data.train), validation: shortHash(data.validation), test: shortHash(data.test) },
    },
  };
}

/** A run from another machine can name a loss that can't be created. */
function describeLoss({ loss }: ReportedRun["start"], locale: Locale): string {
  try {
    return makeLoss(loss).describe(locale);
  } catch {
    return "";
  }
}

/** The incumbents' scores as known at the end, which are more complete than those in their iteration. */
function curveOf({ curve }: RunState, trace: Trace, samples: Samples): CurveRow[] {
  return curve.map(({ iteration, accepted, ...seen }) => {
    const theta = trace.incumbent(iteration);
    const { low, high, interval } =
      theta === undefined ? { ...seen, interval: [0, 1] as const } : samples.bounds(theta);
    return { iteration, low, high, interval, accepted, calls: trace.calls(iteration) };
  });
}

function verdictsOf({ judged, attempts }: RunState): VerdictRow[] {
  const nodes = new Map(attempts.map(({ id, node }) => [id, node]));
  return judged.map(({ iteration, scope, proposals, verdict }) => ({
    iteration,
    scope,
    nodes: proposals.flatMap((id) => nodes.get(id) ?? []),
    verdict,
  }));
}

function changeOf(proposal: Proposal, { start, state }: ReportedRun, trace: Trace, samples: Samples): Change {
  const { id, node, base, text, hypothesis, verdict, contributes = null, edges } = proposal;
  const about = start.graph.nodes.find((one) => one.id === (nodeOfInputs(node) ?? node));
  const attempts = state.attempts.filter((one) => one.node === node && proposal.attempts.includes(one.id));
  const isNet = state.texts[node] === text && state.startTexts[node] !== text;
  const judged = state.judged[attemptsBehind(state, proposal).at(-1)?.verdict ?? -1];
  const [before, after] =
    isNet || !judged
      ? [state.startTheta, state.theta]
      : [trace.incumbent(judged.iteration - 1) ?? state.startTheta, judged.theta];
  return {
    id,
    node,
    role: about?.role ?? "",
    base,
    text,
    hypothesis,
    verdict,
    contributes,
    ...(edges && { edges }),
    part: contributionOf(state, proposal, start.options.threshold),
    act: state.acts[id] ?? null,
    gradients: gradientsBehind(state, proposal).map((gradient) => gradientRow(gradient, samples)),
    samples: samples.rows([...verdict.fixed, ...verdict.broken], before, after),
    attempts: attempts.map((attempt) => attemptRow(attempt, state)),
  };
}

function attemptRow(attempt: Attempt, state: RunState): AttemptRow {
  const { iteration, hypothesis, text, decision, screened, invalid, verdict } = attempt;
  const judged = verdict === null ? undefined : state.judged[verdict];
  return { iteration, hypothesis, text, decision, screened, invalid, verdict: judged?.verdict ?? null };
}

function gradientRow({ iteration, sample, from, text }: Gradient, samples: Samples): GradientRow {
  return { iteration, sample, question: samples.question(sample), from, text };
}
