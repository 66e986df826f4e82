// npm run package: builds and makes the .vsix from the allow list in .vscodeignore; fails where it is larger than it may be.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createVSIX } from "@vscode/vsce";
import { build } from "./build.mjs";
import { ready, root } from "./ready.mjs";

const LIMIT = 1_000_000;

ready();
for (const line of await build()) console.log(line);
const target = process.argv[2] ?? join(root, "out", "agentgraph.vsix");
mkdirSync(join(target, ".."), { recursive: true });
await createVSIX({
  cwd: root,
  packagePath: target,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
const { size } = statSync(target);
if (size > LIMIT) throw new Error(`${target} has ${size} bytes; it may have ${LIMIT}.`);
console.log(`${target} ${(size / 1000).toFixed(1)} KB of ${LIMIT / 1000} KB`);
