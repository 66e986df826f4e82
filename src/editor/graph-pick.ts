import { basename } from "node:path";
import { l10n, Uri, window, workspace } from "vscode";
import { SPLITS, type Split } from "../data/sample.ts";
import { namedSets } from "../data/split.ts";
import type { Files } from "../deps.ts";
import { isGraphFileName } from "../graph/file-name.ts";
import { readGraph } from "../graph/read.ts";
import { graphFormat } from "../methods/registry.ts";
import { graphOf } from "./commands/command-arguments.ts";
import { LOCALE } from "./editor-locale.ts";
import { Cancelled, GraphInvalid, NotFound } from "./errors.ts";
import { type GraphFiles, isGraphFile } from "./graph-files.ts";
import { readInTurns } from "./read-in-turns.ts";
import { saveOrThrow } from "./review/text-locations.ts";
import { Slices } from "./slices.ts";

/**
 * The graph of a command: its argument, else the one in the active editor, else the only one in the workspace, else the
 * user's pick.
 * @throws Cancelled; NotFound: also for a graph that is no file
 */
export async function pickGraph(target: unknown, graphs: GraphFiles): Promise<Uri> {
  const named = graphOf(target);
  if (named) return named;
  const active = window.activeTextEditor?.document.uri;
  // Another graph than the one the user means must not be run in its place.
  for (const meant of [target, active]) if (meant instanceof Uri) refuseElsewhere(meant);
  if (active && isGraphFile(active)) return active;
  const all = await graphs.list();
  const [first] = all;
  if (!first) {
    throw new NotFound(l10n.t("There is no graph in this workspace. Graph file names end in .agentgraph.json."));
  }
  if (all.length === 1) return first;
  const items = all.map((uri) => ({ label: basename(uri.path), description: workspace.asRelativePath(uri), uri }));
  const picked = await window.showQuickPick(items, { title: l10n.t("Which graph?") });
  if (!picked) throw new Cancelled();
  return picked.uri;
}

/** Refuses a graph that is no file: a version of Git's, one never saved, or one of a virtual file system. @throws NotFound */
export function refuseElsewhere(uri: Uri): void {
  if (isGraphFile(uri) || !isGraphFileName(basename(uri.path))) return;
  throw new NotFound(
    uri.scheme === "untitled"
      ? l10n.t("“{0}” is not saved yet. Save it in a folder first.", basename(uri.path))
      : l10n.t(
          "“{0}” comes from “{1}”, not from disk. Open the graph from a folder on disk.",
          basename(uri.path),
          uri.scheme,
        ),
  );
}

/** Saves the open files of a graph, so that the run uses what the user sees. @throws GraphInvalid, NotSaved */
export async function refuseFaulty(file: Uri, files: Files): Promise<void> {
  const document = await workspace.openTextDocument(file);
  const slices = new Slices();
  const { faults, graph, sources } = await readGraph(file.fsPath, document.getText(), files, graphFormat, {
    locale: LOCALE,
    yieldNow: () => slices.turn(),
  });
  if (!graph) throw new GraphInvalid(file.fsPath, faults);
  const paths = new Set([file.fsPath, ...Object.values(sources).map(({ path }) => path)]);
  for (const open of workspace.textDocuments) {
    if (paths.has(open.uri.fsPath)) await saveOrThrow(open);
  }
}

/** The sets with data in a graph file; all sets if it is not known. */
export async function setsOf(file: Uri): Promise<readonly Split[]> {
  const document = await workspace.openTextDocument(file);
  const { file: graph } = await readInTurns(file.fsPath, document.getText());
  const named = graph ? namedSets(graph.data) : [];
  return named.length > 0 ? named : SPLITS;
}
