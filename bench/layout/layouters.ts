import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { layout } from "../../src/graph/layout/layout.ts";
import { type LayoutNode, SHAPES } from "../../src/graph/layout/node.ts";

export type Layouters = Readonly<Record<string, (nodes: readonly LayoutNode[]) => unknown>>;

/** Nothing but this bench needs the other libraries: they stay out of the project's own dependencies. */
const OTHERS = path.resolve("bench/layout/others");

/** Our layout and others with boxes of the same sizes. Installs the others if they are missing. */
export async function layouters(): Promise<Layouters> {
  if (!existsSync(path.join(OTHERS, "node_modules/.package-lock.json"))) {
    const isWindows = process.platform === "win32";
    execFileSync(isWindows ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: OTHERS,
      shell: isWindows,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const sizes = Object.fromEntries(Object.entries(SHAPES).map(([kind, { size }]) => [kind, size]));
  const { othersWith }: { othersWith(sizes: object): Layouters } = await import(
    pathToFileURL(path.join(OTHERS, "layouters.mjs")).href
  );
  return { agentgraph: (nodes) => layout(nodes, "down"), ...othersWith(sizes) };
}
