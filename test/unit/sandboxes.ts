import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Sandbox } from "../../src/deps.ts";
import { nodeSandbox } from "../../src/platform/sandbox/sandbox.ts";

/** For graphs without code. */
export const noSandbox: Sandbox = {
  check: async () => null,
  call: () => Promise.reject(new Error("there is no code here")),
  within: () => noSandbox,
};

/** The sandbox that is shipped, built from the sources. */
export function builtSandbox(): Sandbox {
  const root = join(import.meta.dirname, "../..");
  execFileSync(process.execPath, ["scripts/build.mjs", "sandbox"], { cwd: root, stdio: "pipe" });
  return nodeSandbox(join(root, "dist/sandbox.js"));
}
