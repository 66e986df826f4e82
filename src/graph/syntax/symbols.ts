import type { Node } from "jsonc-parser";
import type { Range } from "../fault.ts";
import { fillsIn } from "../node-kinds.ts";
import type { TextPart } from "../places/part.ts";
import { placedText } from "../places/place.ts";
import { isPlaced } from "../places/placed-text.ts";
import { INSTRUCTION } from "../text/template.ts";
import { findPlaceholders, looseAmong, type TextSyntax } from "../text/templating.ts";
import { type JsonDocument, rangeOf, stringsIn } from "./document.ts";
import { literalRange } from "./literal.ts";
import { keysOf, type NamedRange, type Outline, type OutlineNode } from "./outline.ts";

/** An occurrence of a name of the graph, in the graph file or in a prompt file. */
export interface Use {
  readonly name: string;
  readonly kind: UseKind;
  /** Range of the name. */
  readonly range: Range;
  /** With its quotes or braces. */
  readonly around: Range;
  /** The node in whose part of the graph file it is; null outside the nodes, and in a prompt file. */
  readonly node: string | null;
}

/**
 * `node`, `input`: where the name is made. `reads`: in a node's `inputs` or `variables`. `field`: a key of `data.fields`. `target`: a key of
 * `data.targets` or `losses`. `kept`: a `{{name}}` in `keep`. `tuned`: in `optimize.edges`.
 */
export type UseKind = "node" | "input" | "reads" | "output" | "field" | "target" | "placeholder" | "kept" | "tuned";

export function makesName({ kind }: Use): boolean {
  return kind === "node" || kind === "input";
}

/** What a name stands for; null if it stands for nothing. Graph inputs and nodes share one set of names. */
export type Named = { readonly node: OutlineNode } | { readonly input: NamedRange };

export function named({ nodes, inputs }: Outline, name: string): Named | null {
  const node = nodes.find(({ id }) => id === name);
  if (node) return { node };
  const input = inputs.find((it) => it.name === name);
  return input ? { input } : null;
}

/** Names of graph inputs and nodes: they share one set. */
export function namesOf({ inputs, nodes }: Outline): ReadonlySet<string> {
  return new Set([...inputs.map(({ name }) => name), ...nodes.map(({ id }) => id)]);
}

/** Every place of a graph file where a name is, in the order of the file; texts of prompt files are not looked into. */
export function usesIn(document: JsonDocument, { inputs, nodes, output }: Outline): Use[] {
  const quoted = (kind: UseKind, name: NamedRange, node: string | null) => quotedUse(document.text, kind, name, node);
  const uses = inputs.map((input) => quoted("input", input, null));
  const partsOf = partsIn(document);
  for (const node of nodes) {
    uses.push(quoted("node", { name: node.id, range: node.idRange }, node.id));
    uses.push(...node.inputs.map((input) => quoted("reads", input, node.id)));
    uses.push(...node.body.slice(0, -1).map((name) => quoted("reads", name, node.id)));
    if (node.over) uses.push(quoted("reads", node.over, node.id));
    const parts = partsOf(node.id);
    uses.push(...variableUses(document, node, parts));
    if (node.kind === "tool") uses.push(...argumentPlaceholders(document, node, parts));
    if (!fillsIn(node)) continue;
    uses.push(...placeholdersIn(document, node, parts), ...keptPlaceholders(document, node, parts));
    uses.push(...framePlaceholders(document, node, parts));
  }
  if (output) uses.push(quoted("output", output, null));
  uses.push(...keysOf(document, ["data", "fields"]).map((key) => quoted("field", key, null)));
  uses.push(
    ...["targets", "losses"].flatMap((key) => {
      const path = key === "targets" ? ["data", key] : [key];
      return keysOf(document, path).map((name) => quoted("target", name, null));
    }),
  );
  const tuned = document.at(["optimize", "edges"]);
  for (const element of tuned?.type === "array" ? (tuned.children ?? []) : []) {
    if (element.type === "string")
      uses.push(quoted("tuned", { name: String(element.value), range: rangeOf(element) }, null));
  }
  return uses.sort((a, b) => a.around.start - b.around.start);
}

/** A node's text in a file of its own. */
export interface PromptForm extends TextSyntax {
  readonly part?: TextPart | undefined;
}

/** How a node's prompt file is read. */
export function formOf({ text, templating, looseNames }: OutlineNode): PromptForm {
  return { part: text?.part, templating, looseNames };
}

/** Every placeholder in the content of a prompt file, or in the part of it that is a node's text. */
export function usesInPrompt(content: string, { part, ...syntax }: PromptForm = {}): Use[] {
  const found = placedText(content, part);
  if (!isPlaced(found)) return [];
  return placeholdersAt(found.text, null, "placeholder", syntax, found.rangeOf);
}

/** Every `{{name}}` of a text that is in the graph file itself. */
export function inlinePlaceholders(document: JsonDocument, node: OutlineNode): Use[] {
  return placeholdersIn(document, node, partsIn(document)(node.id));
}

/** Ranges in the graph file of what `find` finds in a text that is there; empty for one of a file or of rows. */
export function inlineRanges<T extends { readonly offset: number; readonly length: number }>(
  document: JsonDocument,
  { id, text }: OutlineNode,
  find: (text: string) => readonly T[],
): (T & { readonly range: Range })[] {
  const value = text && document.at(["nodes", id, text.key]);
  const literals = text?.form === "string" ? [value] : text?.form === "lines" ? (value?.children ?? []) : [];
  return literals.flatMap((literal) => {
    const content: unknown = literal?.value;
    if (!literal || typeof content !== "string") return [];
    return find(content).map((found) => ({
      ...found,
      range: literalRange(document.text, literal, found.offset, found.length),
    }));
  });
}

type Parts = ReadonlyMap<string, Node>;

/** The members of a node by its id. */
function partsIn(document: JsonDocument): (id: string) => Parts {
  const nodes = document.at(["nodes"]);
  const members = nodes && document.members(nodes);
  return (id) => {
    const node = members?.get(id)?.children?.[1];
    return node ? document.members(node) : new Map();
  };
}

function placeholdersIn(document: JsonDocument, node: OutlineNode, parts: Parts): Use[] {
  const { text } = node;
  const value = text && parts.get(text.key)?.children?.[1];
  if (text?.form === "string" && value) return placeholdersOf(document, value, node, "placeholder");
  if (text?.form !== "lines") return [];
  return (value?.children ?? []).flatMap((line) => placeholdersOf(document, line, node, "placeholder"));
}

/** The name at an offset, its quotes or braces included. */
export function useAt(uses: readonly Use[], offset: number): Use | null {
  return uses.find(({ around }) => around.start <= offset && offset <= around.end) ?? null;
}

/** Whether the name stands for something: a placeholder does so only where it is filled in. */
export function isBound(outline: Outline, node: string, name: string): boolean {
  const reader = outline.nodes.find(({ id }) => id === node);
  if (reader?.kind === "tool") return reader.inputs.some((input) => input.name === name);
  if (!reader || !fillsIn(reader)) return false;
  return reader.inputs.some((input) => input.name === name) || (name !== node && named(outline, name) !== null);
}

/** Ids of the nodes that read a name, in the order of the file. */
export function readersOf({ nodes }: Outline, name: string): string[] {
  return nodes.filter(({ inputs }) => inputs.some((input) => input.name === name)).map(({ id }) => id);
}

/** The nodes whose values depend on this one's, itself included: were it to read one of them, there would be a cycle. */
export function dependents({ nodes }: Outline, id: string): ReadonlySet<string> {
  const readers = new Map<string, string[]>();
  for (const { id: reader, inputs } of nodes) {
    for (const { name } of inputs) {
      const known = readers.get(name);
      if (known) known.push(reader);
      else readers.set(name, [reader]);
    }
  }
  const found = new Set([id]);
  for (const name of found) for (const reader of readers.get(name) ?? []) found.add(reader);
  return found;
}

/** Ids of the nodes that no other node reads: what the answer may be. */
export function sinksOf({ nodes }: Outline): string[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  return nodes.filter(({ id }) => !read.has(id)).map(({ id }) => id);
}

function keptPlaceholders(document: JsonDocument, node: OutlineNode, parts: Parts): Use[] {
  const entries = parts.get("keep")?.children?.[1]?.children ?? [];
  return entries.flatMap((entry) => placeholdersOf(document, entry, node, "kept"));
}

/** Inputs that variables stand for. */
function variableUses({ text }: JsonDocument, { id }: OutlineNode, parts: Parts): Use[] {
  const members = parts.get("variables")?.children?.[1]?.children ?? [];
  return members.flatMap(({ children: [, value] = [] }) =>
    value?.type === "string"
      ? [quotedUse(text, "reads", { name: String(value.value), range: rangeOf(value) }, id)]
      : [],
  );
}

/** Placeholders in the values of a tool's arguments. */
function argumentPlaceholders(document: JsonDocument, node: OutlineNode, parts: Parts): Use[] {
  const given = parts.get("arguments")?.children?.[1];
  const inFile = inGraphFile(node);
  return (given ? stringsIn(given) : []).flatMap((one) => placeholdersOf(document, one, inFile, "placeholder"));
}

/** The node with the language of the graph file, in which its frame and its arguments are. */
function inGraphFile({ id, inputs }: OutlineNode) {
  return { id, templating: "mustache" as const, looseNames: looseAmong(inputs.map(({ name }) => name)) };
}

function framePlaceholders(document: JsonDocument, node: OutlineNode, parts: Parts): Use[] {
  const frame = parts.get("frame")?.children?.[1];
  const literals = frame?.type === "array" ? (frame.children ?? []) : frame ? [frame] : [];
  const inFile = inGraphFile(node);
  const uses = literals.flatMap((literal) => placeholdersOf(document, literal, inFile, "placeholder"));
  return uses.filter(({ name }) => name !== INSTRUCTION);
}

function placeholdersOf(
  document: JsonDocument,
  literal: Node,
  { id, ...syntax }: Pick<OutlineNode, "id" | "templating" | "looseNames">,
  kind: UseKind,
): Use[] {
  const text: unknown = literal.value;
  if (literal.type !== "string" || typeof text !== "string" || !text.includes("{")) return [];
  return placeholdersAt(text, id, kind, syntax, (offset, length) =>
    literalRange(document.text, literal, offset, length),
  );
}

function placeholdersAt(
  text: string,
  node: string | null,
  kind: UseKind,
  syntax: TextSyntax,
  rangeAt: (offset: number, length: number) => Range,
): Use[] {
  return findPlaceholders(text, syntax).map(({ name, offset, length }) => {
    const from = offset + text.slice(offset, offset + length).indexOf(name);
    return { name, kind, range: rangeAt(from, name.length), around: rangeAt(offset, length), node };
  });
}

/** In the middle of typing, the closing quote may be missing: what follows is not the name's. */
function quotedUse(source: string, kind: UseKind, { name, range }: NamedRange, node: string | null): Use {
  const start = range.start + 1;
  const isClosed = range.end > start && source[range.end - 1] === '"';
  if (isClosed) return { name, kind, range: { start, end: range.end - 1 }, around: range, node };
  const end = Math.min(start + name.length, Math.max(start, range.end));
  return { name, kind, range: { start, end }, around: { start: range.start, end }, node };
}
