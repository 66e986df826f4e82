import { basename } from "node:path";
import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  Diagnostic,
  DiagnosticSeverity,
  extensions,
  l10n,
  languages,
  type Range,
  type TextDocument,
  Uri,
  WorkspaceEdit,
  workspace,
} from "vscode";
import { fieldsOf } from "../../data/fields.ts";
import { namedSets } from "../../data/split.ts";
import type { Deps } from "../../deps.ts";
import { chooseTarget, mapFields } from "../../graph/checks/quick-fixes.ts";
import { findRoot } from "../../graph/containment.ts";
import type { Fault, Fix, Severity } from "../../graph/fault.ts";
import { referenceAt } from "../../graph/syntax/outline.ts";
import { loadTask } from "../../run/load.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { isGraphFile } from "../graph-files.ts";
import { faultText, type GraphDocuments, toRange } from "./documents.ts";
import type { PromptFiles } from "./prompts.ts";

/** Milliseconds without a keystroke before prompt files, and before data, are read. */
const PAUSE = 150;
const LONG_PAUSE = 700;
/** Number of characters from which a text is checked after a pause. */
const LARGE = 100_000;

interface Shown {
  readonly version: number;
  readonly faults: readonly Fault[];
}

/** Faults as diagnostics: those of the text at once, those of prompt files and data after a pause. */
export class Diagnostics extends Disposable implements CodeActionProvider {
  readonly #shown = this.own(languages.createDiagnosticCollection("agentgraph"));
  readonly #faults = new Map<string, Shown>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly documents: GraphDocuments,
    private readonly prompts: PromptFiles,
    private readonly deps: Deps,
  ) {
    super();
    this.own(workspace.onDidOpenTextDocument((document) => this.#look(document)));
    this.own(documents.onDidChange((uri) => this.#lookAt(uri)));
    this.own(workspace.onDidCloseTextDocument((document) => this.#drop(document)));
    this.own({ dispose: () => this.#timers.forEach(clearTimeout) });
    for (const document of workspace.textDocuments) this.#look(document);
  }

  async provideCodeActions(document: TextDocument, range: Range): Promise<CodeAction[]> {
    const shown = this.#faults.get(document.uri.toString());
    const { faults } = shown?.version === document.version ? shown : await this.documents.checked(document);
    const touched = faults.filter((fault) => toRange(document, fault.range).intersection(range));
    const actions = await Promise.all(touched.map((fault) => this.#actions(document, fault)));
    return actions.flat();
  }

  async #actions(document: TextDocument, fault: Fault): Promise<CodeAction[]> {
    const fixes = [...(fault.fixes?.() ?? []), ...(await this.#fieldFixes(document, fault))];
    const actions = fixes.map((fix) => edited(document, fix));
    if (fault.code === "missing-file") actions.push(...(await this.#createFile(document, fault)));
    if (fault.code === "no-model") {
      const action = new CodeAction(l10n.t("Choose models"), CodeActionKind.QuickFix);
      action.command = { command: "agentgraph.chooseModels", title: action.title };
      actions.push(action);
    }
    for (const [index, action] of actions.entries()) {
      action.diagnostics = [diagnosticOf(document, fault)];
      action.isPreferred = index === 0;
    }
    return actions;
  }

  /** Fixes that need the data. */
  async #fieldFixes(document: TextDocument, { code }: Fault): Promise<readonly Fix[]> {
    if (code !== "no-target" && code !== "missing-field") return [];
    const { document: json, outline } = this.documents.parsed(document);
    const references = outline.references.filter(({ node }) => node === null).map(({ reference }) => reference);
    const root = await findRoot(document.uri.fsPath, this.deps.files);
    const fields = await fieldsOf([...new Set(references)], root, this.deps.files);
    return code === "no-target" ? chooseTarget(json, outline, fields) : mapFields(json, outline, fields);
  }

  /** Missing prompt files can be created; missing data can't. */
  async #createFile(document: TextDocument, { range }: Fault): Promise<CodeAction[]> {
    const reference = referenceAt(this.documents.parsed(document).outline, range.start);
    const uri = reference?.node == null ? null : await this.prompts.newAddress(document.uri, reference.reference);
    if (!uri) return [];
    const action = new CodeAction(l10n.t("Create {0}", basename(uri.path)), CodeActionKind.QuickFix);
    action.edit = new WorkspaceEdit();
    action.edit.createFile(uri, { ignoreIfExists: true });
    return [action];
  }

  #lookAt(uri: Uri): void {
    const document = workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
    if (document) this.#look(document);
  }

  #look(document: TextDocument): void {
    if (!isGraphFile(document.uri)) return;
    if (document.getText().length <= LARGE) void this.#check(document);
    this.#later(document, PAUSE, async () => {
      const { faults } = await this.documents.read(document.uri);
      return faults;
    });
  }

  async #check(document: TextDocument): Promise<void> {
    const { version } = document;
    const { faults } = await this.documents.checked(document);
    const isShown = this.#faults.get(document.uri.toString())?.version === version;
    if (!isShown && !document.isClosed && document.version === version) this.#show(document, faults);
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
      // Data is checked for the file on disk, so that rows are not read after every keystroke.
      if (pause === PAUSE && !document.isDirty) this.#later(document, LONG_PAUSE, () => this.#everything(document));
    } catch (error) {
      this.deps.log.warn(`${document.uri.fsPath} could not be checked: ${String(error)}`);
    }
  }

  async #everything(document: TextDocument): Promise<readonly Fault[]> {
    const { faults, file } = await loadTask(document.uri.fsPath, this.deps, {
      models: this.documents.models(),
      locale: LOCALE,
    });
    return !file || namedSets(file.data).length === 0
      ? faults
      : faults.map((fault) => (fault.code === "missing-set" ? softened(fault) : fault));
  }

  #show(document: TextDocument, faults: readonly Fault[]): void {
    this.#faults.set(document.uri.toString(), { version: document.version, faults });
    const shown = faults.filter((fault) => !isToldByJson(document, fault));
    this.#shown.set(
      document.uri,
      shown.map((fault) => diagnosticOf(document, isEmpty(document) ? invitation(fault) : fault)),
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

/** Lowers the severity of a missing set, because a graph can be evaluated on the set that it has. */
function softened(fault: Fault): Fault {
  const until = l10n.t("Until then, the graph can be evaluated but not optimized.");
  return { ...fault, severity: "information", remedy: `${fault.remedy} ${until}` };
}

/** Turns the fault of an empty file into a hint on how to start. */
function invitation(fault: Fault): Fault {
  return {
    ...fault,
    severity: "information",
    remedy: l10n.t("Type an opening brace, or run “Trigger Suggest”, to choose a whole graph."),
  };
}

function isEmpty(document: TextDocument): boolean {
  return document.getText().trim() === "";
}

const SEVERITIES: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** VS Code's JSON support reports invalid JSON and duplicate keys, unless it is turned off. */
function isToldByJson(document: TextDocument, { code }: Fault): boolean {
  if (code !== "syntax" && code !== "duplicate-key") return false;
  // It reports nothing for an empty file.
  if (isEmpty(document) || !["json", "jsonc"].includes(document.languageId)) return false;
  const isOn = workspace.getConfiguration("json", document.uri).get("validate.enable", true);
  return isOn && extensions.getExtension("vscode.json-language-features") !== undefined;
}

function diagnosticOf(document: TextDocument, fault: Fault): Diagnostic {
  const diagnostic = new Diagnostic(toRange(document, fault.range), faultText(fault), SEVERITIES[fault.severity]);
  diagnostic.source = "AgentGraph";
  diagnostic.code = fault.code;
  return diagnostic;
}

function edited(document: TextDocument, { title, edits }: Fix): CodeAction {
  const action = new CodeAction(title, CodeActionKind.QuickFix);
  action.edit = new WorkspaceEdit();
  for (const { offset, length, text } of edits) {
    action.edit.replace(document.uri, toRange(document, { start: offset, end: offset + length }), text);
  }
  return action;
}
