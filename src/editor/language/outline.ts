import { DocumentSymbol, type DocumentSymbolProvider, l10n, SymbolKind, type TextDocument } from "vscode";
import { traitsOf } from "../../graph/node-kinds.ts";
import { Slices } from "../slices.ts";
import { oneLine } from "../ui/markdown.ts";
import { type GraphDocuments, toRange } from "./documents.ts";

/** The outline: the graph inputs, and each node with its role. */
export class Symbols implements DocumentSymbolProvider {
  constructor(private readonly documents: GraphDocuments) {}

  /** In turns: it is the first that VS Code asks of a large graph, and the other providers then find it parsed. */
  async provideDocumentSymbols(document: TextDocument): Promise<DocumentSymbol[]> {
    const slices = new Slices();
    await slices.turn();
    const parsed = this.documents.parsed(document);
    await slices.turn();
    const { outline } = parsed;
    const inputs = outline.inputs.map(({ name, range }) => {
      const place = toRange(document, range);
      return new DocumentSymbol(name || '""', l10n.t("graph input"), SymbolKind.Variable, place, place);
    });
    const nodes: DocumentSymbol[] = [];
    for (const node of outline.nodes) {
      await slices.turn();
      const { id, role, range, idRange } = node;
      const { text } = traitsOf(node);
      const icon = text === "value" ? SymbolKind.String : SymbolKind.Function;
      // VS Code rejects the whole outline if a symbol has no name.
      const places = [toRange(document, range), toRange(document, idRange)] as const;
      nodes.push(new DocumentSymbol(id || '""', oneLine(role), icon, ...places));
    }
    return [...inputs, ...nodes];
  }
}
