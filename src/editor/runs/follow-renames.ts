import type { Files } from "../../deps.ts";
import { findRoot } from "../../graph/containment.ts";
import type { GraphFiles } from "../graph-files.ts";
import { textOf } from "../language/documents.ts";
import { readInTurns } from "../read-in-turns.ts";
import type { RunSummary } from "./run-summary.ts";

/**
 * Runs with the new path of their graph file if it was renamed or moved: the only graph in the repository with that
 * name.
 */
export async function followRenames(
  entries: readonly RunSummary[],
  graphs: GraphFiles,
  files: Files,
): Promise<readonly RunSummary[]> {
  const uris = await graphs.list();
  const paths = await Promise.all(uris.map(({ fsPath }) => files.realpath(fsPath).catch(() => fsPath)));
  if (entries.every(({ graphPath }) => paths.includes(graphPath))) return entries;
  const known = await Promise.all(
    uris.map(async (uri, index) => {
      const path = paths[index] ?? uri.fsPath;
      const { file } = await readInTurns(path, await textOf(uri, files));
      const name = file?.name;
      return { path, name, root: (await findRoot(path, files)).folder };
    }),
  );
  return entries.map((entry) => {
    if (paths.includes(entry.graphPath)) return entry;
    const namesakes = known.filter(({ name, root }) => name === entry.graphName && root === entry.root);
    const [only, ...others] = namesakes;
    return only && others.length === 0 ? { ...entry, graphPath: only.path } : entry;
  });
}
