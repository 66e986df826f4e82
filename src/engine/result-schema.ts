import * as z from "zod";
import { split } from "../data/sample.ts";
import { gatePolicy } from "../graph/schema/schema-run.ts";

/** Parts of verdicts and results, in the log and in everything derived from it. */
export const count = z.number().int().nonnegative();
export const ids = z.array(z.string());
/** `screened`: dropped before the gate. */
export const decision = z.enum(["accepted", "rejected", "undecided", "screened"]);
/** Reason of a verdict. */
export const verdictReason = z.enum([
  "lower loss",
  /** The weighted sum of loss and costs is lower, though the loss alone may not be. */
  "better by all objectives together",
  /** A shorter text without sentences that the run had added. */
  "not higher, and shorter",
  "costs more than it gains",
  "tie",
  "higher loss",
  "cannot pass any more",
  "not significant",
  "the combination was rejected",
  "fixed some, broke none",
  "broke some",
  "fixed none",
  "fixed none, broke some",
  "samples could not be scored",
  "no gate",
  "budget reached",
  /** The run was cancelled or failed before the gate could judge. */
  "the run ended first",
  "unchanged",
]);

/** Why a text by ϕ is not a proposal. */
export const invalidReason = z.enum([
  "no reply",
  "no text in the reply",
  /** The reply is ambiguous, even when it was requested again. */
  "ambiguous reply",
  "drops a placeholder",
  "does not fit its file",
  "invents a placeholder",
  "drops a text to keep",
  "changes the roles",
  "no rows of examples",
  "longer than maxWords",
  "repeats an earlier text",
  "leaks a training target",
  "no change",
  /** Reasons for edges. */
  "no inputs",
  "names an unknown input",
  /** Includes everything that would make a cycle. */
  "reads a later node",
  "drops a needed input",
]);

/** Why a proposal was dropped before the gate. */
export const screenReason = z.enum([
  /** The node returns the same value for different samples. */
  "constant output",
  /** Training samples that were right fail with it. */
  "breaks training samples",
  /** The training samples score no better with it. */
  "no gain on training samples",
  /** Another draft for the same parameter did better on training samples. */
  "eliminated",
  /** A later proposal replaced it before the gate could judge. */
  "superseded",
  /** It breaks a rule for proposals. */
  "violation",
]);

/** Names of screens in engines up to 4, which recorded them as verdicts of the gate. */
const SCREENS_BEFORE: Readonly<Record<string, z.infer<typeof screenReason>>> = {
  "every output alike": "constant output",
  "broke training samples": "breaks training samples",
  "lost the race": "eliminated",
  "replaced before the gate": "superseded",
  unsound: "violation",
};

function withScreenReason(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("reason" in value)) return value;
  const { reason } = value;
  if (typeof reason !== "string" || !Object.hasOwn(SCREENS_BEFORE, reason)) return value;
  return { ...value, decision: "screened", reason: SCREENS_BEFORE[reason] };
}

export const interval = z.tuple([z.number(), z.number()]);

/** A node with targets of its own, or the output beside such nodes, over the samples that were scored both times. */
const nodeFigures = z.object({
  n: count,
  /** Mean scores, 1 − loss. */
  before: z.number(),
  after: z.number(),
  rightBefore: count,
  rightAfter: count,
});

/** By node. Absent: only the output is scored. */
const byNode = z.record(z.string(), nodeFigures).optional();

/** Measurements of the gate for a candidate against its base. Means are over `scored` samples. */
const measuredVerdict = z.object({
  decision,
  policy: gatePolicy,
  reason: z.union([verdictReason, screenReason]),
  /** Samples scored under both, and size of the validation set. */
  scored: count,
  of: count,
  /** Mean losses over the scored samples. */
  lossBefore: z.number(),
  lossAfter: z.number(),
  /** Samples with loss ≤ τ among the scored. */
  rightBefore: count,
  rightAfter: count,
  fixed: ids,
  broken: ids,
  /** Exact two-sided sign test on discordant samples; null if there are none. */
  p: z.number().nullable(),
  /** 95 % intervals of the share of right samples (Wilson), or of the mean score (bootstrap) for graded losses. */
  intervalBefore: interval,
  intervalAfter: interval,
  /** Mean tokens of all replies that lead to one answer. */
  tokensBefore: z.number().nonnegative(),
  tokensAfter: z.number().nonnegative(),
  /** Mean milliseconds and US dollars per answer; absent if not known. */
  millisecondsBefore: z.number().nonnegative().optional(),
  millisecondsAfter: z.number().nonnegative().optional(),
  usdBefore: z.number().nonnegative().optional(),
  usdAfter: z.number().nonnegative().optional(),
  /** Number of looks at this validation set, including this one. */
  looks: count,
  /** Samples that could not be scored because calls failed. */
  unscored: ids,
  nodes: byNode,
});

export const verdict = z.preprocess(withScreenReason, measuredVerdict);

/** Mean scores, 1 − loss, over `n` samples. null: not scored. */
export const measured = z.object({
  n: count,
  before: z.number().nullable(),
  after: z.number().nullable(),
  nodes: byNode,
});

/** A graph's own texts on one set. */
export const evaluated = z.object({
  split,
  /** Size of the set, and number of samples that could be scored. */
  n: count,
  scored: count,
  /** Mean score, 1 − loss, with its 95 % interval. null: none could be scored. */
  score: z.number().nullable(),
  interval,
  /** Answers that did not match the output node's `output`. */
  formatErrors: count,
  /** If nodes have targets of their own: before and after are equal. */
  nodes: byNode,
});

export const baselineScore = z.object({
  /** Samples scored. */
  n: count,
  /** Mean of 1 − loss over them. */
  score: z.number(),
});

export const runStatus = z.enum(["done", "budget", "cancelled", "failed"]);
