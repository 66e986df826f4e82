import * as z from "zod";
import type { InvalidReason, LoggedEvent, VerdictReason, WarningCode } from "../engine/events.ts";

/**
 * The shapes of events.ts, checked. A log is input like any other: a repository can ship one, so nothing that `reduce`
 * reads is taken on trust.
 */
const split = z.enum(["train", "validation", "test"]);
const role = z.enum(["forward", "backward", "optimizer", "judge"]);
const source = z.enum(["provider", "replayed", "cached", "shared"]);
const texts = z.record(z.string(), z.string());
const ids = z.array(z.string());
const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const interval = z.tuple([z.number(), z.number()]);
const about = { purpose: role, node: z.string().nullable(), sample: z.string().nullable(), split: split.nullable() };

const verdict = z.object({
  decision: z.enum(["accepted", "rejected", "undecided"]),
  policy: z.enum(["strict", "significant", "off"]),
  reason: oneOf<VerdictReason>({
    "lower loss": 0,
    tie: 0,
    "higher loss": 0,
    "cannot pass any more": 0,
    "not significant": 0,
    "the combination was rejected": 0,
    "fixed some, broke none": 0,
    "broke some": 0,
    "fixed none": 0,
    "fixed none, broke some": 0,
    "samples could not be scored": 0,
    "no gate": 0,
    "budget reached": 0,
    "replaced before the gate": 0,
    "the run ended first": 0,
    "lost the race": 0,
    unchanged: 0,
    "every output alike": 0,
    "broke training samples": 0,
    unsound: 0,
  }),
  scored: count,
  of: count,
  lossBefore: z.number(),
  lossAfter: z.number(),
  rightBefore: count,
  rightAfter: count,
  fixed: ids,
  broken: ids,
  p: z.number().nullable(),
  intervalBefore: interval,
  intervalAfter: interval,
  tokensBefore: amount,
  tokensAfter: amount,
  looks: count,
  unscored: ids,
});

export const evaluated = z.object({
  split,
  n: count,
  scored: count,
  score: z.number().nullable(),
  interval: interval.readonly(),
  formatErrors: count,
});

/** Exactly the names of a union: one that is missing here does not compile. */
function oneOf<T extends string>(names: Readonly<Record<T, 0>>) {
  return z.custom<T>((value) => typeof value === "string" && Object.hasOwn(names, value));
}

const measured = z.object({ n: count, before: z.number().nullable(), after: z.number().nullable() });

const baselineScore = z.object({ n: count, score: z.number() });

const shapes = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("started"),
    engine: z.string(),
    method: z.string(),
    theta: z.string(),
    texts,
    parameters: ids,
    samples: z.object({ train: count, validation: count, test: count }),
    iterations: count,
  }),
  z.object({ type: z.literal("requested"), ...about, attempt: count }),
  z.object({ type: z.literal("withdrawn"), ...about, attempt: count }),
  z.object({
    type: z.literal("call"),
    ...about,
    key: z.string(),
    model: z.string(),
    usage: z.object({ prompt: amount, completion: amount, estimated: z.boolean() }),
    usd: amount.nullable(),
    milliseconds: amount,
    source,
    requests: count,
    error: z.string().nullable(),
    finish: z.enum(["length", "filter"]).optional(),
  }),
  z.object({
    type: z.literal("value"),
    theta: z.string(),
    node: z.string(),
    sample: z.string(),
    key: z.string(),
    formatError: z.boolean(),
    tokens: amount,
  }),
  z.object({
    type: z.literal("scored"),
    theta: z.string(),
    split,
    sample: z.string(),
    loss: share.nullable(),
    lenient: share.nullable(),
    formatError: z.boolean(),
    votes: z.array(z.object({ score: share, reason: z.string() })).optional(),
  }),
  z.object({
    type: z.literal("gradient"),
    iteration: count,
    theta: z.string(),
    sample: z.string(),
    node: z.string(),
    of: z.enum(["value", "text"]),
    from: z.string().nullable(),
    text: z.string(),
  }),
  z.object({
    type: z.literal("attempt"),
    iteration: count,
    id: z.string(),
    node: z.string(),
    base: z.string(),
    text: z.string(),
    hypothesis: z.string(),
    samples: ids,
    invalid: oneOf<InvalidReason>({
      "no reply": 0,
      "no text in the reply": 0,
      "drops a placeholder": 0,
      "drops a text to keep": 0,
      "no rows of examples": 0,
      "longer than maxWords": 0,
      "repeats an earlier text": 0,
      "leaks a training target": 0,
      "no change": 0,
    }).nullable(),
  }),
  z.object({
    type: z.literal("verdict"),
    iteration: count,
    scope: z.enum(["joint", "part", "combination"]),
    proposals: ids,
    theta: z.string(),
    verdict,
  }),
  z.object({
    type: z.literal("iteration"),
    iteration: count,
    theta: z.string(),
    accepted: ids,
    batch: ids,
    waiting: count.optional(),
    looked: count,
    validationLoss: interval,
  }),
  z.object({
    type: z.literal("warning"),
    code: oneOf<WarningCode>({
      "sample dropped": 0,
      "not scored": 0,
      "parameter refused": 0,
      "reply repaired": 0,
      "replies cut": 0,
      "small validation set": 0,
      "nothing to learn": 0,
      "no gate": 0,
      "test not scored": 0,
      "budget too small": 0,
      "unknown price": 0,
      "tokens estimated": 0,
      "gradients look alike": 0,
      "instructions converge": 0,
      "instruction grows": 0,
      "gate refuses everything": 0,
      "format errors": 0,
      "targets leak": 0,
      "templates changed": 0,
    }),
    node: z.string().optional(),
    sample: z.string().optional(),
    detail: z.string().optional(),
    count: z.number().optional(),
    of: z.number().optional(),
    purpose: role.optional(),
    tokens: z.number().optional(),
  }),
  z.object({ type: z.literal("resumed"), attempt: count }),
  z.object({
    type: z.literal("baseline"),
    method: z.string(),
    theta: z.string(),
    texts,
    validation: baselineScore.nullable(),
    test: baselineScore.nullable(),
  }),
  z.object({
    type: z.literal("finished"),
    status: z.enum(["done", "budget", "cancelled", "failed"]),
    error: z.string().nullable(),
    detail: z.string().nullable(),
    theta: z.string(),
    texts,
    proposals: z.array(
      z
        .object({
          id: z.string(),
          node: z.string(),
          base: z.string(),
          text: z.string(),
          hypothesis: z.string(),
          verdict,
          contributes: z.boolean().optional(),
          /** What logs up to 0.1 call `contributes`. */
          earns: z.boolean().optional(),
          attempts: ids,
        })
        .transform(({ earns, ...proposal }) => (earns === undefined ? proposal : { contributes: earns, ...proposal })),
    ),
    validation: measured,
    test: measured.nullable(),
    formatErrors: z.object({ before: count, after: count }),
    evaluated: evaluated.optional(),
  }),
  z.object({ type: z.literal("applied"), proposals: ids }),
  z.object({ type: z.literal("dismissed"), proposals: ids }),
  z.object({ type: z.literal("committed"), proposals: ids, sha: z.string() }),
]);

const at = z.object({ at: z.number() });

/** The event that a line of the log holds; undefined when it holds none. Never throws. */
export function readEvent(value: unknown): LoggedEvent | undefined {
  const shape = shapes.safeParse(value);
  const time = at.safeParse(value);
  return shape.success && time.success ? { ...shape.data, at: time.data.at } : undefined;
}
