import { basename } from "node:path";
import { Diagnostic, DiagnosticSeverity, l10n, languages, Range, type TextDocument, workspace } from "vscode";
import type { Sandbox } from "../../deps.ts";
import { programExtension } from "../../graph/program-file.ts";
import { Disposable } from "../disposable.ts";
import { oneLine } from "../markdown.ts";
import type { PromptFiles } from "./prompts.ts";

/** Milliseconds without a keystroke. */
const PAUSE = 300;
/** Maximum number of characters of a file that is checked while it is edited. */
const LARGE = 500_000;

/** Reports syntax errors and a missing default export in open files whose code a graph runs. Nothing of them runs. */
export class CodeDiagnostics extends Disposable {
  readonly #shown = this.own(languages.createDiagnosticCollection("agentgraph-code"));
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly prompts: PromptFiles,
    private readonly sandbox: Pick<Sandbox, "check">,
  ) {
    super();
    this.own(workspace.onDidChangeTextDocument(({ document }) => this.#look(document)));
    this.own(workspace.onDidOpenTextDocument((document) => this.#look(document)));
    this.own(workspace.onDidCloseTextDocument(({ uri }) => this.#shown.delete(uri)));
    this.own(prompts.onDidChange(() => this.#lookAtAll()));
    this.own({ dispose: () => this.#timers.forEach(clearTimeout) });
    this.#lookAtAll();
  }

  #lookAtAll(): void {
    for (const document of workspace.textDocuments) this.#look(document);
  }

  #look(document: TextDocument): void {
    const { uri } = document;
    if (!this.prompts.isCode(uri) || programExtension(uri.fsPath) !== null) {
      if (this.#shown.has(uri)) this.#shown.delete(uri);
      return;
    }
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        void this.#check(document);
      }, PAUSE),
    );
  }

  async #check(document: TextDocument): Promise<void> {
    const { version, uri } = document;
    const text = document.getText();
    if (text.length > LARGE) return;
    const fault = await this.sandbox.check({ file: basename(uri.fsPath), text }).catch(() => null);
    if (document.isClosed || document.version !== version) return;
    if (!fault) {
      this.#shown.delete(uri);
      return;
    }
    const line = Math.min(document.lineCount, fault.line ?? 1) - 1;
    const { range, firstNonWhitespaceCharacterIndex: start } = document.lineAt(line);
    const message = l10n.t("AgentGraph can't run this code: {0}.", oneLine(fault.problem, 300));
    const diagnostic = new Diagnostic(new Range(line, start, line, range.end.character), message);
    diagnostic.severity = DiagnosticSeverity.Error;
    diagnostic.source = "AgentGraph";
    diagnostic.code = "bad-code";
    this.#shown.set(uri, [diagnostic]);
  }
}
