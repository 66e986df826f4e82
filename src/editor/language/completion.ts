import { getLocation } from "jsonc-parser";
import {
  CompletionItem,
  CompletionItemKind,
  type CompletionItemProvider,
  l10n,
  Position,
  Range,
  type TextDocument,
  TextEdit,
} from "vscode";
import { fieldsOf } from "../../data/fields.ts";
import type { Files } from "../../deps.ts";
import { inputEdits } from "../../graph/checks/quick-fixes.ts";
import { findRoot } from "../../graph/containment.ts";
import { canChangeInputs } from "../../graph/edges.ts";
import { fillsIn, traitsOf } from "../../graph/node-kinds.ts";
import { isBlank, starters } from "../../graph/starters.ts";
import type { JsonPath } from "../../graph/syntax/document.ts";
import { dependents } from "../../graph/syntax/symbols.ts";
import { begunPlaceholder, placeholderOf, type Templating } from "../../graph/text/templating.ts";
import { LOCALE } from "../editor-locale.ts";
import { isGraphFile } from "../graph-files.ts";
import { oneLine } from "../ui/markdown.ts";
import type { GraphDocuments } from "./documents.ts";
import type { ParsedGraph } from "./parsed.ts";
import type { Home, SymbolLocations } from "./symbol-locations.ts";
import { argumentsOfTool, namedValues } from "./value-completion.ts";

/** Completes names of nodes, graph inputs, data fields, files, methods, tools and their arguments, and `{{name}}` in instructions. */
export class Completion implements CompletionItemProvider {
  constructor(
    private readonly documents: GraphDocuments,
    private readonly spots: SymbolLocations,
    private readonly files: Files,
  ) {}

  async provideCompletionItems(document: TextDocument, position: Position): Promise<CompletionItem[]> {
    if (!isGraphFile(document.uri)) {
      const homes = await this.spots.homes(document, null);
      const open = openBraces(document, position, homes.map(templatingOf));
      return open ? placeholders(homes, open, false) : [];
    }
    const parsed = this.documents.parsed(document);
    if (isBlank(document.getText())) return wholeGraphs(document);
    if (!parsed.document.root) return [];
    const place = placeIn(document, position);
    const [part, id, key] = place.path;
    if (
      part === "nodes" &&
      ["instruction", "text", "keep", "query", "arguments"].includes(String(key)) &&
      place.path[3] !== "file"
    ) {
      const home = { graph: document.uri, parsed, node: String(id) };
      const open = place.isKey ? null : openBraces(document, position, [templatingOf(home)]);
      if (open && place.inText) return placeholders([home], open, true);
      return key === "arguments" && place.path.length === 4 ? argumentsHere(parsed, String(id), place) : [];
    }
    if (part === "nodes" && key === "inputs" && place.path.length === 4)
      return readable(parsed, String(id), place.range);
    const isJoin = parsed.outline.nodes.some((node) => node.id === id && node.body.length > 0);
    if (part === "nodes" && key === "nodes" && place.path.length === 4) {
      const { nodes } = parsed.outline;
      return nodes.filter((node) => node.id !== id).map((node) => item(node.id, node.role || node.kind, place.range));
    }
    if (part === "nodes" && key === "over" && place.path.length === 3 && !place.isKey && isJoin)
      return readable(parsed, String(id), place.range);
    if (part === "nodes" && key === "over" && place.path.length === 3 && !place.isKey) {
      const inputs = parsed.outline.nodes.find((node) => node.id === id)?.inputs ?? [];
      return inputs.map(({ name }) => item(name, l10n.t("input of {0}", String(id)), place.range));
    }
    if (part === "optimize" && id === "edges" && place.path.length === 3) {
      const nodes = parsed.outline.nodes.filter(canChangeInputs);
      return nodes.map((node) => item(node.id, node.role || node.kind, place.range));
    }
    if (part === "output" && place.path.length === 1) return place.isKey ? [] : answers(parsed, place.range);
    if (part === "losses" && place.path.length === 2 && place.isKey) {
      const targets = new Set(parsed.outline.targets.map(({ name }) => name));
      return labelable(parsed, ["losses"], place.range, (node) => targets.has(node));
    }
    const values = place.isKey ? [] : await namedValues(document.uri, place.path, place.range);
    if (values.length > 0) return values;
    if (part === "data") return this.#data(parsed, document, place);
    return [];
  }

  async #data(parsed: ParsedGraph, document: TextDocument, { path, isKey, range }: Place): Promise<CompletionItem[]> {
    const [, key, name] = path;
    if (key === "fields" && isKey && name !== undefined) {
      const fields = parsed.document.at(["data", "fields"]);
      const taken = fields ? parsed.document.members(fields) : new Map();
      return parsed.outline.inputs
        .filter((input) => !taken.has(input.name))
        .map((input) => item(input.name, l10n.t("graph input"), range));
    }
    if (key === "targets" && isKey && name !== undefined) return labelable(parsed, ["data", "targets"], range);
    const isField =
      key === "fields" || key === "targets"
        ? path.length === 3
        : path.length === 2 && /^(target|id|feedback)$/.test(String(key));
    if (isKey || !isField) return [];
    const names = parsed.outline.references.filter(({ node }) => node === null).map(({ reference }) => reference);
    const root = await findRoot(document.uri.fsPath, this.files);
    const fields = new Set([...inlineFields(parsed), ...(await fieldsOf([...new Set(names)], root, this.files))]);
    return [...fields].map((field) => item(field, l10n.t("field of the data"), range));
  }
}

/** Arguments that the node's tool takes and that have no value yet; in a value, those that the argument can have. */
function argumentsHere({ document }: ParsedGraph, id: string, { path, isKey, range }: Place): CompletionItem[] {
  const given = document.at(["nodes", id, "arguments"]);
  const taken = given ? document.members(given) : new Map();
  const known = argumentsOfTool(document.at(["nodes", id, "tool"])?.value);
  if (!isKey)
    return known.flatMap(({ name, values }) => (name === path[3] ? values.map((one) => literal(one, range)) : []));
  return known
    .filter(({ name }) => !taken.has(name))
    .map(({ name, description, isRequired }) => {
      const one = item(name, description, range);
      one.sortText = `${isRequired ? 0 : 1} ${name}`;
      return one;
    });
}

/** Complete graphs to start from, which replace the whole text. */
function wholeGraphs(document: TextDocument): CompletionItem[] {
  const text = document.getText();
  const range = new Range(new Position(0, 0), document.positionAt(text.length));
  return starters(LOCALE.t).map(({ title, text: graph }, at) => {
    const completion = new CompletionItem(
      { label: title, description: l10n.t("whole graph") },
      CompletionItemKind.Snippet,
    );
    completion.range = range;
    completion.filterText = text.trim() === "" ? title : text;
    completion.insertText = graph;
    completion.sortText = ` ${at}`;
    return completion;
  });
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly isKey: boolean;
  readonly inText: boolean;
  /** The range to replace: the text under the cursor with its quotes, else empty. */
  readonly range: Range;
}

function placeIn(document: TextDocument, position: Position): Place {
  const text = document.getText();
  const offset = document.offsetAt(position);
  const { path, isAtPropertyKey, previousNode: node } = getLocation(text, offset);
  const inText = node?.type === "string" && node.offset < offset && offset <= node.offset + node.length;
  const range = new Range(position, position);
  if (!inText) return { path, isKey: isAtPropertyKey, inText, range };
  const end = node.offset + node.length;
  // An unclosed text reaches to the end of its line, so what follows the cursor is not part of it.
  const isClosed = node.length > 1 && text[end - 1] === '"';
  const to = isClosed ? document.positionAt(end) : position;
  return { path, isKey: isAtPropertyKey, inText, range: new Range(document.positionAt(node.offset), to) };
}

/** The range of an unfinished placeholder; null if there is none. */
function openBraces(document: TextDocument, position: Position, templatings: readonly Templating[]): Range | null {
  const line = document.lineAt(position).text;
  const before = line.slice(0, position.character);
  const begun = templatings.map((one) => begunPlaceholder(before, one)).find((at) => at !== null);
  if (begun === undefined || begun === null) return null;
  const rest = /^(?:[^{}"]{0,100}\}\}|[\p{L}\p{M}\p{N}_-]*\}?)/u.exec(line.slice(position.character))?.[0] ?? "";
  const end = rest.endsWith("}") ? rest.length : 0;
  return new Range(position.line, begun, position.line, position.character + end);
}

function templatingOf({ parsed, node }: Home): Templating {
  return parsed.outline.nodes.find(({ id }) => id === node)?.templating ?? "mustache";
}

/** Names that a node can read: without itself, its current inputs, and those that would create a cycle. */
function readable({ outline }: ParsedGraph, id: string, range: Range): CompletionItem[] {
  const after = dependents(outline, id);
  const taken = new Set(outline.nodes.find((node) => node.id === id)?.inputs.map(({ name }) => name));
  return [
    ...outline.inputs.map(({ name }) => ({ name, detail: l10n.t("graph input") })),
    ...outline.nodes.map((node) => ({ name: node.id, detail: node.role || l10n.t("node") })),
  ]
    .filter(({ name }) => !taken.has(name) && !after.has(name))
    .map(({ name, detail }) => item(name, detail, range));
}

function answers({ outline }: ParsedGraph, range: Range): CompletionItem[] {
  return outline.nodes.map(({ id, role }) => item(id, role || l10n.t("node"), range));
}

/** Steps that can have targets of their own, without those that an object names already. */
function labelable(
  { outline, document }: ParsedGraph,
  path: JsonPath,
  range: Range,
  fits: (node: string) => boolean = () => true,
): CompletionItem[] {
  const object = document.at(path);
  const taken = object ? document.members(object) : new Map();
  return outline.nodes
    .filter((node) => traitsOf(node).text !== "value" && node.id !== outline.output?.name)
    .filter(({ id }) => !taken.has(id) && fits(id))
    .map(({ id, role }) => item(id, role || l10n.t("node"), range));
}

function item(name: string, detail: string, range: Range): CompletionItem {
  return literal(JSON.stringify(name), range, detail, ` ${name}`);
}

/** @param label a value as JSON */
function literal(label: string, range: Range, detail = "", sortText = label): CompletionItem {
  const completion = new CompletionItem({ label, description: oneLine(detail, 60) }, CompletionItemKind.Reference);
  completion.range = range;
  completion.filterText = label;
  completion.sortText = sortText;
  return completion;
}

/**
 * The inputs of the text's nodes first, then the other names.
 * @param inGraph the text is in the graph file itself, so that a name can be added as an input
 */
function placeholders(homes: readonly Home[], range: Range, inGraph: boolean): CompletionItem[] {
  const items = new Map<string, CompletionItem>();
  for (const { parsed, node } of homes) {
    const { outline, document } = parsed;
    const reader = outline.nodes.find(({ id }) => id === node);
    // The arguments of a tool, which stand in the graph file, are no text of their own.
    if (!reader || !(fillsIn(reader) || (inGraph && traitsOf(reader).reads))) continue;
    const after = dependents(outline, reader.id);
    const read = new Set(reader.inputs.map(({ name }) => name));
    const known = [
      ...outline.inputs.map(({ name }) => ({ name, detail: l10n.t("graph input") })),
      ...outline.nodes.map(({ id, role }) => ({ name: id, detail: role || l10n.t("node") })),
    ];
    for (const { name, detail } of known) {
      if (after.has(name) || (items.has(name) && !read.has(name))) continue;
      const isRead = read.has(name);
      const description = isRead ? oneLine(detail, 60) : l10n.t("not yet an input of {0}", reader.id);
      const written = placeholderOf(name, reader.templating);
      const completion = new CompletionItem({ label: written, description }, CompletionItemKind.Variable);
      completion.range = range;
      completion.filterText = written;
      completion.sortText = `${isRead ? 0 : 1} ${name}`;
      if (!isRead && inGraph) {
        completion.additionalTextEdits = inputEdits(document, outline, reader.id, name).map(
          ({ offset, length, text }) => TextEdit.replace(parsed.range({ start: offset, end: offset + length }), text),
        );
      }
      items.set(name, completion);
    }
  }
  return [...items.values()];
}

function inlineFields({ document }: ParsedGraph): string[] {
  return ["train", "validation", "test"].flatMap((set) => {
    const row = document.at(["data", set, 0]);
    return row ? [...document.members(row).keys()] : [];
  });
}
