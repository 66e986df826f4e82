import { DocumentSymbol, type DocumentSymbolProvider, l10n, SymbolKind, type TextDocument } from "vscode";
import { traitsOf } from "../../graph/node-kinds.ts";
import { oneLine } from "../ui/markdown.ts";
import { type GraphDocuments, toRange } from "./documents.ts";

/** The outline: the graph inputs, and each node with its role. */
export class Symbols implements DocumentSymbolProvider {
  constructor(private readonly documents: GraphDocuments) {}

  provideDocumentSymbols(document: TextDocument): DocumentSymbol[] {
    const { outline } = this.documents.parsed(document);
    const inputs = outline.inputs.map(({ name, range }) => {
      const place = toRange(document, range);
      return new DocumentSymbol(name || '""', l10n.t("graph input"), SymbolKind.Variable, place, place);
    });
    const nodes = outline.nodes.map((node) => {
      const { id, role, range, idRange } = node;
      const { text } = traitsOf(node);
      const icon = text === "value" ? SymbolKind.String : SymbolKind.Function;
      // VS Code rejects the whole outline if a symbol has no name.
      return new DocumentSymbol(id || '""', oneLine(role), icon, toRange(document, range), toRange(document, idRange));
    });
    return [...inputs, ...nodes];
  }
}
