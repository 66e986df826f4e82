import type { Split } from "../../data/sample.ts";
import type { Clock } from "../../deps.ts";
import type {
  BaselineScore,
  Decision,
  Evaluated,
  FrontPoint,
  Measured,
  NodeFigures,
  Proposal,
} from "../../engine/events.ts";
import { warningMessages } from "../../i18n/warnings.ts";
import { Yielder } from "../../models/yielder.ts";
import { readAnswers, Samples } from "../../run/report/samples.ts";
import type { Run } from "../../run/run.ts";
import type { Attempt, RunState } from "../../run/state/state.ts";

/** What `--json` prints of a run. Scores are means of 1 − loss, 0 … 1. */
export interface RunReport {
  readonly version: 1;
  /** Id of the run; null if none was started. */
  readonly run: string | null;
  readonly status: "done" | "budget" | "cancelled" | "failed";
  /** Why it failed; null when it did not. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Name of the method. null if no run was started and no method was named. */
  readonly method: string | null;
  readonly calls: RunState["calls"];
  readonly tokens: { readonly prompt: number; readonly completion: number };
  readonly usd: number | null;
  readonly seconds: number;
  readonly validation: Measured;
  readonly test: Measured | null;
  readonly formatErrors: { readonly before: number; readonly after: number };
  /** Baselines that were scored. Empty unless `optimize.baseline` asks for them. */
  readonly baselines: readonly {
    readonly method: string;
    readonly validation: BaselineScore | null;
    readonly test: BaselineScore | null;
  }[];
  readonly proposals: readonly ReportedProposal[];
  /** With `"pareto"` as objectives: the results to choose among, numbered from 1 by `agentgraph pick`. Else empty. */
  readonly front: readonly FrontPoint[];
  readonly final: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

interface Change {
  readonly before: number | null;
  readonly after: number | null;
}

interface ReportedProposal extends Change {
  readonly node: string;
  /** `screened`: dropped before the gate compared it. */
  readonly verdict: Decision;
  /** Ids of validation samples. */
  readonly fixed: readonly string[];
  readonly broken: readonly string[];
  readonly reason: string;
  /** Figures of each node that is scored by itself; absent if the answer alone is. */
  readonly nodes?: Readonly<Record<string, NodeFigures>>;
  /** Whether the node's part of the net change lowers the loss (leave-one-out); null if not measured. */
  readonly contributes: boolean | null;
  /** Of inputs that change, each edge, as far as it was measured: whether that change is needed. Absent for a text. */
  readonly edges?: Readonly<Record<string, boolean>>;
  readonly base: string;
  readonly text: string;
  /** The attempts for this node, oldest first. */
  readonly attempts: readonly ReportedAttempt[];
}

interface ReportedAttempt {
  readonly iteration: number;
  readonly verdict: Decision | null;
  /** The reason of the verdict, or why the text is not a proposal. */
  readonly reason: string | null;
  readonly hypothesis: string;
  readonly text: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export function runReport(reported: Run, error: Failure | null): RunReport {
  const { id: run, start } = reported;
  const state = reported.state();
  const { finished, calls, tokens, usd } = state;
  const nothing = { n: state.samples.validation, before: null, after: null };
  return {
    version: 1,
    run,
    status: state.status === "running" ? "failed" : state.status,
    error,
    method: state.method,
    calls,
    tokens: { prompt: tokens.prompt, completion: tokens.completion },
    usd,
    seconds: state.elapsed / 1000,
    validation: finished?.validation ?? nothing,
    test: finished?.test ?? null,
    formatErrors: finished?.formatErrors ?? { before: 0, after: 0 },
    baselines: state.baselines.map(({ method, validation, test }) => ({ method, validation, test })),
    proposals: state.proposals.map((proposal) => reportProposal(proposal, state)),
    front: finished?.front ?? [],
    final: state.texts,
    warnings: warningMessages(state.warnings, undefined, start.data),
  };
}

/** The same shape if nothing could start. */
export function failureReport(method: string | null, status: "failed" | "cancelled", error: Failure): RunReport {
  return {
    version: 1,
    run: null,
    status,
    error,
    method,
    calls: { total: 0, test: 0, forward: 0, backward: 0, optimizer: 0, judge: 0, cached: 0, retried: 0 },
    tokens: { prompt: 0, completion: 0 },
    usd: 0,
    seconds: 0,
    validation: { n: 0, before: null, after: null },
    test: null,
    formatErrors: { before: 0, after: 0 },
    baselines: [],
    proposals: [],
    front: [],
    final: {},
    warnings: [],
  };
}

function reportProposal(
  { node, base, text, verdict, contributes, edges, attempts }: Proposal,
  state: RunState,
): ReportedProposal {
  return {
    node,
    verdict: verdict.decision,
    fixed: verdict.fixed,
    broken: verdict.broken,
    before: verdict.scored > 0 ? 1 - verdict.lossBefore : null,
    after: verdict.scored > 0 ? 1 - verdict.lossAfter : null,
    reason: verdict.reason,
    ...(verdict.nodes && { nodes: verdict.nodes }),
    contributes: contributes ?? null,
    ...(edges && { edges }),
    base,
    text,
    attempts: state.attempts
      .filter((attempt) => attempt.node === node && attempts.includes(attempt.id))
      .map((attempt) => reportAttempt(attempt, state)),
  };
}

function reportAttempt(
  { iteration, decision, screened, invalid, verdict, hypothesis, text }: Attempt,
  state: RunState,
): ReportedAttempt {
  const judged = verdict === null ? null : state.judged[verdict];
  return {
    iteration,
    verdict: decision,
    reason: invalid ?? screened ?? judged?.verdict.reason ?? null,
    hypothesis,
    text,
  };
}

/** What `--json` prints of an evaluation of a graph or its baseline. */
export interface EvaluationReport extends Pick<RunReport, "version" | "run" | "status" | "error" | "warnings"> {
  readonly split: string;
  /** Size of the set. */
  readonly n: number;
  /** Mean of 1 − loss over the scored samples; null if none was scored, or if not all were asked. */
  readonly score: number | null;
  /** Answers that did not match the output node's `output`. */
  readonly formatErrors: number;
  readonly calls: number;
  readonly unscored: number;
  /** Figures of each node that is scored by itself; absent if the answer alone is. */
  readonly nodes?: Evaluated["nodes"];
  /** In the order of the data. `score` is null if a call failed. */
  readonly samples: readonly { readonly id: string; readonly score: number | null; readonly output: string }[];
}

export async function evaluationReport(
  run: Run,
  split: Split,
  error: Failure | null,
  clock: Clock,
): Promise<EvaluationReport> {
  const { start, replies } = run;
  const state = run.state();
  const { status, theta, calls, warnings, finished } = state;
  const ids = start.data[split].map(({ id }) => id);
  const turns = new Yielder(clock);
  const answers = await readAnswers(start, state, async (key) => (await replies.get(key))?.reply, turns);
  const shown = await Samples.of(start, state, answers, () => null, turns);
  const rows = await shown.rows(ids, theta, theta);
  const samples = rows.map(({ id, before }) => ({ id, score: before?.score ?? null, output: before?.text ?? "" }));
  return {
    version: 1,
    run: run.id,
    split,
    status: status === "running" ? "failed" : status,
    error,
    n: ids.length,
    score: finished?.evaluated?.score ?? null,
    formatErrors: finished?.evaluated?.formatErrors ?? 0,
    calls: calls.total,
    unscored: samples.filter(({ score }) => score === null).length,
    ...(finished?.evaluated?.nodes && { nodes: finished.evaluated.nodes }),
    samples,
    warnings: warningMessages(warnings, undefined, start.data),
  };
}

/** The same shape if nothing could start. */
export function evaluationFailure(split: string, status: "failed" | "cancelled", error: Failure): EvaluationReport {
  const nothing = { n: 0, score: null, formatErrors: 0, calls: 0, unscored: 0, samples: [], warnings: [] };
  return { version: 1, run: null, split, status, error, ...nothing };
}
