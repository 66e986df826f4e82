import { basename } from "node:path";
import { Diagnostic, DiagnosticSeverity, l10n, Range, type TextDocument } from "vscode";
import type { Sandbox } from "../../deps.ts";
import { programExtension } from "../../graph/program-file.ts";
import { Disposable } from "../disposable.ts";
import { oneLine } from "../ui/markdown.ts";
import { OpenFiles } from "./open-files.ts";
import type { PromptFiles } from "./prompts.ts";

/** Milliseconds without a keystroke before a file is checked. */
const PAUSE = 300;
/** Maximum number of characters of a file that is checked while it is edited. */
const LARGE = 500_000;

/** Reports syntax errors and a missing default export in open files whose code a graph runs. Nothing of them runs. */
export class CodeDiagnostics extends Disposable {
  constructor(
    prompts: PromptFiles,
    private readonly sandbox: Pick<Sandbox, "check">,
  ) {
    super();
    const files = this.own(
      new OpenFiles({
        name: "agentgraph-code",
        pause: PAUSE,
        concerns: ({ uri }) => prompts.isCode(uri) && programExtension(uri.fsPath) === null,
        check: (document) => this.#check(document),
      }),
    );
    this.own(prompts.onDidChange(() => files.lookAtAll()));
    files.lookAtAll();
  }

  async #check(document: TextDocument): Promise<readonly Diagnostic[] | null> {
    const text = document.getText();
    if (text.length > LARGE) return null;
    const fault = await this.sandbox.check({ file: basename(document.uri.fsPath), text }).catch(() => null);
    if (!fault) return [];
    const line = Math.min(document.lineCount, fault.line ?? 1) - 1;
    const { range, firstNonWhitespaceCharacterIndex: start } = document.lineAt(line);
    const message = l10n.t("AgentGraph can't run this code: {0}.", oneLine(fault.problem, 300));
    const diagnostic = new Diagnostic(new Range(line, start, line, range.end.character), message);
    diagnostic.severity = DiagnosticSeverity.Error;
    diagnostic.source = "AgentGraph";
    diagnostic.code = "bad-code";
    return [diagnostic];
  }
}
