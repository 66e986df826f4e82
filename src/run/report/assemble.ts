import { createHash } from "node:crypto";
import { type Sample, SPLITS, type Split } from "../../data/sample.ts";
import { titleOf } from "../../data/sample-title.ts";
import type { Gradient, Proposal } from "../../engine/events.ts";
import { shortHash } from "../../engine/theta.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import type { Locale } from "../../i18n/locale.ts";
import { warningMessages } from "../../i18n/warnings.ts";
import { makeLoss } from "../../loss/make.ts";
import type { Yielder } from "../../models/yielder.ts";
import { contributionOf } from "../explain/contribution.ts";
import { attemptsBehind, attemptsOf, gradientsBehind } from "../explain/evidence.ts";
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
 * @param turns taken between samples
 */
export async function assemble(
  run: ReportedRun,
  trace: Trace,
  replyOf: ReplyOf,
  locale: Locale,
  turns: Yielder,
): Promise<Report> {
  const { start, state, status } = run;
  const samples = await Samples.of(start, state, replyOf, (theta, sample) => trace.tokens(theta, sample), turns);
  const scoring = start.job?.kind === "evaluate" ? start.job.split : null;
  const base = {
    version: 1,
    run: await factsOf(run, trace, locale, turns),
    validation: scoring ? null : await samples.compare("validation", state.startTheta, state.theta),
    test: scoring ? null : await samples.compare("test", state.startTheta, state.theta),
    evaluated: scoring && (await samples.compare(scoring, state.theta, state.theta)),
    solved: start.job?.kind === "solve" ? { job: start.job, rows: await solvedRows(start, state, turns) } : null,
    baselines: await inTurn(state.baselines, async ({ method, theta }) => ({
      method,
      validation: await samples.compare("validation", state.startTheta, theta),
      test: await samples.compare("test", state.startTheta, theta),
    })),
    noProposal: start.job || status === "running" ? "" : noProposalMessage(state, locale),
    isGraded: await samples.isGraded(),
    curve: await curveOf(state, trace, samples),
    front: state.finished?.front ?? [],
    changes: await inTurn(state.proposals, async (proposal) => {
      await turns.next();
      return changeOf(proposal, run, trace, samples);
    }),
    verdicts: verdictsOf(state),
    looks: Math.max(0, ...[...state.judged, ...state.proposals].map(({ verdict }) => verdict.looks)),
    cost: { calls: state.calls, usd: state.usd, tokens: state.tokens, byPurpose: trace.costs },
    warnings: warningMessages(state.warnings, locale, start.data),
  } as const;
  return { ...base, caveats: caveatsOf(base, locale), limitations: limitationsOf(base, locale) };
}

/** Like `Array.map`, one after the other. */
async function inTurn<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const item of items) made.push(await work(item));
  return made;
}

function solvedRows({ data }: ReportedRun["start"], { solutions }: RunState, turns: Yielder): Promise<SolvedRow[]> {
  const rows = new Map<string, Sample>();
  for (const split of SPLITS) for (const sample of data[split]) rows.set(sample.id, sample);
  return turns.map(solutions, (solved) => {
    const sample = rows.get(solved.sample);
    return { question: titleOf({ id: "", inputs: sample?.inputs ?? {} }), expected: sample?.targets ?? [], solved };
  });
}

async function factsOf(
  { id, start, state, status, trusted, damaged }: ReportedRun,
  trace: Trace,
  locale: Locale,
  turns: Yielder,
): Promise<RunFacts> {
  const { graph, data, models, options } = start;
  const hashes = await inTurn(SPLITS, async (split) => [split, await hashOf(data[split], turns)] as const);
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
      data: Object.fromEntries(hashes) as Record<Split, string>,
    },
  };
}

/** `shortHash` of a set, sample by sample. */
export async function hashOf(samples: readonly Sample[], turns: Yielder): Promise<string> {
  const hash = createHash("sha256").update("[");
  let separator = "";
  await turns.map(samples, (sample) => {
    hash.update(separator + JSON.stringify(sample));
    separator = ",";
  });
  return hash.update("]").digest("hex").slice(0, 12);
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
function curveOf({ curve }: RunState, trace: Trace, samples: Samples): Promise<CurveRow[]> {
  return inTurn(curve, async ({ iteration, accepted, ...seen }) => {
    const theta = trace.incumbent(iteration);
    const { low, high, interval } =
      theta === undefined ? { ...seen, interval: [0, 1] as const } : await samples.bounds(theta);
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

async function changeOf(
  proposal: Proposal,
  { start, state }: ReportedRun,
  trace: Trace,
  samples: Samples,
): Promise<Change> {
  const { id, node, base, text, hypothesis, verdict, contributes = null, edges } = proposal;
  const about = start.graph.nodes.find((one) => one.id === (nodeOfInputs(node) ?? node));
  const attempts = attemptsOf(state, proposal);
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
    samples: await samples.rows([...verdict.fixed, ...verdict.broken], before, after),
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
