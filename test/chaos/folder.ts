import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export async function writeFolder(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** Paths of files that are not as they were written, beside the runs and the machine's own secret. */
export async function changedIn(root: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
  const own = names.filter((name) => !name.startsWith(".agentgraph/") && !name.startsWith("home/"));
  const changed = await Promise.all(
    [...new Set([...own, ...Object.keys(files)])].map(async (name) => {
      const text = await readFile(join(root, name), "utf8").catch(() => null);
      return text === (files[name] ?? null) ? [] : [name];
    }),
  );
  return changed.flat();
}
