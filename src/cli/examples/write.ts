import { basename, dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { decodeData, formatOf } from "../../data/rows.ts";
import type { Files } from "../../deps.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { type DataFolder, DataMissing, type Example, type ExampleRows, type Row } from "./example.ts";

/** Rows from files under a folder of the user. */
export function dataFolder(files: Files, folder: string): DataFolder {
  const textOf = async (path: string) => {
    const { kind } = await files.stat(path).catch(() => ({ kind: "none" }));
    return kind === "file" ? decodeData(await files.read(path)) : null;
  };
  const first = async (names: readonly string[]) => {
    for (const name of names) {
      const text = await textOf(join(folder, name));
      if (text !== null) return { name: basename(name), text };
    }
    throw new DataMissing(names);
  };
  return {
    rows: async (...names) => rowsIn(await first(names)),
    cells: async (...names) => parse((await first(names)).text, { bom: true, relax_column_count: true }),
  };
}

async function rowsIn({ name, text }: { readonly name: string; readonly text: string }): Promise<readonly Row[]> {
  const read = formatOf(name);
  if (!read) throw new DataMissing([name]);
  const { rows } = await read(text, { name, locale: ENGLISH, yieldNow: async () => {} });
  return rows.map(({ fields }) => fields);
}

/** Writes the graph file and its rows; a set without rows has no file. @returns path of the graph file, and the rows */
export async function writeExample(
  files: Files,
  example: Example,
  data: DataFolder,
  folder: string,
): Promise<{ readonly path: string; readonly rows: ExampleRows }> {
  const rows = await example.rows(data);
  const sets = Object.entries(rows).filter(([, list]) => list.length > 0);
  const named = Object.fromEntries(sets.map(([set]) => [set, `data/${set}.jsonl`]));
  const graph = { version: 1, ...example.graph, data: { ...named, ...example.data } };
  await files.makeFolder(join(folder, "data"));
  for (const [set, list] of sets) {
    await files.write(
      join(folder, "data", `${set}.jsonl`),
      list.map((row: Row) => `${JSON.stringify(row)}\n`).join(""),
    );
  }
  for (const [name, content] of Object.entries(example.files ?? {})) {
    await files.makeFolder(dirname(join(folder, name)));
    await files.write(join(folder, name), content);
  }
  const path = join(folder, `${example.name}.agentgraph.json`);
  await files.write(path, `${JSON.stringify(graph, null, 2)}\n`);
  return { path, rows };
}
