// npm run package: builds and makes the .vsix from the allow list in .vscodeignore. The same sources give the same bytes,
// whenever and wherever; it fails where the result is larger than it may be.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createVSIX } from "@vscode/vsce";
import { build } from "./build.mjs";
import { ready, root } from "./ready.mjs";

/** Room for a sandbox that runs code of graphs (QuickJS, about 0.5 MB) and for SDKs of providers. */
const LIMIT = 2_100_000;
/** A zip's own first moment: the time of packing is no one's business. Zip files hold local time. */
process.env.SOURCE_DATE_EPOCH = String(Date.UTC(1980, 0, 1) / 1000);
process.env.TZ = "UTC";

const target = process.argv[2] ?? join(root, "out", "agentgraph.vsix");
// A build that fails must not leave an older package for the stories to play.
rmSync(target, { force: true });
ready();
// `npm test` has just built this folder.
if (process.env.AGENTGRAPH_BUILT !== root) for (const line of await build()) console.log(line);
mkdirSync(dirname(target), { recursive: true });
const stage = mkdtempSync(join(tmpdir(), "agentgraph-package-"));
try {
  const manifest = fill(stage);
  const { web, isPlaceholder } = addressOf(manifest);
  await createVSIX({
    cwd: stage,
    packagePath: target,
    dependencies: false,
    baseContentUrl: `${web}/blob/main`,
    baseImagesUrl: `${web}/raw/main`,
  });
  const { size } = statSync(target);
  if (size > LIMIT) throw new Error(`${target} has ${size} bytes; it may have ${LIMIT}.`);
  console.log(`${target} ${(size / 1000).toFixed(1)} KB of ${LIMIT / 1000} KB`);
  if (isPlaceholder) {
    console.log(`Before it is published, \`repository\` in package.json has to name a real address; it is ${web}.`);
  }
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/**
 * Copies what may ship, all with one mode, and a manifest without what only the makers need. Returns that manifest.
 * Folders that the allow list doesn't name stay out: vsce compiles each pattern anew for each file, and VS Code's own under
 * `.vscode-test/` are 15,000.
 */
function fill(stage) {
  const allowed = readFileSync(join(root, ".vscodeignore"), "utf8").matchAll(/^!([^/\r\n]+)\//gm);
  const folders = new Set([...allowed].map(([, folder]) => folder));
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const { name } = entry;
    if (!entry.isFile() && !folders.has(name)) continue;
    cpSync(join(root, name), join(stage, name), { recursive: true });
  }
  for (const entry of readdirSync(stage, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), 0o644);
  }
  const {
    scripts: _,
    devDependencies: __,
    private: ___,
    ...manifest
  } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Where the README's links and pictures lead, once the extension is on the Marketplace. */
function addressOf({ repository }) {
  const web = repository.url.replace(/\.git$/, "");
  return { web, isPlaceholder: new URL(web).hostname.endsWith(".invalid") };
}
