import { basename, dirname, relative } from "node:path";
import { FileSystemError, type TextDocument, Uri, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import type { Proposal } from "../../engine/events.ts";
import { currentText, type TextPlace } from "../../graph/edit.ts";
import type { Range } from "../../graph/fault.ts";
import { isSameButSpacing } from "../../graph/formatting.ts";
import { readGraph, type TextSource } from "../../graph/read.ts";
import { graphFormat } from "../../methods/registry.ts";
import { EncodingMismatch, FileMissing, NotSaved, TextChanged } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened-run.ts";

/** Where one proposal's text stands now. */
export interface LocatedProposal {
  readonly proposal: Proposal;
  readonly place: TextPlace;
  readonly document: TextDocument;
  /** What stands there now, unsaved edits included. */
  readonly current: string;
}

/**
 * Finds where the texts of proposals stand now: in the graph file, or in the prompt files that it names today.
 * @throws TextChanged where the file holds no text of that node any more
 * @throws FileMissing, EncodingMismatch
 */
export async function locationsOf(
  run: OpenedRun,
  proposals: readonly Proposal[],
  graphs: GraphFiles,
  files: Files,
): Promise<LocatedProposal[]> {
  const file = await graphs.known(run.entry.graphPath);
  const graph = await openAsOnDisk(file);
  const { sources, root, outline, faults } = await readGraph(file.fsPath, graph.getText(), files, graphFormat);
  return Promise.all(
    proposals.map(async (proposal) => {
      const source = sources[proposal.node];
      if (!source) {
        const text = outline.nodes.find(({ id }) => id === proposal.node)?.text;
        const isHere = ({ start, end }: Range) => !!text && text.range.start <= start && end <= text.range.end;
        const gone = faults.some(({ code, range }) => code === "missing-file" && isHere(range));
        throw gone ? new FileMissing(text?.reference ?? "") : new TextChanged(proposal.node, basename(file.fsPath));
      }
      const document = await openAsOnDisk(uriOf(source, file, root.base));
      const current = currentText(document.getText(), source);
      if (current === null) throw new TextChanged(proposal.node, basename(source.path));
      return { proposal, place: source, document, current };
    }),
  );
}

/** Whether an applied text was taken back since: its place holds again what the run saw. */
export async function isUndone(run: OpenedRun, proposal: Proposal, graphs: GraphFiles, files: Files): Promise<boolean> {
  if (run.state.acts[proposal.id] !== "applied") return false;
  const places = await locationsOf(run, [proposal], graphs, files).catch(() => []);
  return places.some(holdsBase);
}

/** The proposed text stands in its place, as it is or as VS Code saved it: without spacing at line ends. */
export function holdsText({ proposal, current }: LocatedProposal): boolean {
  return isSameButSpacing(current, proposal.text);
}

/** The same of the text that the run saw. */
export function holdsBase(located: LocatedProposal): boolean {
  const { proposal, current } = located;
  return current === proposal.base || (isSameButSpacing(current, proposal.base) && !holdsText(located));
}

/** Saves a document, or leaves it as it is where it cannot be saved. @throws NotSaved */
export async function saveOrThrow(document: TextDocument): Promise<void> {
  if (document.isDirty && !(await document.save())) throw new NotSaved(basename(document.uri.fsPath));
}

/** How often, and how many milliseconds apart, VS Code is given a chance to see what changed on disk. */
const LOOKS = 20;
const PAUSE = 100;

/**
 * A document with the text that is on disk, or with the user's unsaved edits. What another program has written a moment
 * ago reaches VS Code late: an edit of the old text would be made on what nobody sees any more.
 * @throws FileMissing, and EncodingMismatch when it does not catch up
 */
async function openAsOnDisk(uri: Uri): Promise<TextDocument> {
  const file = basename(uri.fsPath);
  const onDisk = async () => {
    try {
      return new TextDecoder().decode(await workspace.fs.readFile(uri));
    } catch (error) {
      throw error instanceof FileSystemError && error.code === "FileNotFound" ? new FileMissing(file) : error;
    }
  };
  // Before VS Code is asked: it would speak of the file in words of its own, or show a deleted one from memory.
  await onDisk();
  const document = await workspace.openTextDocument(uri);
  for (let look = 0; look < LOOKS; look++) {
    if ((await onDisk()) === document.getText() || document.isDirty) return document;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  throw new EncodingMismatch(file);
}

/** A prompt file's real path as the workspace names it, which may lead through symbolic links. */
function uriOf({ form, path }: TextSource, graph: Uri, base: string): Uri {
  return form === "file" ? Uri.joinPath(Uri.file(dirname(graph.fsPath)), relative(base, path)) : graph;
}
