import { basename, dirname, relative } from "node:path";
import { type TextDocument, Uri, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import type { Proposal } from "../../engine/events.ts";
import { currentText, type TextPlace } from "../../graph/edit.ts";
import { readGraph, type TextSource } from "../../graph/read.ts";
import { TextChanged } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened.ts";

/** Where one proposal's text stands now. */
export interface PlacedProposal {
  readonly proposal: Proposal;
  readonly place: TextPlace;
  readonly document: TextDocument;
  /** What stands there now, unsaved edits included. */
  readonly current: string;
}

/**
 * Finds where the texts of proposals stand now: in the graph file, or in the prompt files that it names today.
 * @throws TextChanged where the file holds no text of that node any more
 */
export async function placesOf(
  run: OpenedRun,
  proposals: readonly Proposal[],
  graphs: GraphFiles,
  files: Files,
): Promise<PlacedProposal[]> {
  const file = await graphs.known(run.entry.graphPath);
  const graph = await workspace.openTextDocument(file);
  const { sources, root } = await readGraph(file.fsPath, graph.getText(), files);
  return Promise.all(
    proposals.map(async (proposal) => {
      const source = sources[proposal.node];
      if (!source) throw new TextChanged(proposal.node, basename(file.fsPath));
      const document = await workspace.openTextDocument(uriOf(source, file, root.base));
      const current = currentText(document.getText(), source);
      if (current === null) throw new TextChanged(proposal.node, basename(source.path));
      return { proposal, place: source, document, current };
    }),
  );
}

/** A prompt file's real path as the workspace names it, which may lead through symbolic links. */
function uriOf({ form, path }: TextSource, graph: Uri, base: string): Uri {
  return form === "file" ? Uri.joinPath(Uri.file(dirname(graph.fsPath)), relative(base, path)) : graph;
}
