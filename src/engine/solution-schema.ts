import * as z from "zod";
import { split } from "../data/sample.ts";
import type { ReadOnly } from "../graph/read-only.ts";

const share = z.number().min(0).max(1);

/** One attempt at one row, with its criticism. */
export const solution = z.object({
  /** 0 is the answer of the graph itself. */
  step: z.number().int().nonnegative(),
  /** The whole reply: the reasoning and the answer in it. */
  reply: z.string(),
  /** The part of the reply that is the answer; the whole reply on a format error. */
  answer: z.string(),
  formatError: z.boolean(),
  /** 0 … 1, by the instruction or the loss, without the expected answer; null if it could not be scored. */
  score: share.nullable(),
  /** What to improve; empty if nothing. */
  criticism: z.string(),
  /** What the solver noted before it, such as a reflection. */
  note: z.string(),
});

export type Solution = ReadOnly<z.infer<typeof solution>>;

/** All attempts at one row, and the one that counts. */
export const solved = z.object({
  type: z.literal("solved"),
  sample: z.string(),
  split,
  attempts: z.array(solution),
  /** Step of the attempt that counts. */
  chosen: z.number().int().nonnegative(),
  /** Why that attempt counts. */
  reason: z.enum(["first passed", "passed", "majority", "best score", "last"]),
  /**
   * Loss against the row's own target, which no attempt has seen; null if there is none, or if it would need a
   * model.
   */
  before: share.nullable(),
  after: share.nullable(),
});

export type Solved = ReadOnly<z.infer<typeof solved>>;
