import { join, relative, resolve, sep } from "node:path";
import type { Files } from "../deps.ts";

/** Maximum depth of folders to search. */
const DEEPEST = 8;
const SKIPPED = new Set(["node_modules", ".git", ".venv", "venv", "__pycache__", "dist", "build", ".agentgraph"]);
/** Maximum number of files to look at. */
const MOST_FILES = 5_000;

/** Files in a folder and its subfolders, without those that are not the user's. */
export async function filesUnder(folder: string, files: Files, depth = 0): Promise<string[]> {
  if (depth > DEEPEST) return [];
  const found: string[] = [];
  for (const name of (await files.list(folder).catch(() => [])).sort()) {
    if (SKIPPED.has(name) || name.startsWith(".") || found.length >= MOST_FILES) continue;
    const path = join(folder, name);
    const { kind } = await files.stat(path).catch(() => ({ kind: "other" }));
    if (kind === "folder") found.push(...(await filesUnder(path, files, depth + 1)));
    else if (kind === "file") found.push(path);
  }
  return found;
}

/** Files that match a pattern with `*` and `**`, relative to the folder, with `/`. */
export async function match(pattern: string, folder: string, files: Files): Promise<string[]> {
  if (!pattern.includes("*")) {
    const exists = await files.stat(resolve(folder, pattern)).then(
      ({ kind }) => kind === "file",
      () => false,
    );
    return exists ? [pattern] : [];
  }
  const parts = pattern
    .split(/(\*\*\/|\*)/)
    .map((part) => (part === "**/" ? "(?:.*/)?" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")));
  const expression = new RegExp(`^${parts.join("")}$`);
  const start = pattern.slice(0, pattern.indexOf("*")).replace(/[^/]*$/, "");
  const below = await filesUnder(resolve(folder, start), files);
  return below.map((path) => relative(folder, path).split(sep).join("/")).filter((path) => expression.test(path));
}
