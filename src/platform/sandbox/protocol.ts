import type { Code, CodeLimit, SandboxLimits } from "../../deps.ts";

/** Asks the sandbox's thread to compile code, and to call it if there is an argument. */
export interface Job {
  readonly code: Code;
  /** JSON; null: only compile. */
  readonly argument: string | null;
  readonly limits: SandboxLimits;
}

export type Outcome =
  /** JSON; empty after compiling. */
  | { readonly result: string }
  | { readonly file?: string; readonly line: number | null; readonly problem: string }
  /** The thread is not reused, because memory that it allocated is not released otherwise. */
  | { readonly limit: CodeLimit["limit"] };
