import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { findImports, type Imported, importFile } from "../../../src/import/import.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { loadTask } from "../../../src/run/load.ts";

const files = nodeFiles();
const clock = { now: () => 0, sleep: async () => {} };

/** A folder with these files that is removed after the test. */
export async function folderOf(content: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-import-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, ".git"));
  for (const [name, text] of Object.entries(content)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Imports the one program in a folder, writes what comes of it, and reads it as a run would. */
export async function imported(content: Readonly<Record<string, string>>, prompt = 1) {
  const folder = await folderOf(content);
  const [found, ...others] = await findImports(folder, files);
  if (!found || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} programs`);
  const result: Imported = await importFile(found, files, { t: ENGLISH.t, prompt });
  for (const [path, text] of result.written) await files.write(path, text);
  const loaded = await loadTask(
    result.graphFile,
    { files, clock },
    { models: { forward: { model: "m", params: {} } } },
  );
  const rows = [...result.written.entries()].find(([path]) => path.endsWith(".jsonl"))?.[1] ?? "";
  return {
    ...result,
    folder,
    loaded,
    graph: JSON.parse(await readFile(result.graphFile, "utf8")),
    rows: rows.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)])),
    errors: loaded.faults
      .filter(({ severity }) => severity === "error")
      .map(({ code, message }) => `${code}: ${message}`),
  };
}
