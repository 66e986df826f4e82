import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ready, root } from "./ready.mjs";

ready();
const { build } = await import("./build.mjs");
await build();

const graph = process.argv[2] ?? "examples/chain/chain.agentgraph.json";
const options = process.argv.slice(3);
const { status } = spawnSync(
  process.execPath,
  [join(root, "dist/cli.js"), "optimize", graph, "--model", "simulated", ...options],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
