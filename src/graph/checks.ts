import { type JsonDocument, rangeOf } from "./document.ts";
import type { Range } from "./fault.ts";
import { addInput, rename } from "./fixes.ts";
import { literalRange } from "./literal.ts";
import { nearest } from "./nearest.ts";
import type { NamedRange, Outline, OutlineNode } from "./outline.ts";
import { patternFault } from "./pattern.ts";
import { findPlaceholders } from "./template.ts";
import { findCycle } from "./topology.ts";

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** What a schema cannot say: names, edges, and what is needed to run. Adds its faults to `document`. */
export function checkGraph(document: JsonDocument, outline: Outline): void {
  checkDuplicateKeys(document);
  if (document.at(["nodes"])?.type !== "object") return;
  checkNames(document, outline);
  checkEdges(document, outline);
  checkOutput(document, outline);
  checkPatterns(document, outline);
  if (outline.nodes.length > 0 && outline.nodes.every(({ trainable }) => !trainable)) {
    const message = "No node has a text that may be changed, so there is nothing to optimize.";
    document.addAtKey("no-trainable-text", ["nodes"], message, 'Remove "trainable": false from a node.');
  }
}

/**
 * Faults of a node's text, wherever it stands: placeholders that are no input of it, and texts to keep that it lacks.
 * @param names of the graph, `namesOf`
 * @param text the decoded text
 */
export function checkText(document: JsonDocument, names: ReadonlySet<string>, node: OutlineNode, text: string): void {
  const inputs = new Set(node.kind === "text" ? [] : node.inputs.map(({ name }) => name));
  for (const { name, offset, length } of findPlaceholders(text)) {
    if (inputs.has(name) || document.isFull) continue;
    const range = placeOf(document, node, offset, length);
    const message = `"${node.id}" has no input "${name}", so {{${name}}} stays in the text as it is.`;
    const known = node.kind === "llm" && names.has(name) && name !== node.id;
    const remedy = known
      ? `Add "${name}" to the inputs of "${node.id}".`
      : `Correct the name, or write \\{{${name}}} where the braces are meant.`;
    document.add("unknown-placeholder", range, message, remedy, known ? addInput(document, node.id, name) : undefined);
  }
  const keep = document.at(["nodes", node.id, "keep"])?.children ?? [];
  for (const entry of keep) {
    if (typeof entry.value !== "string" || text.includes(entry.value)) continue;
    const message = `The text of "${node.id}" does not hold ${JSON.stringify(entry.value)}, which a new version must keep.`;
    document.add("kept-text-absent", rangeOf(entry), message, "Put it into the text, or remove it here.");
  }
}

function checkDuplicateKeys(document: JsonDocument): void {
  const waiting = document.root ? [document.root] : [];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const children = node.children ?? [];
    for (const child of children) if (child.children) waiting.push(child);
    if (node.type !== "object" || document.members(node).size === children.length) continue;
    const seen = new Set<unknown>();
    for (const { children: [key] = [] } of children) {
      if (key && seen.has(key.value)) {
        const message = `The key ${JSON.stringify(key.value)} stands twice in the same object; only the last one counts.`;
        document.add("duplicate-key", rangeOf(key), message, "Remove or rename one of them.");
      }
      seen.add(key?.value);
    }
  }
}

function checkNames(document: JsonDocument, { inputs, nodes }: Outline): void {
  const taken = new Set<string>();
  for (const { name, range } of [...inputs, ...nodes.map(({ id, idRange }) => ({ name: id, range: idRange }))]) {
    if (!NAME.test(name)) {
      const message = `"${name}" cannot be a name.`;
      document.add("bad-name", range, message, "Use a letter, then letters, digits, _ or -.");
    }
    if (taken.has(name)) {
      const message = `The name "${name}" is taken: graph inputs and nodes share one set of names.`;
      document.add("name-taken", range, message, "Give one of them another name, here and where it is used.");
    }
    taken.add(name);
  }
}

function checkEdges(document: JsonDocument, outline: Outline): void {
  const names = namesOf(outline);
  for (const node of outline.nodes) {
    const seen = new Set<string>();
    for (const input of node.inputs) {
      if (!names.has(input.name)) unknownName(document, input, names, `The input "${input.name}" of "${node.id}"`);
      else if (seen.has(input.name)) {
        const message = `"${node.id}" names the input "${input.name}" twice.`;
        document.add("repeated-input", input.range, message, "Remove one of them.");
      }
      seen.add(input.name);
    }
  }

  const predecessors = new Map(outline.nodes.map(({ id, inputs }) => [id, inputs.map(({ name }) => name)]));
  const cycle = findCycle(predecessors);
  if (cycle) addCycle(document, outline, cycle);
  else checkReach(document, outline, predecessors);
}

function addCycle(document: JsonDocument, { nodes }: Outline, cycle: readonly string[]): void {
  const [from, to] = cycle;
  const reader = nodes.find(({ id }) => id === to);
  const edge = reader?.inputs.find(({ name }) => name === from);
  const range = edge?.range ?? reader?.idRange ?? { start: 0, end: 0 };
  const message = `These nodes wait for one another: ${cycle.join(" → ")}.`;
  document.add("cycle", range, message, "Remove one of these inputs: a graph has no cycles.");
}

function checkReach(document: JsonDocument, outline: Outline, predecessors: ReadonlyMap<string, string[]>): void {
  const output = outline.output?.name;
  if (output === undefined || !predecessors.has(output)) return;
  const used = new Set<string>();
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    for (const input of predecessors.get(name) ?? []) waiting.push(input);
  }
  for (const { id, idRange } of outline.nodes) {
    if (used.has(id)) continue;
    const message = `The value of "${id}" does not reach the output "${output}", so the node changes no answer.`;
    document.add("unreachable-node", idRange, message, `Add "${id}" to the inputs of a node on the way, or remove it.`);
  }
  for (const { name, range } of outline.inputs) {
    if (used.has(name) || outline.nodes.some(({ inputs }) => inputs.some((input) => input.name === name))) continue;
    document.add(
      "unused-input",
      range,
      `No node reads the input "${name}".`,
      "Add it to a node's inputs, or remove it.",
    );
  }
}

function checkOutput(document: JsonDocument, { nodes, output }: Outline): void {
  const ids = nodes.map(({ id }) => id);
  if (!output || ids.includes(output.name)) return;
  const meant = nearest(output.name, ids);
  const message = `The output "${output.name}" is no node.`;
  const remedy = meant ? `Did you mean "${meant}"?` : "Name the node whose value is the answer.";
  document.add("unknown-output", output.range, message, remedy, meant ? rename(output.range, meant) : undefined);
}

function checkPatterns(document: JsonDocument, { nodes }: Outline): void {
  const paths = [...nodes.map(({ id }) => ["nodes", id, "output", "pattern"]), ["loss", "pattern"]];
  for (const path of paths) {
    const pattern = document.at(path);
    if (typeof pattern?.value !== "string") continue;
    const flags = path[0] === "loss" ? String(document.at(["loss", "flags"])?.value ?? "") : "";
    const fault = patternFault(pattern.value, flags);
    if (fault === null) continue;
    document.add("bad-pattern", rangeOf(pattern), `This is no regular expression: ${fault}.`, "Correct the pattern.");
  }
}

/** A name that is neither a graph input nor a node, with the nearest one offered. */
function unknownName(document: JsonDocument, at: NamedRange, names: ReadonlySet<string>, what: string): void {
  const meant = document.isCrowded ? null : nearest(at.name, names);
  const remedy = meant ? `Did you mean "${meant}"?` : "Name a graph input or a node.";
  const fix = meant ? rename(at.range, meant) : undefined;
  document.add("unknown-name", at.range, `${what} is neither a graph input nor a node.`, remedy, fix);
}

/** Place of a piece of a node's text; of the whole value where the text stands in a file of its own. */
function placeOf(document: JsonDocument, { id, text }: OutlineNode, offset: number, length: number): Range {
  const value = text && document.at(["nodes", id, text.key]);
  if (!text || !value) return document.rangeAt(["nodes", id]);
  if (text.form === "string") return literalRange(document.text, value, offset, length);
  if (text.form !== "lines") return text.range;
  let start = 0;
  for (const line of value.children ?? []) {
    const end = start + String(line.value).length;
    if (offset <= end) return literalRange(document.text, line, offset - start, length);
    start = end + 1;
  }
  return text.range;
}

/** Names of graph inputs and nodes: they share one set. */
export function namesOf({ inputs, nodes }: Outline): ReadonlySet<string> {
  return new Set([...inputs.map(({ name }) => name), ...nodes.map(({ id }) => id)]);
}
