import * as z from "zod";
import { split } from "../data/sample.ts";
import { gatePolicy } from "../graph/schema/schema-run.ts";

/** What verdicts and results are made of, in the log and in everything that is derived from it. */
export const count = z.number().int().nonnegative();
export const ids = z.array(z.string());
/** `screened`: dropped before the gate compared it. */
export const decision = z.enum(["accepted", "rejected", "undecided", "screened"]);
/** Why a verdict is what it is. */
export const verdictReason = z.enum([
  "lower loss",
  /** The weighted sum of loss and costs is lower, the loss alone may not be. */
  "better by all objectives together",
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
  /** Cancelled or failed before the gate looked. */
  "the run ended first",
  "unchanged",
]);

/** Why what ϕ wrote is not a proposal. */
export const invalidReason = z.enum([
  "no reply",
  "no text in the reply",
  /** The reply could be read in more than one way, also when it was asked for again. */
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
  /** Of edges. */
  "no inputs",
  "names an unknown input",
  /** Among them, each that would make a cycle. */
  "reads a later node",
  "drops a needed input",
]);

/** Why a proposal was dropped before the gate saw it. */
export const screenReason = z.enum([
  /** The node gives one value for different samples. */
  "constant output",
  /** It breaks training samples that were right. */
  "breaks training samples",
  /** The training samples score no better with it. */
  "no gain on training samples",
  /** Another draft for the same parameter did better on training samples. */
  "eliminated",
  /** A later proposal took its place before the gate looked. */
  "superseded",
  /** It breaks a rule that every proposal must keep. */
  "violation",
]);

/** Names that engines up to 4 gave to screens, which they recorded as verdicts of the gate. */
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

/** One node with targets of its own, or the output beside such nodes, on the samples that it was scored on both times. */
const nodeFigures = z.object({
  n: count,
  /** Mean scores, 1 − loss. */
  before: z.number(),
  after: z.number(),
  rightBefore: count,
  rightAfter: count,
});

/** By node. Absent: the output alone is scored. */
const byNode = z.record(z.string(), nodeFigures).optional();

/** What the gate measured on one candidate against its base. Means are over `scored` samples. */
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
  /** Mean tokens of all replies that make one answer. */
  tokensBefore: z.number().nonnegative(),
  tokensAfter: z.number().nonnegative(),
  /** Mean milliseconds and US dollars per answer; absent where not known. */
  millisecondsBefore: z.number().nonnegative().optional(),
  millisecondsAfter: z.number().nonnegative().optional(),
  usdBefore: z.number().nonnegative().optional(),
  usdAfter: z.number().nonnegative().optional(),
  /** How often this validation set had been looked at, this look included. */
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
  /** Size of the set, and samples that could be scored. */
  n: count,
  scored: count,
  /** Mean score, 1 − loss, with its 95 % interval. null: none could be scored. */
  score: z.number().nullable(),
  interval,
  /** Answers that did not match the output node's `output`. */
  formatErrors: count,
  /** Where nodes have targets of their own: before and after are the same. */
  nodes: byNode,
});

export const baselineScore = z.object({
  /** Samples scored. */
  n: count,
  /** Mean of 1 − loss over them. */
  score: z.number(),
});

export const runStatus = z.enum(["done", "budget", "cancelled", "failed"]);
