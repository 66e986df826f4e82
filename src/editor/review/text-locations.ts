import { basename, dirname, relative } from "node:path";
import { commands, FileSystemError, TabInputText, type TextDocument, Uri, window, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import type { Proposal } from "../../engine/events.ts";
import { currentText, type TextPlace } from "../../graph/edits/edit.ts";
import { fittedChanges } from "../../graph/edits/fitted-changes.ts";
import type { Range } from "../../graph/fault.ts";
import { readGraph } from "../../graph/read.ts";
import type { TextSource } from "../../graph/reading.ts";
import { isSameButSpacing } from "../../graph/text/formatting.ts";
import { plainText } from "../../graph/text/text.ts";
import { graphFormat } from "../../methods/registry.ts";
import { LOCALE } from "../editor-locale.ts";
import { DocumentOutdated, EncodingMismatch, FileMissing, NotSaved, TextChanged } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened-run.ts";

/** A text before and after. */
export type TextChange = Pick<Proposal, "node" | "base" | "text">;

/** The current location of a proposal's text. */
export type LocatedProposal = LocatedChange<Proposal>;

/** The current location of any change. */
export interface LocatedChange<C extends TextChange> {
  /** The change, with texts for the inputs that the node has or gets with the other proposals. */
  readonly proposal: C;
  /** Whether it is the instruction of a node whose inputs change, which has no verdict of its own. */
  readonly isCompanion: boolean;
  readonly place: TextPlace;
  readonly document: TextDocument;
  /** The current text there, including unsaved edits. */
  readonly current: string;
}

/**
 * Finds the current locations of the texts of proposals, in the graph file or in its prompt files.
 * @throws TextChanged if the file no longer has a text of that node
 * @throws FileMissing, EncodingMismatch, DocumentOutdated
 */
export async function locationsOf<C extends TextChange>(
  run: OpenedRun,
  proposals: readonly C[],
  graphs: GraphFiles,
  files: Files,
): Promise<LocatedChange<C>[]> {
  const file = await graphs.known(run.entry.graphPath);
  const graph = await openAsOnDisk(file);
  const {
    sources,
    root,
    outline,
    faults,
    graph: now,
  } = await readGraph(file.fsPath, graph.getText(), files, graphFormat, {
    locale: LOCALE,
  });
  const fitted = now
    ? fittedChanges(proposals, run.graph, now)
    : proposals.map((change) => ({ change, isCompanion: false }));
  return Promise.all(
    fitted.map(async ({ change: proposal, isCompanion }) => {
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
      return { proposal, isCompanion, place: source, document, current };
    }),
  );
}

/** Whether the file has the proposed text, apart from spaces at line ends, which VS Code may remove on save. */
export function holdsText({ proposal, current }: LocatedChange<TextChange>): boolean {
  return isSameButSpacing(current, proposal.text);
}

/** Whether the file has the text of the run, apart from spaces at line ends. */
export function holdsBase(located: LocatedChange<TextChange>): boolean {
  const { proposal, current } = located;
  return current === proposal.base || (isSameButSpacing(current, proposal.base) && !holdsText(located));
}

/**
 * Makes sure that places still have the texts that were found in them, since other windows, git and the user may have
 * written to the files while a question was open.
 * @throws TextChanged, FileMissing, EncodingMismatch, DocumentOutdated
 */
export async function assertUnchanged(places: readonly LocatedChange<TextChange>[]): Promise<void> {
  for (const { uri } of new Set(places.map(({ document }) => document))) await openAsOnDisk(uri);
  for (const { proposal, place, document, current } of places) {
    if (currentText(document.getText(), place) !== current)
      throw new TextChanged(proposal.node, basename(document.uri.fsPath));
  }
}

/** Saves a document. @throws NotSaved */
export async function saveOrThrow(document: TextDocument): Promise<void> {
  if (!document.isDirty || (await document.save()) || (await isSavedElsewhere(document))) return;
  throw new NotSaved(basename(document.uri.fsPath));
}

/**
 * Whether another window writes the same text to the file at this moment, so that VS Code could not save it. The document
 * is then as saved.
 */
async function isSavedElsewhere(document: TextDocument): Promise<boolean> {
  const isOnDisk = async () => {
    const text = await textOnDisk(document.uri).catch(() => null);
    return text !== null && isShownAs(text, document);
  };
  for (let waited = 0; waited < LONGEST_SAVE; waited += PAUSE) {
    if (!document.isDirty && (await isOnDisk())) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  if (!(await isOnDisk())) return false;
  await readAgain(document);
  return !document.isDirty;
}

/** Makes VS Code read a file again, which it does only for the active editor. Unsaved edits are lost. */
async function readAgain(document: TextDocument): Promise<void> {
  const tabs = () =>
    window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof TabInputText && String(input.uri) === String(document.uri));
  const wasOpen = tabs().length > 0;
  await window.showTextDocument(document, { preview: false });
  await commands.executeCommand("workbench.action.files.revert");
  if (!wasOpen) await window.tabGroups.close(tabs());
}

/** Text of a file without a byte order mark, because only some versions of VS Code's git include it. */
export async function textOnDisk(uri: Uri): Promise<string> {
  return new TextDecoder().decode(await workspace.fs.readFile(uri));
}

/** Whether a document shows this text of a file: VS Code shows a file with several kinds of line ends with one of them. */
export function isShownAs(text: string, document: TextDocument): boolean {
  return plainText(text) === plainText(document.getText());
}

/** Milliseconds between attempts, and at most, for VS Code to notice a change on disk. */
const PAUSE = 100;
const LONGEST = 2_000;
/** The longest wait for what another window saves. */
const LONGEST_SAVE = 1_000;

/**
 * A document with the text on disk, or with the user's unsaved edits. Waits for VS Code to notice a recent change on
 * disk, so that no outdated text is edited, and then reads the file again: VS Code does not notice every change, and none
 * in folders that `files.watcherExclude` lists.
 * @throws FileMissing, EncodingMismatch, and DocumentOutdated if a file changes all the time
 */
async function openAsOnDisk(uri: Uri): Promise<TextDocument> {
  const file = basename(uri.fsPath);
  const onDisk = async () => {
    try {
      return await textOnDisk(uri);
    } catch (error) {
      throw error instanceof FileSystemError && error.code === "FileNotFound" ? new FileMissing(file) : error;
    }
  };
  // Checked first, because VS Code would show its own message, or a deleted file from memory.
  await onDisk();
  const document = await workspace.openTextDocument(uri);
  const isCurrent = async () => isShownAs(await onDisk(), document) || document.isDirty;
  for (let waited = 0; waited < LONGEST; waited += PAUSE) {
    if (await isCurrent()) return document;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  if (!document.encoding.startsWith("utf8")) throw new EncodingMismatch(file);
  await readAgain(document);
  if (await isCurrent()) return document;
  throw new DocumentOutdated(file);
}

/** The URI of a prompt file in the workspace, possibly through symbolic links. */
function uriOf({ form, path }: TextSource, graph: Uri, base: string): Uri {
  return form === "file" ? Uri.joinPath(Uri.file(dirname(graph.fsPath)), relative(base, path)) : graph;
}
