import type { RunState } from "../run/state/state.ts";

/** Exit codes, the same for every command. */
export const EXIT = {
  done: 0,
  /** No proposal was accepted, with `--require-improvement`. */
  nothingAccepted: 1,
  /** Wrong use, or a file with errors. */
  wrongUse: 2,
  budget: 3,
  /** The provider failed, or the run could not be saved. */
  failed: 4,
  cancelled: 130,
} as const;

/** A run whose log has no end counts as failed. */
export function exitOf(status: RunState["status"]): number {
  return status === "running" ? EXIT.failed : EXIT[status];
}
