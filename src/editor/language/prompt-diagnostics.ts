import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticSeverity,
  Location,
  l10n,
  type Range,
  type TextDocument,
  WorkspaceEdit,
  workspace,
} from "vscode";
import { didYouMean } from "../../graph/checks/did-you-mean.ts";
import { type ForeignMark, foreignMarks } from "../../graph/checks/foreign-templates.ts";
import { correctPlaceholder, inputEdits } from "../../graph/checks/quick-fixes.ts";
import { foreignMarkFault, placeholderFault } from "../../graph/checks/text-checks.ts";
import { FAULTS } from "../../graph/fault.ts";
import { fillsIn, traitsOf } from "../../graph/node-kinds.ts";
import { placedText } from "../../graph/places/place.ts";
import { isPlaced } from "../../graph/places/placed-text.ts";
import type { OutlineNode } from "../../graph/syntax/outline.ts";
import { formOf, isBound, type Use, usesInPrompt } from "../../graph/syntax/symbols.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { toRange } from "./documents.ts";
import { OpenFiles } from "./open-files.ts";
import type { PromptFiles } from "./prompts.ts";
import type { Home, SymbolLocations } from "./symbol-locations.ts";

/** Milliseconds without a keystroke before a file is checked. */
const PAUSE = 150;
/** Maximum number of graphs in a message. */
const MOST = 3;

/** A `{{name}}` of a prompt file that a node does not read. */
interface Unknown {
  readonly use: Use;
  /** Nodes with this text that don't have the input. */
  readonly readers: readonly { readonly home: Home; readonly node: OutlineNode }[];
}

/** A part of another template language in a prompt file, which a node would send unchanged. */
interface Foreign {
  readonly mark: ForeignMark;
  readonly range: Range;
  /** The first node with this text. */
  readonly home: Home;
  readonly node: OutlineNode;
}

/**
 * Reports and fixes each `{{name}}` of an open prompt file that is not an input of its nodes, and parts of other
 * template languages.
 */
export class PromptDiagnostics extends Disposable implements CodeActionProvider {
  constructor(
    private readonly spots: SymbolLocations,
    prompts: PromptFiles,
  ) {
    super();
    const files = this.own(
      new OpenFiles({
        name: "agentgraph-prompts",
        pause: PAUSE,
        concerns: ({ uri }) => prompts.users(uri).length > 0,
        check: async (document) => {
          const [unknown, foreign] = await Promise.all([this.#unknown(document), this.#foreign(document)]);
          return [...unknown.map((one) => diagnosticOf(document, one)), ...foreign.map(foreignDiagnostic)];
        },
      }),
    );
    this.own(prompts.onDidChange(() => files.lookAtAll()));
    files.lookAtAll();
  }

  async provideCodeActions(document: TextDocument, range: Range): Promise<CodeAction[]> {
    const [unknown, foreign] = await Promise.all([this.#unknown(document), this.#foreign(document)]);
    return [
      ...unknown
        .filter(({ use }) => toRange(document, use.around).intersection(range))
        .flatMap((one) => actionsFor(document, one)),
      ...foreign.filter((one) => one.range.intersection(range)).flatMap((one) => foreignActions(document, one)),
    ];
  }

  async #foreign(document: TextDocument): Promise<Foreign[]> {
    const homes = await this.spots.homes(document, null);
    const content = document.getText();
    const found = new Map<number, Foreign>();
    for (const home of homes) {
      const node = home.parsed.outline.nodes.find(({ id }) => id === home.node);
      if (!node || traitsOf(node).text === "code") continue;
      const text = placedText(content, node.text?.part);
      if (!isPlaced(text)) continue;
      const inputs = new Set([...node.inputs.map(({ name }) => name), ...Object.keys(node.variables)]);
      for (const mark of foreignMarks(text.text, inputs, node)) {
        const place = text.rangeOf(mark.offset, mark.length);
        const range = toRange(document, place);
        if (!found.has(place.start)) found.set(place.start, { mark, range, home, node });
      }
    }
    return [...found.values()];
  }

  async #unknown(document: TextDocument): Promise<Unknown[]> {
    const homes = await this.spots.homes(document, null);
    const found = new Map<number, { use: Use; readers: { home: Home; node: OutlineNode }[] }>();
    for (const home of homes) {
      const node = home.parsed.outline.nodes.find(({ id }) => id === home.node);
      if (!node || traitsOf(node).text === "code") continue;
      const isRead = (name: string) =>
        fillsIn(node) && (name in node.variables || node.inputs.some((input) => input.name === name));
      for (const use of usesInPrompt(document.getText(), formOf(node))) {
        if (isRead(use.name)) continue;
        const known = found.get(use.around.start) ?? { use, readers: [] };
        found.set(use.around.start, { use, readers: [...known.readers, { home, node }] });
      }
    }
    return [...found.values()].sort((a, b) => a.use.around.start - b.use.around.start);
  }
}

function foreignDiagnostic({ mark, range, home, node }: Foreign): Diagnostic {
  const { code, message, remedy } = foreignMarkFault(node, mark, LOCALE.t);
  const graph = workspace.asRelativePath(home.graph);
  const severity = FAULTS[code] === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
  const diagnostic = new Diagnostic(range, l10n.t("{0}: {1}", graph, `${message} ${remedy}`), severity);
  diagnostic.source = "AgentGraph";
  diagnostic.code = code;
  return diagnostic;
}

function foreignActions(document: TextDocument, foreign: Foreign): CodeAction[] {
  const { instead } = foreign.mark;
  if (instead === null) return [];
  const action = new CodeAction(l10n.t("Change to {0}", instead), CodeActionKind.QuickFix);
  action.edit = new WorkspaceEdit();
  action.edit.replace(document.uri, foreign.range, instead);
  action.diagnostics = [foreignDiagnostic(foreign)];
  action.isPreferred = true;
  return [action];
}

function diagnosticOf(document: TextDocument, { use, readers }: Unknown): Diagnostic {
  const sentences = readers.slice(0, MOST).map(({ home, node }) => {
    const { message, remedy } = messageFor(use, home, node);
    return l10n.t("{0}: {1}", workspace.asRelativePath(home.graph), `${message} ${remedy}`);
  });
  const range = toRange(document, use.around);
  const diagnostic = new Diagnostic(range, sentences.join("\n"), DiagnosticSeverity.Warning);
  diagnostic.source = "AgentGraph";
  diagnostic.code = "unknown-placeholder";
  diagnostic.relatedInformation = readers.slice(0, MOST).map(({ home, node }) => {
    const place = new Location(home.graph, home.parsed.range(node.idRange));
    return new DiagnosticRelatedInformation(place, l10n.t("This text belongs to the node “{0}”.", node.id));
  });
  return diagnostic;
}

function messageFor(use: Use, { parsed }: Home, node: OutlineNode) {
  return placeholderFault(node, use.name, isBound(parsed.outline, node.id, use.name), meantBy(use, node), LOCALE.t);
}

function meantBy({ name }: Use, { inputs }: OutlineNode): string | null {
  return didYouMean(
    name,
    inputs.map((input) => input.name),
  );
}

function actionsFor(document: TextDocument, unknown: Unknown): CodeAction[] {
  const { use, readers } = unknown;
  const actions = readers.slice(0, MOST).flatMap(({ home, node }) => {
    const { document: json, outline } = home.parsed;
    const edits = isBound(outline, node.id, use.name) ? inputEdits(json, outline, node.id, use.name) : [];
    if (edits.length === 0) return [];
    const graph = workspace.asRelativePath(home.graph);
    const title = l10n.t("Add “{0}” to the inputs of “{1}” in {2}", use.name, node.id, graph);
    const action = new CodeAction(title, CodeActionKind.QuickFix);
    action.edit = new WorkspaceEdit();
    for (const { offset, length, text } of edits) {
      action.edit.replace(home.graph, home.parsed.range({ start: offset, end: offset + length }), text);
    }
    return [action];
  });
  // A text node keeps the backslash, because nothing is filled in there.
  const [first] = readers.every(({ node }) => fillsIn(node) && node.templating === "mustache") ? readers : [];
  const fixes = first ? correctPlaceholder(LOCALE, use, meantBy(use, first.node), "\\") : [];
  for (const { title, edits } of fixes) {
    const action = new CodeAction(title, CodeActionKind.QuickFix);
    action.edit = new WorkspaceEdit();
    for (const { offset, length, text } of edits) {
      action.edit.replace(document.uri, toRange(document, { start: offset, end: offset + length }), text);
    }
    actions.push(action);
  }
  for (const [index, action] of actions.entries()) {
    action.diagnostics = [diagnosticOf(document, unknown)];
    action.isPreferred = index === 0;
  }
  return actions;
}
