import { MemoryReplies } from "../../../src/models/stack/store.ts";
import type { EstimateDeps } from "../../../src/run/estimate/dry-run.ts";

/** Nothing is known before the run. */
export function known(): EstimateDeps {
  return {
    provider: "p",
    replies: new MemoryReplies(),
    price: () => 0,
    clock: { now: () => 0, sleep: async () => {} },
  };
}
