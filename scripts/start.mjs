import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ready, root } from "./ready.mjs";

ready();
const { build } = await import("./build.mjs");
await build();

/** The diffs are meant to be seen in colour, also where the output is only passed on. */
const colour = process.env.NO_COLOR ? {} : { FORCE_COLOR: "1" };
const graph = process.argv[2] ?? "examples/chain/chain.agentgraph.json";
const options = process.argv.slice(3);
const { status } = spawnSync(
  process.execPath,
  [join(root, "dist/cli.js"), "optimize", graph, "--model", "simulated", ...options],
  { cwd: root, stdio: "inherit", env: { ...process.env, ...colour } },
);
process.exit(status ?? 1);
