import * as z from "zod";
import { split } from "../data/sample.ts";
import { ROLES } from "../graph/graph.ts";
import type { ReadOnly } from "../graph/read-only.ts";
import { vote } from "../loss/loss.ts";
import { usage } from "../models/model.ts";
import { controlled, type pauseReason } from "./control-schema.ts";
import {
  baselineScore,
  count,
  type decision,
  evaluated,
  ids,
  interval,
  invalidReason,
  measured,
  runStatus,
  screenReason,
  verdict,
  type verdictReason,
} from "./result-schema.ts";
import { solved } from "./solution-schema.ts";
import { warned } from "./warning-schema.ts";

/**
 * The stream of a run: what the log contains, what `reduce` reads, what editor, command line and report show. The schemas
 * are the source of the types. Small and append-only: replies are in their own file and are named by key.
 * Losses are 0 … 1, 0 = perfect.
 */
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const role = z.enum(ROLES);
/** Short content hash of one Θ (all texts): names the state of the graph that a value or a score belongs to. */
const theta = z.string();
/** Θ: node id → text. */
const texts = z.record(z.string(), z.string());

const started = z.object({
  type: z.literal("started"),
  engine: z.string(),
  method: z.string(),
  theta,
  /** Texts of all nodes as the file contains them. */
  texts,
  parameters: ids,
  samples: z.object({ train: count, validation: count, test: count }),
  iterations: count,
});

const request = { purpose: role, node: z.string().nullable(), sample: z.string().nullable(), split: split.nullable() };

/** Recorded before a request is sent: once per request that reaches the provider, repeats included. */
const requested = z.object({
  type: z.literal("requested"),
  ...request,
  /** 1 for the first request of a call. */
  attempt: count,
});

/** A recorded request that was not sent after all because the run ended in between: it is ignored. */
const withdrawn = z.object({ ...requested.shape, type: z.literal("withdrawn") });

/** A call has ended: with a reply, or with `error` after its last attempt. */
const called = z.object({
  type: z.literal("call"),
  ...request,
  key: z.string(),
  model: z.string(),
  usage,
  /**
   * US dollars; null if no price is known. For a replayed reply, what it cost originally: a run counts each key
   * once.
   */
  usd: amount.nullable(),
  milliseconds: amount,
  source: z.enum(["provider", "replayed", "cached", "shared"]),
  /** Requests that reached the provider; 0 unless source is `provider`. */
  requests: count,
  /** Name of the error class; null for a reply. */
  error: z.string().nullable(),
  /** Why the reply ended early: cut at a token limit, or withheld by a content filter. Absent: it was complete. */
  finish: z.enum(["length", "filter"]).optional(),
});

/** The value of a node for a sample under Θ: `extract(reply of key)`. */
const valued = z.object({
  type: z.literal("value"),
  theta,
  node: z.string(),
  sample: z.string(),
  key: z.string(),
  /** The reply did not match the node's `output`: a format error, not a wrong answer. */
  formatError: z.boolean(),
  /** Tokens of the reply: the verdict compares them before and after. */
  tokens: amount,
});

const scored = z.object({
  type: z.literal("scored"),
  theta,
  split,
  sample: z.string(),
  /** null: unscored, because a call failed; never a wrong answer. */
  loss: share.nullable(),
  lenient: share.nullable(),
  formatError: z.boolean(),
  /** Votes of a judge, in order; absent if no model was asked. */
  votes: z.array(vote).optional(),
  /** By node, where nodes have targets of their own: `loss` is their mean. */
  nodes: z.record(z.string(), z.object({ loss: share, lenient: share, formatError: z.boolean() })).optional(),
});

/** ∇ of one node's value (or of its own text) for one sample. */
const gradient = z.object({
  type: z.literal("gradient"),
  iteration: count,
  theta,
  sample: z.string(),
  /** The node whose value (`of: value`) or text (`of: text`) should change. */
  node: z.string(),
  of: z.enum(["value", "text"]),
  /** The successor it came through; null for ∇_A, from the loss. */
  from: z.string().nullable(),
  /** Empty: no change needed. */
  text: z.string(),
});

/** ϕ has answered for one parameter. */
const attempted = z.object({
  type: z.literal("attempt"),
  iteration: count,
  /** Proposal id: hash of node, base text and new text. */
  id: z.string(),
  node: z.string(),
  base: z.string(),
  text: z.string(),
  hypothesis: z.string(),
  /** Samples whose gradients it came from. */
  samples: ids,
  /** Why it is not a proposal and is never scored; null for a proposal. */
  invalid: invalidReason.nullable(),
});

/** The gate's verdict on one attempt or several together. */
const judged = z.object({
  type: z.literal("verdict"),
  iteration: count,
  /** `joint`: all proposals of the iteration; `part`: one alone; `combination`: the parts that passed. */
  scope: z.enum(["joint", "part", "combination"]),
  proposals: ids,
  theta,
  verdict,
});

/** Proposals were dropped before the gate saw them: no validation sample was scored for it. */
const screened = z.object({ type: z.literal("screened"), iteration: count, proposals: ids, reason: screenReason });

const iterated = z.object({
  type: z.literal("iteration"),
  iteration: count,
  /** The incumbent after this iteration. */
  theta,
  accepted: ids,
  /** Training samples with l > τ that gave gradients, and those that were run. */
  batch: ids,
  looked: count,
  /** Number of proposals that the next iteration builds on and the gate has not seen yet; absent: none. */
  waiting: count.optional(),
  /** Bounds of the incumbent's mean validation loss: equal where every sample is scored. */
  validationLoss: interval,
});

/** A new segment: what follows starts the run anew from its own replies. */
const resumed = z.object({
  type: z.literal("resumed"),
  /** 2 for the first resume. */
  attempt: count,
});

/**
 * Texts that were not optimized, scored for comparison before the run finishes; its samples are `scored` under
 * `theta`.
 */
const baseline = z.object({
  type: z.literal("baseline"),
  /** `chain-of-thought`. */
  method: z.string(),
  theta,
  texts,
  /** null: not scored, because the budget ran out or all calls failed. */
  validation: baselineScore.nullable(),
  test: baselineScore.nullable(),
});

/** What the user reviews: the change of one node from the file's text to the run's final text. */
const proposal = z.object({
  /** hash(node, base text, new text). */
  id: z.string(),
  node: z.string(),
  base: z.string(),
  text: z.string(),
  hypothesis: z.string(),
  verdict,
  /**
   * Leave-one-out on the net change: whether the validation loss would be higher without this part. false: the part
   * contributes nothing, and all such parts can be dropped together. Absent: not measured, or the only change.
   */
  contributes: z.boolean().optional(),
  /** The same for each edge, where the node's inputs change. Absent: not measured. */
  edges: z.record(z.string(), z.boolean()).optional(),
  /** Attempts of this node in this run, by proposal id, oldest first. */
  attempts: ids,
});

/**
 * A Θ that the gate accepted, or the file's, on the validation set: no other Θ is at least as good in score and in
 * every cost.
 */
const frontPoint = z.object({
  theta,
  texts,
  /** Samples scored. */
  n: count,
  /** Mean of 1 − loss. */
  score: z.number(),
  /** Means per answer. null: not known. */
  tokens: amount,
  milliseconds: amount.nullable(),
  usd: amount.nullable(),
  /** Whether it is the result of the run. */
  isResult: z.boolean(),
});

const finished = z.object({
  type: z.literal("finished"),
  status: runStatus,
  /** Class name of the error that ended a failed run; null otherwise. */
  error: z.string().nullable(),
  /** The error's message, for people; never contains a key. */
  detail: z.string().nullable(),
  /** The fields of that error, from which its message is made. */
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).optional(),
  theta,
  texts,
  proposals: z.array(z.preprocess(renamed, proposal)),
  validation: measured,
  test: measured.nullable(),
  /** Replies that did not match their node's `output`, on the validation set. */
  formatErrors: z.object({ before: count, after: count }),
  /** With `"pareto"` as objectives: the results to choose from, starting with the file's texts. */
  front: z.array(frontPoint).optional(),
  /** Of a run that only scored the graph as it is. */
  evaluated: evaluated.optional(),
});

/** Logs up to version 0.1 have another name for `contributes`. */
function renamed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("earns" in value)) return value;
  const { earns, ...proposal } = value;
  return { contributes: earns, ...proposal };
}

/** The user's acts on a finished run. */
const acted = [
  z.object({ type: z.literal("applied"), proposals: ids }),
  z.object({ type: z.literal("dismissed"), proposals: ids }),
  z.object({ type: z.literal("committed"), proposals: ids, sha: z.string() }),
] as const;

const runEvent = z.discriminatedUnion("type", [
  started,
  requested,
  withdrawn,
  called,
  valued,
  scored,
  gradient,
  attempted,
  judged,
  screened,
  iterated,
  warned,
  resumed,
  baseline,
  solved,
  finished,
  ...controlled,
  ...acted,
]);

/** Engines up to 4 recorded a verdict where no gate had seen the proposals. */
function withScreened(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("type" in value) || value.type !== "verdict") return value;
  const read = judged.safeParse(value);
  if (!read.success || read.data.verdict.decision !== "screened") return value;
  const { iteration, proposals, verdict } = read.data;
  return { ...value, type: "screened", iteration, proposals, reason: verdict.reason };
}

/** Milliseconds since the epoch. */
const at = z.object({ at: z.number() });

/**
 * The event in a line of the log; undefined if there is none. Never throws. A log is untrusted input, since a
 * repository can contain one: everything that `reduce` reads is checked here.
 */
export function readEvent(value: unknown): LoggedEvent | undefined {
  const event = runEvent.safeParse(withScreened(value));
  const time = at.safeParse(value);
  return event.success && time.success ? { ...event.data, at: time.data.at } : undefined;
}

export type RunEvent = ReadOnly<z.infer<typeof runEvent>>;
/** An event as stored in `events.jsonl`. */
export type LoggedEvent = RunEvent & ReadOnly<z.infer<typeof at>>;
export type Theta = z.infer<typeof theta>;
export type Started = ReadOnly<z.infer<typeof started>>;
export type Requested = ReadOnly<z.infer<typeof requested>>;
export type Withdrawn = ReadOnly<z.infer<typeof withdrawn>>;
export type Called = ReadOnly<z.infer<typeof called>>;
export type Valued = ReadOnly<z.infer<typeof valued>>;
export type Scored = ReadOnly<z.infer<typeof scored>>;
export type Gradient = ReadOnly<z.infer<typeof gradient>>;
export type InvalidReason = z.infer<typeof invalidReason>;
export type Attempted = ReadOnly<z.infer<typeof attempted>>;
export type Decision = z.infer<typeof decision>;
export type VerdictReason = z.infer<typeof verdictReason>;
export type NodeFigures = NonNullable<Measured["nodes"]>[string];
export type Verdict = ReadOnly<z.infer<typeof verdict>>;
export type Judged = ReadOnly<z.infer<typeof judged>>;
export type ScreenReason = z.infer<typeof screenReason>;
export type Screened = ReadOnly<z.infer<typeof screened>>;
export type Iterated = ReadOnly<z.infer<typeof iterated>>;
export type WarningCode = Warned["code"];
export type Warned = ReadOnly<z.infer<typeof warned>>;
export type BaselineScore = ReadOnly<z.infer<typeof baselineScore>>;
export type Baseline = ReadOnly<z.infer<typeof baseline>>;
export type RunStatus = z.infer<typeof runStatus>;
export type Proposal = ReadOnly<z.infer<typeof proposal>>;
export type FrontPoint = ReadOnly<z.infer<typeof frontPoint>>;
export type Measured = ReadOnly<z.infer<typeof measured>>;
export type Evaluated = ReadOnly<z.infer<typeof evaluated>>;
export type Finished = ReadOnly<z.infer<typeof finished>>;
export type PauseReason = z.infer<typeof pauseReason>;
export type Controlled = Extract<RunEvent, { type: "paused" | "continued" | "stopping" | "pinned" }>;
export type Acted = Extract<RunEvent, { type: "applied" | "dismissed" | "committed" }>;
