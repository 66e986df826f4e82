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
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const arguments_ = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync(npm, arguments_, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  console.error(`\`npm ci\` failed${error ? `: ${error.message}` : ""}. Run it in ${root} and look at what it says.`);
  process.exit(2);
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
