import type { Position, Range, TextDocument, Uri } from "vscode";
import { formOf, type Use, type UseKind, useAt, usesInPrompt } from "../../graph/syntax/symbols.ts";
import { isGraphFile } from "../graph-files.ts";
import { type GraphDocuments, toRange } from "./documents.ts";
import type { ParsedGraph } from "./parsed.ts";
import type { PromptFiles } from "./prompts.ts";

/** A name under the cursor, in a graph file or in a prompt file. */
export interface SymbolLocation {
  readonly name: string;
  readonly kind: UseKind;
  /** Range of the name. */
  readonly range: Range;
  /** The graphs in which to look up the name: the graph file itself, or every graph that reads the prompt file. */
  readonly homes: readonly Home[];
}

export interface Home {
  readonly graph: Uri;
  readonly parsed: ParsedGraph;
  /** The node that contains the name; null outside the nodes. */
  readonly node: string | null;
}

/** Finds names in graph files and prompt files. */
export class SymbolLocations {
  constructor(
    private readonly documents: GraphDocuments,
    private readonly prompts: PromptFiles,
  ) {}

  uses(document: TextDocument): readonly Use[] {
    return isGraphFile(document.uri) ? this.documents.parsed(document).uses : this.prompts.uses(document);
  }

  async at(document: TextDocument, position: Position): Promise<SymbolLocation | null> {
    const use = useAt(this.uses(document), document.offsetAt(position));
    if (!use) return null;
    const { name, kind } = use;
    const all = await this.homes(document, use.node);
    const homes = isGraphFile(document.uri) ? all : all.filter((home) => isUsed(document, home, use));
    return homes.length > 0 ? { name, kind, range: toRange(document, use.range), homes } : null;
  }

  /** The graphs of a document: itself, or those that read it as a prompt. */
  async homes(document: TextDocument, node: string | null): Promise<Home[]> {
    if (isGraphFile(document.uri)) return [{ graph: document.uri, parsed: this.documents.parsed(document), node }];
    await this.prompts.settled();
    return Promise.all(
      this.prompts.users(document.uri).map(async ({ graph, node: user }) => ({
        graph,
        parsed: await this.prompts.graph(graph),
        node: user,
      })),
    );
  }
}

/** Whether a placeholder of a prompt file is in the text of this node: a file may contain the texts of several. */
function isUsed(document: TextDocument, { parsed, node }: Home, use: Use): boolean {
  const user = parsed.outline.nodes.find(({ id }) => id === node);
  if (!user) return false;
  const uses = usesInPrompt(document.getText(), formOf(user));
  return uses.some(({ around }) => around.start === use.around.start);
}
