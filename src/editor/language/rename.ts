import {
  l10n,
  type Position,
  type Range,
  type RenameProvider,
  type TextDocument,
  Uri,
  WorkspaceEdit,
  workspace,
} from "vscode";
import { planRename, RenameRefused, type RenameSource } from "../../graph/edits/rename.ts";
import type { TextEdit } from "../../graph/fault.ts";
import { named } from "../../graph/syntax/symbols.ts";
import { type GraphDocuments, toRange } from "./documents.ts";
import type { PromptFiles } from "./prompts.ts";
import type { Home, SymbolLocation, SymbolLocations } from "./symbol-locations.ts";

/** Renames a node or graph input in the graph file and in every prompt file that uses it, as one edit. */
export class Rename implements RenameProvider {
  constructor(
    private readonly documents: GraphDocuments,
    private readonly spots: SymbolLocations,
    private readonly prompts: PromptFiles,
  ) {}

  async prepareRename(document: TextDocument, position: Position): Promise<{ range: Range; placeholder: string }> {
    const { spot } = await this.#spot(document, position);
    return { range: spot.range, placeholder: spot.name };
  }

  async provideRenameEdits(document: TextDocument, position: Position, to: string): Promise<WorkspaceEdit> {
    const { spot, homes } = await this.#spot(document, position);
    const files = new EditorFiles(this.documents, this.prompts);
    const graphs = [...new Set(homes.map(({ graph }) => graph.fsPath))];
    try {
      const edits = await planRename(graphs, spot.name, to.trim(), files);
      const edit = new WorkspaceEdit();
      for (const [path, changes] of edits) await add(edit, path, changes);
      return edit;
    } catch (error) {
      if (error instanceof RenameRefused) throw new Error(refusalSentence(error));
      throw error;
    }
  }

  /** @throws Error with a message if there is nothing to rename */
  async #spot(document: TextDocument, position: Position): Promise<{ spot: SymbolLocation; homes: readonly Home[] }> {
    const spot = await this.spots.at(document, position);
    if (!spot) throw new Error(l10n.t("There is no node or graph input name here."));
    const homes = spot.homes.filter(({ parsed }) => named(parsed.outline, spot.name));
    if (homes.length === 0) throw new Error(l10n.t("“{0}” is neither a node nor a graph input.", spot.name));
    return { spot, homes };
  }
}

/** The files of a rename, including unsaved edits. */
class EditorFiles implements RenameSource {
  constructor(
    private readonly documents: GraphDocuments,
    private readonly prompts: PromptFiles,
  ) {}

  async graph(path: string) {
    return this.documents.parsed(await workspace.openTextDocument(Uri.file(path)));
  }

  async promptOf(graph: string, reference: string): Promise<string | null> {
    return (await this.prompts.address(Uri.file(graph), reference))?.fsPath ?? null;
  }

  async prompt(path: string): Promise<string> {
    return (await workspace.openTextDocument(Uri.file(path))).getText();
  }

  async usersOf(prompt: string) {
    await this.prompts.settled();
    return this.prompts.users(Uri.file(prompt)).map(({ graph, node }) => ({ graph: graph.fsPath, node }));
  }

  async runnersOf(code: string): Promise<readonly string[]> {
    await this.prompts.settled();
    return this.prompts.runners(Uri.file(code)).map(({ fsPath }) => fsPath);
  }
}

async function add(edit: WorkspaceEdit, path: string, changes: readonly TextEdit[]): Promise<void> {
  const document = await workspace.openTextDocument(Uri.file(path));
  for (const { offset, length, text } of changes) {
    edit.replace(document.uri, toRange(document, { start: offset, end: offset + length }), text);
  }
}

function refusalSentence({ reason, of, graph }: RenameRefused): string {
  const file = workspace.asRelativePath(graph);
  switch (reason) {
    case "not a name":
      return l10n.t(
        "“{0}” is not a valid name. Names of nodes have letters, digits, _ and -, and start with a letter. Names of inputs leave out {1}.",
        of,
        '{ } < > " \\ | =',
      );
    case "taken":
      return l10n.t("“{0}” is already used in {1}. Graph inputs and nodes can't have the same name.", of, file);
    case "unknown":
      return l10n.t("“{0}” is neither a node nor a graph input of {1}.", of, file);
    case "made twice":
      return l10n.t("“{0}” names two things in {1}. Rename one of them first.", of, file);
    case "cannot be read":
      return l10n.t(
        "{1} has syntax errors where it uses “{0}”. Fix them first so that no reference is missed.",
        of,
        file,
      );
  }
}
