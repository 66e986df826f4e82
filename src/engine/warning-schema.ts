import * as z from "zod";
import { ROLES } from "../graph/graph.ts";
import { otherTier } from "../models/model.ts";

const warningCode = z.enum([
  "sample dropped",
  /** A call that asked for a new text failed. */
  "proposal lost",
  "not scored",
  "parameter refused",
  /** `count` requests were sent once for this run and for others on the same queue. */
  "shared requests",
  /** Requests to the model named in `detail` have another price than that of the tier that the user chose: `tier`. */
  "other tier",
  /** The model named in `detail` takes no images, so its requests for feedback describe them only. */
  "images not shown",
  "reply repaired",
  /** The server counted `tokens` for a prompt of at least `of` words: it read only a part. `detail` is the model. */
  "prompt cut",
  /** `count` of `of` replies for `purpose` were cut, from `tokens` on. */
  "replies cut",
  "small validation set",
  "nothing to learn",
  "nothing scored",
  /** Scoring the validation set used up `detail`, which is `count`: about `of` allow ten steps. */
  "search too short",
  "no gate",
  "test not scored",
  "budget too small",
  "unknown price",
  "tokens estimated",
  "gradients look alike",
  "instructions converge",
  "instruction grows",
  "gate refuses everything",
  /** An update that the gate accepts raises tokens per answer from `of` to `count`, for `points` of score in 100. */
  "costly gain",
  "format errors",
  "targets leak",
  "templates changed",
  /** The user ended the run after iteration `count` of `of`. */
  "stopped early",
  /** The user pinned the node: no text was written for it since. */
  "node pinned",
]);

/** Code and fields; the message is made at the edge (`warningMessages`). */
export const warned = z.object({
  type: z.literal("warning"),
  code: warningCode,
  node: z.string().optional(),
  sample: z.string().optional(),
  detail: z.string().optional(),
  count: z.number().optional(),
  /** The total that `count` is part of. */
  of: z.number().optional(),
  purpose: z.enum(ROLES).optional(),
  tokens: z.number().optional(),
  points: z.number().optional(),
  tier: otherTier.optional(),
});
