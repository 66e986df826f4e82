import { dirname, resolve } from "node:path";
import {
  type DefinitionProvider,
  DocumentHighlight,
  DocumentHighlightKind,
  type DocumentHighlightProvider,
  Location,
  type LocationLink,
  type Position,
  Range,
  type ReferenceContext,
  type ReferenceProvider,
  type TextDocument,
  Uri,
  workspace,
} from "vscode";
import { referenceAt } from "../../graph/syntax/outline.ts";
import { formOf, isBound, makesName, named, usesInPrompt } from "../../graph/syntax/symbols.ts";
import { isGraphFile } from "../graph-files.ts";
import { type GraphDocuments, toRange } from "./documents.ts";
import type { PromptFiles } from "./prompts.ts";
import type { Home, SymbolLocations } from "./symbol-locations.ts";

/** From a name to its node or graph input; from `{ "file": … }` and data files to the file. */
export class Definitions implements DefinitionProvider {
  constructor(
    private readonly documents: GraphDocuments,
    private readonly spots: SymbolLocations,
  ) {}

  async provideDefinition(document: TextDocument, position: Position): Promise<LocationLink[]> {
    const spot = await this.spots.at(document, position);
    if (!spot) return this.#file(document, position);
    return spot.homes.flatMap(({ graph, parsed }) => {
      const known = named(parsed.outline, spot.name);
      if (!known) return [];
      const [whole, name] =
        "node" in known ? [known.node.range, known.node.idRange] : [known.input.range, known.input.range];
      return {
        originSelectionRange: spot.range,
        targetUri: graph,
        targetRange: parsed.range(whole),
        targetSelectionRange: parsed.range(name),
      };
    });
  }

  #file(document: TextDocument, position: Position): LocationLink[] {
    if (!isGraphFile(document.uri)) return [];
    const file = referenceAt(this.documents.parsed(document).outline, document.offsetAt(position));
    if (!file) return [];
    const targetUri = Uri.file(resolve(dirname(document.uri.fsPath), file.reference));
    // A path outside the workspace can name another machine, so it is not accessed.
    if (!workspace.getWorkspaceFolder(targetUri)) return [];
    const originSelectionRange = toRange(document, file.range);
    return [{ originSelectionRange, targetUri, targetRange: new Range(0, 0, 0, 0) }];
  }
}

/** Every use of a name: in the graph file, and in the prompt files of its nodes. */
export class References implements ReferenceProvider {
  constructor(
    private readonly spots: SymbolLocations,
    private readonly prompts: PromptFiles,
  ) {}

  async provideReferences(
    document: TextDocument,
    position: Position,
    { includeDeclaration }: ReferenceContext,
  ): Promise<Location[]> {
    const spot = await this.spots.at(document, position);
    const found = new Map<string, Location>();
    for (const home of spot?.homes ?? []) {
      for (const location of await this.#uses(home, spot?.name ?? "", includeDeclaration)) {
        found.set(`${location.uri} ${location.range.start.line} ${location.range.start.character}`, location);
      }
    }
    return [...found.values()];
  }

  async #uses({ graph, parsed }: Home, name: string, withMaking: boolean): Promise<Location[]> {
    const own = parsed.uses
      .filter((use) => use.name === name && (withMaking || !makesName(use)))
      .map(({ range }) => new Location(graph, parsed.range(range)));
    const inPrompts = parsed.outline.nodes.map(async (node) => {
      const { id, text } = node;
      const uri =
        text?.reference != null && isBound(parsed.outline, id, name)
          ? await this.prompts.address(graph, text.reference)
          : null;
      if (!uri) return [];
      const prompt = await workspace.openTextDocument(uri);
      const uses = usesInPrompt(prompt.getText(), formOf(node)).filter((use) => use.name === name);
      return uses.map(({ range }) => new Location(uri, toRange(prompt, range)));
    });
    return [...own, ...(await Promise.all(inPrompts)).flat()];
  }
}

/** The uses of a name in the file that is shown. */
export class Highlights implements DocumentHighlightProvider {
  constructor(private readonly spots: SymbolLocations) {}

  async provideDocumentHighlights(document: TextDocument, position: Position): Promise<DocumentHighlight[]> {
    const spot = await this.spots.at(document, position);
    if (!spot) return [];
    return this.spots
      .uses(document)
      .filter(({ name }) => name === spot.name)
      .map((use) => {
        const kind = makesName(use) ? DocumentHighlightKind.Write : DocumentHighlightKind.Read;
        return new DocumentHighlight(toRange(document, use.range), kind);
      });
  }
}
