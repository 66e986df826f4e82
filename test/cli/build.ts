import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Before all tests: they run what is shipped. */
export function setup(): void {
  const root = join(import.meta.dirname, "../..");
  execFileSync(process.execPath, ["scripts/build.mjs", "programs", "sandbox"], { cwd: root, stdio: "pipe" });
}
