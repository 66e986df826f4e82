// npm run experiment -- NAME [--option value…]: one question put to the engine on worlds of known truth (bench/experiments).
import { spawnSync } from "node:child_process";
import { ready, root } from "./ready.mjs";

ready();
const { status } = spawnSync(
  process.execPath,
  ["scripts/ts.mjs", "bench/experiments/main.ts", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  },
);
process.exitCode = status ?? 1;
