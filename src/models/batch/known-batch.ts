import type { BatchResult } from "./batch-api.ts";
import type { OpenBatch } from "./batch-journal.ts";

/** A batch that this process knows. */
export interface Known extends OpenBatch {
  /** Requests without a result so far. */
  readonly left: Set<string>;
  /** Results that were not requested yet. */
  readonly results: Map<string, BatchResult>;
  watched: boolean;
  /** Whether an earlier segment of the run sent it. */
  readonly isEarlier: boolean;
}

export function known(batch: OpenBatch, isEarlier: boolean): Known {
  return { ...batch, left: new Set(batch.keys), results: new Map(), watched: false, isEarlier };
}
