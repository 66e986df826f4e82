import * as z from "zod";
import type { Machine } from "../../deps.ts";
import type { Acted } from "../../engine/events.ts";
import { baselineScore, count, decision, evaluated, measured, runStatus } from "../../engine/result-schema.ts";
import type { ReadOnly } from "../../graph/read-only.ts";
import { briefJob, briefJobOf } from "../job.ts";
import type { RunManifest } from "../record/run-manifest.ts";
import { runSpending } from "./cost.ts";
import type { RunState } from "./state.ts";

/** `summary.json`: what lists show of a run, derived from its log, so that lists don't read logs. */
const summarySchema = z.object({
  version: z.number(),
  id: z.string(),
  /** Relative to the root, with `/`. */
  graphFile: z.string(),
  name: z.string(),
  provider: z.string(),
  startedAt: z.number(),
  lastAt: z.number(),
  /** Milliseconds of work. */
  elapsed: z.number(),
  segments: count,
  status: z.enum(["running", ...runStatus.options]),
  detail: z.string().nullable(),
  method: z.string(),
  /** Of nodes that name none; absent in runs of earlier versions. */
  model: z.string().optional(),
  iteration: count,
  iterations: count,
  calls: count,
  tokens: count,
  usd: z.number().nullable(),
  /** The provider did not report token usage, so tokens and cost are estimates. */
  estimated: z.literal(true).optional(),
  /** What was paid, by model and purpose; absent in runs of earlier versions. */
  spent: z.array(runSpending).optional(),
  validation: measured.nullable(),
  test: measured.nullable(),
  /** Baselines that were scored for comparison. */
  baselines: z
    .array(z.object({ method: z.string(), validation: baselineScore.nullable(), test: baselineScore.nullable() }))
    .optional(),
  proposals: z.array(
    z.object({
      id: z.string(),
      node: z.string(),
      decision,
      act: z.enum(["applied", "dismissed", "committed"]).nullable(),
    }),
  ),
  /** What the run is for; absent: to optimize. */
  job: briefJob.optional(),
  /** Result of an evaluation. */
  evaluated: evaluated.optional(),
  mark: z.string(),
});

export type Summary = ReadOnly<z.infer<typeof summarySchema>>;

export async function summaryOf(start: RunManifest, state: RunState, machine: Machine): Promise<Summary> {
  const { tokens, proposals, acts, finished, baselines } = state;
  const body = {
    version: start.version,
    id: start.id,
    graphFile: start.graphFile,
    name: start.graph.name,
    provider: start.provider,
    startedAt: state.startedAt || start.at,
    lastAt: state.lastAt || start.at,
    elapsed: state.elapsed,
    segments: state.segments,
    status: state.status,
    detail: state.detail,
    method: state.method || start.options.method,
    model: start.models.forward.model,
    iteration: state.iteration,
    iterations: state.iterations,
    calls: state.calls.total,
    tokens: tokens.prompt + tokens.completion,
    usd: state.usd,
    ...(tokens.estimated && { estimated: true as const }),
    ...(state.spending && { spent: Object.values(state.spending) }),
    validation: finished?.validation ?? null,
    test: finished?.test ?? null,
    ...(baselines.length > 0 && {
      baselines: baselines.map(({ method, validation, test }) => ({ method, validation, test })),
    }),
    ...(start.job && { job: briefJobOf(start.job) }),
    ...(finished?.evaluated && { evaluated: finished.evaluated }),
    proposals: proposals.map(({ id, node, verdict }) => ({
      id,
      node,
      decision: verdict.decision,
      act: acts[id] ?? null,
    })),
  };
  return { ...body, mark: await machine.sign(JSON.stringify(body)) };
}

/** The same after a user act. */
export async function summaryWith({ mark: _, ...summary }: Summary, act: Acted, machine: Machine): Promise<Summary> {
  const proposals = summary.proposals.map((one) => (act.proposals.includes(one.id) ? { ...one, act: act.type } : one));
  const body = { ...summary, proposals };
  return { ...body, mark: await machine.sign(JSON.stringify(body)) };
}

/** null if this machine did not make the summary; the log decides then. Never throws. */
export async function readSummary(json: string, machine: Machine): Promise<Summary | null> {
  try {
    const { mark, ...body } = JSON.parse(json);
    const isOurs = mark === (await machine.sign(JSON.stringify(body)));
    return isOurs ? summarySchema.parse({ ...body, mark }) : null;
  } catch {
    return null;
  }
}
