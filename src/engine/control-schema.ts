import * as z from "zod";
import { count } from "./result-schema.ts";

export const pauseReason = z.enum(["user", "limit"]);

/** What the user decided while the run was going on. */
export const controlled = [
  /** No request is sent. `limit`: the run reached the cost at which the user wants to be asked. */
  z.object({ type: z.literal("paused"), reason: pauseReason }),
  z.object({ type: z.literal("continued") }),
  /** The run ends after this iteration as if it were the last one; null: the user took that back. */
  z.object({ type: z.literal("stopping"), after: count.nullable() }),
  /** From this iteration on, no texts are proposed for the node, or proposed again. */
  z.object({ type: z.literal("pinned"), node: z.string(), pinned: z.boolean(), from: count }),
] as const;
