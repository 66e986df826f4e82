// npm run chaos -- [--seed S] [--runs N] [--only N [--keep]]: whole runs over random graphs while everything fails.
import { spawnSync } from "node:child_process";
import { ready, root } from "./ready.mjs";

ready();
const run = (...args) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status;
const built = process.env.AGENTGRAPH_BUILT === root ? 0 : run("scripts/build.mjs", "programs", "sandbox");
process.exitCode = built || run("scripts/ts.mjs", "test/chaos/main.ts", ...process.argv.slice(2));
