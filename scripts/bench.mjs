// npm run bench [-- NAME [ARGS…]]: prints figures, one JSON line or table row each; asserts nothing about time.
import { spawnSync } from "node:child_process";
import { ready, root } from "./ready.mjs";

const BENCHES = {
  worlds: "bench/worlds/main.ts",
  bars: "bench/worlds/bars.ts",
  http: "bench/worlds/http.ts",
  graphs: "bench/graphs.ts",
  paper: "bench/paper.ts",
  estimate: "bench/estimate/main.ts",
  "estimate-large": "bench/estimate/large.ts",
  signatures: "bench/signatures/main.ts",
  layout: "bench/layout/main.ts",
  stalls: "bench/stalls.ts",
  scale: "bench/scale.ts",
  "long-log": "bench/long-log.ts",
  proposals: "bench/proposals.ts",
  language: "bench/language.ts",
  queue: "bench/queue.ts",
};

const [name, ...args] = process.argv.slice(2);
if (name !== undefined && !(name in BENCHES)) {
  console.error(`There is no bench named ${name}. There are: ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(2);
}
ready();
spawnSync(process.execPath, ["scripts/build.mjs", "programs"], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
});
for (const [one, entry] of Object.entries(BENCHES).filter(([one]) => name === undefined || one === name)) {
  console.log(`── ${one}`);
  const { status } = spawnSync(process.execPath, ["scripts/ts.mjs", entry, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exitCode = 1;
}
