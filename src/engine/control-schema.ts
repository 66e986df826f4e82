import * as z from "zod";
import { count } from "./result-schema.ts";

export const pauseReason = z.enum(["user", "limit"]);

/** What the user decided while the run went on. */
export const controlled = [
  /** No request leaves. `limit`: the sum was reached at which the user wants to be asked. */
  z.object({ type: z.literal("paused"), reason: pauseReason }),
  z.object({ type: z.literal("continued") }),
  /** The run ends after this iteration as after its last one; null: that was taken back. */
  z.object({ type: z.literal("stopping"), after: count.nullable() }),
  /** From this iteration on, no text is written for the node, or texts are written again. */
  z.object({ type: z.literal("pinned"), node: z.string(), pinned: z.boolean(), from: count }),
] as const;
