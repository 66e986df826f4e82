import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { installRedis } from "../server/install-redis.ts";

/** Before all tests: they run what is shipped, some of them with a Redis. */
export function setup(): void {
  const root = join(import.meta.dirname, "../..");
  execFileSync(process.execPath, ["scripts/build.mjs", "programs", "sandbox"], { cwd: root, stdio: "pipe" });
  const missing = installRedis();
  if (missing !== null) console.error(`Tests with several machines are skipped. ${missing}`);
}
