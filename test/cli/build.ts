import { ensureBuilt } from "../built.ts";
import { installRedis } from "../server/install-redis.ts";

/** Before all tests: they run what is shipped, some of them with a Redis. */
export function setup(): void {
  ensureBuilt("programs", "sandbox");
  const missing = installRedis();
  if (missing !== null) console.error(`Tests with several machines are skipped. ${missing}`);
}
