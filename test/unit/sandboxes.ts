import { join } from "node:path";
import type { Sandbox } from "../../src/deps.ts";
import { nodeSandbox } from "../../src/platform/sandbox/sandbox.ts";
import { ensureBuilt } from "../built.ts";

/** For graphs without code. */
export const noSandbox: Sandbox = {
  check: async () => null,
  call: () => Promise.reject(new Error("there is no code here")),
  within: () => noSandbox,
};

/** Whether this thread has built it. */
let isBuilt = false;

/** The sandbox that is shipped, built from the sources. */
export function builtSandbox(): Sandbox {
  if (!isBuilt) ensureBuilt("sandbox");
  isBuilt = true;
  return nodeSandbox(join(import.meta.dirname, "../../dist/sandbox.js"));
}
