import * as z from "zod";
import type { ReadOnly } from "../graph/read-only.ts";

/** One item of the data: query Q and its accepted answers. */
const sample = z.object({
  /** The row's id field, else a hash of its inputs; never a row number. Unique in the graph's data. */
  id: z.string(),
  /** Graph input name → value. */
  inputs: z.record(z.string(), z.string()),
  /** Accepted answers; empty if the loss is a judge. */
  targets: z.array(z.string()),
  /** Node → accepted values of that node, if the row has any. Absent: no node has targets in this row. */
  nodeTargets: z.record(z.string(), z.array(z.string())).optional(),
  /** A person's criticism of the answer, which is added to ∇_A. */
  feedback: z.string().nullable(),
});

/** Accepted values of a node; empty if the row has none. */
export function nodeTargetsOf({ nodeTargets = {} }: Pick<Sample, "nodeTargets">, node: string): readonly string[] {
  return Object.hasOwn(nodeTargets, node) ? (nodeTargets[node] ?? []) : [];
}

export const SPLITS = ["train", "validation", "test"] as const;
export const split = z.enum(SPLITS);
export const data = z.record(split, z.array(sample));

export type Sample = ReadOnly<z.infer<typeof sample>>;
export type Split = z.infer<typeof split>;
export type Data = ReadOnly<z.infer<typeof data>>;
