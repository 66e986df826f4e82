import { dirname, resolve } from "node:path";
import {
  CompletionItem,
  CompletionItemKind,
  type CompletionItemProvider,
  type DefinitionProvider,
  DocumentSymbol,
  type DocumentSymbolProvider,
  type LocationLink,
  l10n,
  type Position,
  Range,
  SymbolKind,
  type TextDocument,
  Uri,
  workspace,
} from "vscode";
import { inputAt, nodeAt, type Outline, referenceAt } from "../../graph/outline.ts";
import { oneLine } from "../markdown.ts";
import { type GraphDocuments, toRange } from "./documents.ts";

/** From an input to the node or graph input it names; from `{ "file": … }` and data files to the file. */
export class Definitions implements DefinitionProvider {
  constructor(private readonly documents: GraphDocuments) {}

  provideDefinition(document: TextDocument, position: Position): LocationLink[] {
    const { outline } = this.documents.parsed(document);
    const offset = document.offsetAt(position);
    const file = referenceAt(outline, offset);
    if (file) {
      const targetUri = Uri.file(resolve(dirname(document.uri.fsPath), file.reference));
      // A path that leads out of the workspace may name another machine: it is not even looked at.
      if (!workspace.getWorkspaceFolder(targetUri)) return [];
      const originSelectionRange = toRange(document, file.range);
      return [{ originSelectionRange, targetUri, targetRange: new Range(0, 0, 0, 0) }];
    }
    const named = inputAt(outline, offset) ?? within(outline.output, offset);
    const target = named && declarationOf(outline, named.name);
    if (!named || !target) return [];
    return [
      {
        originSelectionRange: toRange(document, named.range),
        targetUri: document.uri,
        targetRange: toRange(document, target.whole),
        targetSelectionRange: toRange(document, target.name),
      },
    ];
  }
}

/** Names of nodes and graph inputs where the schema can only say "a text". */
export class Names implements CompletionItemProvider {
  constructor(private readonly documents: GraphDocuments) {}

  provideCompletionItems(document: TextDocument, position: Position): CompletionItem[] {
    const { outline } = this.documents.parsed(document);
    const offset = document.offsetAt(position);
    const entry = inputAt(outline, offset);
    const output = within(outline.output, offset);
    const place = entry ?? output;
    if (!place) return [];
    const self = nodeAt(outline, offset);
    const taken = new Set(entry ? self?.inputs.map(({ name }) => name) : []);
    const names = [
      ...(entry ? outline.inputs.map(({ name }) => ({ name, detail: l10n.t("graph input") })) : []),
      ...outline.nodes.map(({ id, role }) => ({ name: id, detail: role || l10n.t("node") })),
    ];
    return names
      .filter(({ name }) => name !== self?.id && !taken.has(name))
      .map(({ name, detail }) => {
        const item = new CompletionItem(
          { label: `"${name}"`, description: oneLine(detail, 60) },
          CompletionItemKind.Reference,
        );
        item.range = toRange(document, place.range);
        item.filterText = `"${name}"`;
        item.sortText = ` ${name}`;
        return item;
      });
  }
}

/** The outline by node: what it does, and what flows into it. */
export class Symbols implements DocumentSymbolProvider {
  constructor(private readonly documents: GraphDocuments) {}

  provideDocumentSymbols(document: TextDocument): DocumentSymbol[] {
    const { outline } = this.documents.parsed(document);
    return outline.nodes.map(({ id, role, kind, range, idRange }) => {
      const icon = kind === "text" ? SymbolKind.String : SymbolKind.Function;
      return new DocumentSymbol(id, oneLine(role), icon, toRange(document, range), toRange(document, idRange));
    });
  }
}

function declarationOf(outline: Outline, name: string) {
  const node = outline.nodes.find(({ id }) => id === name);
  if (node) return { whole: node.range, name: node.idRange };
  const input = outline.inputs.find((it) => it.name === name);
  return input && { whole: input.range, name: input.range };
}

function within<T extends { readonly range: { start: number; end: number } }>(
  place: T | null,
  offset: number,
): T | null {
  return place && place.range.start <= offset && offset <= place.range.end ? place : null;
}
