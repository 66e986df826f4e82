import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  Diagnostic,
  DiagnosticSeverity,
  languages,
  type Range,
  type TextDocument,
  Uri,
  WorkspaceEdit,
  workspace,
} from "vscode";
import type { Deps } from "../../deps.ts";
import type { Fault, Severity } from "../../graph/fault.ts";
import { loadTask } from "../../run/load.ts";
import { Disposable } from "../disposable.ts";
import { isGraphFile } from "../graph-files.ts";
import { faultText, type GraphDocuments, toRange } from "./documents.ts";

/** Milliseconds without a keystroke: before the prompt files are read, and before the data is. */
const PAUSE = 150;
const LONG_PAUSE = 700;

/** The reader's faults as squiggles: those of the text at once, those of prompt files and data a moment later. */
export class Diagnostics extends Disposable implements CodeActionProvider {
  readonly #shown = this.own(languages.createDiagnosticCollection("agentgraph"));
  readonly #faults = new Map<string, readonly Fault[]>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly documents: GraphDocuments,
    private readonly deps: Deps,
  ) {
    super();
    this.own(workspace.onDidOpenTextDocument((document) => this.#look(document)));
    this.own(documents.onDidChange((uri) => this.#lookAt(uri)));
    this.own(workspace.onDidCloseTextDocument((document) => this.#drop(document)));
    this.own({ dispose: () => this.#timers.forEach(clearTimeout) });
    for (const document of workspace.textDocuments) this.#look(document);
  }

  provideCodeActions(document: TextDocument, range: Range): CodeAction[] {
    const faults = this.#faults.get(document.uri.toString()) ?? [];
    return faults.flatMap((fault) => {
      if (!fault.fixes || !toRange(document, fault.range).intersection(range)) return [];
      return fault.fixes().map((fix, index) => {
        const action = new CodeAction(fix.title, CodeActionKind.QuickFix);
        action.edit = new WorkspaceEdit();
        for (const { offset, length, text } of fix.edits) {
          action.edit.replace(document.uri, toRange(document, { start: offset, end: offset + length }), text);
        }
        action.diagnostics = [diagnosticOf(document, fault)];
        action.isPreferred = index === 0;
        return action;
      });
    });
  }

  #lookAt(uri: Uri): void {
    const document = workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
    if (document) this.#look(document);
  }

  #look(document: TextDocument): void {
    if (!isGraphFile(document.uri)) return;
    this.#show(document, this.documents.parsed(document).faults);
    this.#later(document, PAUSE, async () => {
      const { faults } = await this.documents.read(document.uri);
      return faults;
    });
  }

  #later(document: TextDocument, pause: number, read: () => Promise<readonly Fault[]>): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => void this.#read(document, pause, read), pause);
    this.#timers.set(key, timer);
  }

  async #read(document: TextDocument, pause: number, read: () => Promise<readonly Fault[]>): Promise<void> {
    const { version } = document;
    try {
      const faults = await read();
      if (document.isClosed || document.version !== version) return;
      this.#show(document, faults);
      // The data counts for the file as it is on disk: rows are not read at every pause of a hand.
      if (pause === PAUSE && !document.isDirty) this.#later(document, LONG_PAUSE, () => this.#everything(document));
    } catch (error) {
      this.deps.log.warn(`${document.uri.fsPath} could not be checked: ${String(error)}`);
    }
  }

  async #everything(document: TextDocument): Promise<readonly Fault[]> {
    const { faults } = await loadTask(document.uri.fsPath, this.deps.files);
    return faults;
  }

  #show(document: TextDocument, faults: readonly Fault[]): void {
    this.#faults.set(document.uri.toString(), faults);
    this.#shown.set(
      document.uri,
      faults.map((fault) => diagnosticOf(document, fault)),
    );
  }

  #drop({ uri }: TextDocument): void {
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#faults.delete(key);
    this.#shown.delete(Uri.parse(key));
  }
}

const SEVERITIES: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

function diagnosticOf(document: TextDocument, fault: Fault): Diagnostic {
  const diagnostic = new Diagnostic(toRange(document, fault.range), faultText(fault), SEVERITIES[fault.severity]);
  diagnostic.source = "AgentGraph";
  diagnostic.code = fault.code;
  return diagnostic;
}
