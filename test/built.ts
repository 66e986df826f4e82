import { execFileSync } from "node:child_process";

/**
 * Builds parts of what is shipped from the sources, unless `npm test` has just done so. The current folder is the project's.
 * @param parts as in `scripts/build.mjs`
 */
export function ensureBuilt(...parts: readonly string[]): void {
  if (process.env.AGENTGRAPH_BUILT === process.cwd()) return;
  execFileSync(process.execPath, ["scripts/build.mjs", ...parts], { stdio: ["ignore", "pipe", "inherit"] });
}
