import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder: every script runs from here, wherever it was called. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs the locked dependencies when one is missing or of another version. Uses nothing but Node itself. */
export function ready() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    console.error(`AgentGraph needs Node 20 or newer; this is Node ${process.versions.node}.`);
    process.exit(2);
  }
  const missing = outOfStep();
  if (missing === null) return;
  console.error(`Installing dependencies (${missing}) …`);
  const first = npm("ci");
  if (first.status === 0) return;
  // A lock that lacks another platform's packages is refused by `npm ci` and good enough for `npm install`.
  const second = npm("install", "--no-save");
  if (second.status === 0) return;
  console.error(first.output + second.output);
  console.error(`The dependencies could not be installed. Run \`npm ci\` in ${root} and look at what it says.`);
  process.exit(2);
}

function npm(...options) {
  const isWindows = process.platform === "win32";
  const { status, stdout, stderr, error } = spawnSync(
    isWindows ? "npm.cmd" : "npm",
    [...options, "--no-audit", "--no-fund", "--loglevel=error"],
    { cwd: root, shell: isWindows, encoding: "utf8" },
  );
  return { status, output: error ? `${error.message}\n` : stdout + stderr };
}

/** Why the installed packages differ from the lock, in words; null when they do not. */
function outOfStep() {
  const installedLock = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedLock)) return "none are there yet";
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
  for (const [path, { version, optional, devOptional, link }] of Object.entries(locked)) {
    if (path === "" || link) continue;
    const found = installed[path];
    if (found === undefined && (optional || devOptional)) continue;
    if (found?.version !== version || !existsSync(join(root, path)))
      return `${path.split("node_modules/").at(-1)} is not there`;
  }
  return null;
}
