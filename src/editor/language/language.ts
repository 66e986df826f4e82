import { type DocumentSelector, languages, type Disposable as VscodeDisposable } from "vscode";
import type { Deps } from "../../deps.ts";
import { Disposable } from "../disposable.ts";
import { GRAPH_PATTERN, type GraphFiles } from "../graph-files.ts";
import type { NodeHistories } from "../review/node-history.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { Scores } from "../runs/scores.ts";
import { CodeDiagnostics } from "./code-diagnostics.ts";
import { Completion } from "./completion.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { GraphDocuments } from "./documents.ts";
import { Hovers } from "./hover.ts";
import { NodeLenses } from "./lenses.ts";
import { Definitions, Highlights, References } from "./navigate.ts";
import { Symbols } from "./outline.ts";
import { PromptDiagnostics } from "./prompt-diagnostics.ts";
import { PromptLenses } from "./prompt-lenses.ts";
import { PromptFiles } from "./prompts.ts";
import { Rename } from "./rename.ts";
import { SymbolLocations } from "./symbol-locations.ts";

const GRAPHS = { scheme: "file", pattern: GRAPH_PATTERN };

/** Language features of graph files and prompt files. */
export class Language extends Disposable {
  readonly #documents: GraphDocuments;
  readonly #prompts: PromptFiles;
  readonly #spots: SymbolLocations;
  readonly #runStore: RunStore;
  readonly #deps: Deps;
  readonly #histories: NodeHistories;
  readonly #promptLenses: PromptLenses;
  readonly #promptDiagnostics: PromptDiagnostics;
  /** Prompt files with registered providers, as a key. */
  #served = "";
  #forPrompts: readonly VscodeDisposable[] = [];

  constructor(
    graphs: GraphFiles,
    documents: GraphDocuments,
    runStore: RunStore,
    histories: NodeHistories,
    scores: Scores,
    deps: Deps,
  ) {
    super();
    this.#documents = documents;
    this.#runStore = runStore;
    this.#deps = deps;
    this.#histories = histories;
    this.#prompts = this.own(new PromptFiles(graphs, documents, deps.files));
    this.#spots = new SymbolLocations(documents, this.#prompts);
    this.#promptLenses = this.own(new PromptLenses(this.#prompts, documents, runStore, scores));
    this.#promptDiagnostics = this.own(new PromptDiagnostics(this.#spots, this.#prompts));
    this.own(new CodeDiagnostics(this.#prompts, deps.sandbox));
    const diagnostics = this.own(new Diagnostics(documents, this.#prompts, deps));
    this.own(languages.registerCodeActionsProvider(GRAPHS, diagnostics));
    this.own(languages.registerCodeLensProvider(GRAPHS, this.own(new NodeLenses(documents, runStore))));
    this.own(languages.registerDocumentSymbolProvider(GRAPHS, new Symbols(documents)));
    for (const provider of this.#shared(GRAPHS, '"', "{")) this.own(provider);
    this.own(this.#prompts.onDidChange(() => this.#servePrompts()));
    this.own({ dispose: () => this.#stopServing() });
  }

  /** Features of both graph files and prompt files. */
  #shared(where: DocumentSelector, ...triggers: string[]): VscodeDisposable[] {
    const { files } = this.#deps;
    return [
      languages.registerHoverProvider(
        where,
        new Hovers(this.#spots, this.#prompts, this.#runStore, this.#histories, files),
      ),
      languages.registerCompletionItemProvider(where, new Completion(this.#documents, this.#spots, files), ...triggers),
      languages.registerDefinitionProvider(where, new Definitions(this.#documents, this.#spots)),
      languages.registerReferenceProvider(where, new References(this.#spots, this.#prompts)),
      languages.registerDocumentHighlightProvider(where, new Highlights(this.#spots)),
      languages.registerRenameProvider(where, new Rename(this.#documents, this.#spots, this.#prompts)),
    ];
  }

  /**
   * Registers providers for the prompt files only: a provider for all files would add *Rename Symbol* to their
   * menus.
   */
  #servePrompts(): void {
    const paths = this.#prompts.paths().sort();
    const served = paths.join("\n");
    if (served === this.#served) return;
    this.#stopServing();
    this.#served = served;
    if (paths.length === 0) return;
    // VS Code compares a pattern with the path before it takes it for a pattern.
    const where = paths.map((pattern) => ({ scheme: "file", pattern }));
    this.#forPrompts = [
      ...this.#shared(where, "{"),
      languages.registerCodeActionsProvider(where, this.#promptDiagnostics),
      languages.registerCodeLensProvider(where, this.#promptLenses),
    ];
  }

  #stopServing(): void {
    for (const provider of this.#forPrompts) provider.dispose();
    this.#forPrompts = [];
  }
}
