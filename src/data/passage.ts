import * as z from "zod";
import type { ReadOnly } from "../graph/read-only.ts";

/** A piece of a file that a retriever can find. */
export const passage = z.object({
  /** Relative to the graph file, with `/`. */
  path: z.string(),
  text: z.string(),
});

export type Passage = ReadOnly<z.infer<typeof passage>>;
