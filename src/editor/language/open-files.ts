import { type Diagnostic, type DiagnosticCollection, languages, type TextDocument, workspace } from "vscode";
import { Disposable } from "../disposable.ts";

/** Checks that report diagnostics for some of the open files. */
export interface OpenFileChecks {
  /** Name of the diagnostics, such as `agentgraph-code`. */
  readonly name: string;
  /** Milliseconds without a keystroke before a file is checked. */
  readonly pause: number;
  readonly concerns: (document: TextDocument) => boolean;
  /** Returns the diagnostics of a file. null keeps the earlier ones. */
  readonly check: (document: TextDocument) => Promise<readonly Diagnostic[] | null>;
}

/** Checks files when they are opened, after a pause in typing, and on request. */
export class OpenFiles extends Disposable {
  readonly #shown: DiagnosticCollection;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly checks: OpenFileChecks) {
    super();
    this.#shown = this.own(languages.createDiagnosticCollection(checks.name));
    this.own(workspace.onDidChangeTextDocument(({ document }) => this.#look(document)));
    this.own(workspace.onDidOpenTextDocument((document) => this.#look(document)));
    this.own(workspace.onDidCloseTextDocument(({ uri }) => this.#shown.delete(uri)));
    this.own({ dispose: () => this.#timers.forEach(clearTimeout) });
  }

  lookAtAll(): void {
    for (const document of workspace.textDocuments) this.#look(document);
  }

  #look(document: TextDocument): void {
    const { uri } = document;
    if (!this.checks.concerns(document)) {
      if (this.#shown.has(uri)) this.#shown.delete(uri);
      return;
    }
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    const show = async () => {
      this.#timers.delete(key);
      const { version } = document;
      const diagnostics = await this.checks.check(document);
      if (diagnostics === null || document.isClosed || document.version !== version) return;
      this.#shown.set(uri, diagnostics);
    };
    this.#timers.set(
      key,
      setTimeout(() => void show(), this.checks.pause),
    );
  }
}
