import { getNodePath } from "jsonc-parser";
import { didYouMean } from "./did-you-mean.ts";
import { type JsonDocument, rangeOf } from "./document.ts";
import type { Fix, Range } from "./fault.ts";
import { type ForeignMark, foreignMarks } from "./foreign-templates.ts";
import { fillsIn, traitsOf } from "./node-kinds.ts";
import { NAME, type NamedRange, type Outline, type OutlineNode } from "./outline.ts";
import { patternFault } from "./pattern.ts";
import {
  addInput,
  change,
  correctPlaceholder,
  declareInput,
  remove,
  removeChildren,
  rename,
  replace,
} from "./quick-fixes.ts";
import { strayRole } from "./role-marks.ts";
import { inlinePlaceholders, inlineRanges, namesOf, sinksOf, type Use, usesIn } from "./symbols.ts";
import { INSTRUCTION } from "./template.ts";
import { findPlaceholders, placeholderOf, placeholders } from "./templating.ts";
import { findCycle } from "./topology.ts";

/** What a schema cannot say: names, edges, and what is needed to run. Adds its faults to `document`. */
export function checkGraph(document: JsonDocument, outline: Outline): void {
  checkDuplicateKeys(document);
  if (document.at(["nodes"])?.type !== "object") return;
  checkNames(document, outline);
  checkEdges(document, outline);
  checkOutput(document, outline);
  checkPatterns(document, outline);
  if (outline.nodes.length > 0 && outline.nodes.every(({ trainable }) => !trainable)) {
    const message = "No node has a text that can change, so there is nothing to optimize.";
    document.addAtKey("no-trainable-text", ["nodes"], message, 'Remove "trainable": false from a node.', () =>
      outline.nodes
        .slice(0, 5)
        .flatMap(({ id }) => remove(document, ["nodes", id, "trainable"], `Allow the text of "${id}" to change`)),
    );
  }
}

/** Texts to keep that are looked for: each may be a search through a megabyte. */
const MOST_KEPT = 50;

/**
 * Faults of a node's text, wherever it stands: placeholders that are no input of it, and texts to keep that it lacks.
 * @param names of the graph: `namesOf(outline)`
 * @param text the decoded text
 * @param firstLine of the text in its own file, from 1
 */
export function checkText(
  document: JsonDocument,
  outline: Outline,
  names: ReadonlySet<string>,
  node: OutlineNode,
  text: string,
  firstLine = 1,
): void {
  if (traitsOf(node).text === "code") return;
  const use = fillsIn(node) ? "instruction" : traitsOf(node).text;
  const inputs = new Set(node.inputs.map(({ name }) => name));
  for (const { name, place, range } of placeholdersOf(document, node, text)) {
    if (inputs.has(name) || document.isFull) continue;
    const known = use === "instruction" && names.has(name) && name !== node.id;
    const meant = document.isCrowded ? null : didYouMean(name, inputs);
    const { message, remedy } = placeholderFault(node, name, known, meant);
    document.add("unknown-placeholder", range, message, remedy, () => [
      ...(known ? addInput(document, outline, node.id, name) : []),
      ...(place && use === "instruction" && node.templating === "mustache"
        ? correctPlaceholder(place, meant, "\\\\")
        : []),
    ]);
  }
  checkForeignTemplates(document, node, text, inputs, firstLine);
  if (use === "instruction" && node.frame === null) checkRoles(document, node, text, firstLine);
  const keep = document.at(["nodes", node.id, "keep"])?.children ?? [];
  for (const entry of keep.slice(0, MOST_KEPT)) {
    if (typeof entry.value !== "string" || text.includes(entry.value)) continue;
    const message = `The text of "${node.id}" does not contain ${JSON.stringify(entry.value)}, which is listed in "keep".`;
    document.add("kept-text-absent", rangeOf(entry), message, 'Add it to the text, or remove it from "keep".', () =>
      removeChildren(document, ["nodes", node.id, "keep"], [entry.offset], `Remove it from "keep"`),
    );
  }
}

/** What is written for another template language is never sent as it is. */
function checkForeignTemplates(
  document: JsonDocument,
  node: OutlineNode,
  text: string,
  inputs: ReadonlySet<string>,
  firstLine: number,
): void {
  const find = (content: string) => foreignMarks(content, inputs, node.templating);
  const reference = node.text?.reference ?? null;
  const found =
    reference !== null
      ? find(text).map((mark) => ({
          ...mark,
          range: document.rangeAt(["nodes", node.id, node.text?.key ?? "", "file"]),
        }))
      : inlineRanges(document, node, find);
  for (const { range, ...mark } of found.slice(0, MOST_FOREIGN)) {
    const line = firstLine + text.slice(0, mark.offset).split("\n").length - 1;
    const { code, message, remedy } = foreignMarkFault(node, mark);
    document.add(code, range, reference === null ? message : `${reference}:${line}: ${message}`, remedy, () =>
      mark.instead !== null && reference === null ? [change(range, mark.instead, `Change to ${mark.instead}`)] : [],
    );
  }
}

function checkRoles(document: JsonDocument, node: OutlineNode, text: string, firstLine: number): void {
  const stray = strayRole(text);
  if (!stray) return;
  const line = firstLine + text.slice(0, stray.offset).split("\n").length - 1;
  const place = node.text?.reference == null ? "" : `${node.text.reference}:${line}: `;
  const message = `${place}"${stray.line}" does not start a message, because the text doesn't begin with a role. The whole text is sent as one message.`;
  const path = ["nodes", node.id, node.text?.key ?? ""];
  document.addAt(
    "unclear-roles",
    path,
    message,
    'Begin the text with the line "system:" to send each part as a message.',
  );
}

/** Faults of one text that are told. */
const MOST_FOREIGN = 20;

/** The fault of a mark of another template language. In a text that is a node's value, nothing is filled in. */
export function foreignMarkFault(node: OutlineNode, { shown, what, instead }: ForeignMark) {
  const message = `${shown} is ${what}, which AgentGraph doesn't fill in.`;
  if (!fillsIn(node)) {
    const remedy = "Move it to the instruction of a node that reads this text.";
    return { code: "unknown-placeholder", message, remedy } as const;
  }
  const remedy = instead
    ? `Write ${instead}, or ${literalBraces(node)}.`
    : `Write ${placeholderOf("name", node.templating)} for the value of an input, or ${literalBraces(node)}.`;
  return { code: "foreign-template", message, remedy } as const;
}

/** How to have braces sent, as a clause. */
function literalBraces({ templating }: OutlineNode): string {
  if (templating === "python") return "double its braces to send them";
  return templating === "jinja"
    ? "put it between {% raw %} and {% endraw %} to send it"
    : "put a backslash before it to send the braces";
}

/** The fault of a `{{name}}` that is no input of the node. @param known whether the name stands for anything */
export function placeholderFault(node: OutlineNode, name: string, known: boolean, meant: string | null) {
  const { id, templating } = node;
  const written = placeholderOf(name, templating);
  const message = `"${id}" has no input "${name}", so ${written} is sent as it is.`;
  if (!fillsIn(node)) return { message, remedy: "Move it to the instruction of a node that reads this text." };
  if (known) return { message, remedy: `Add "${name}" to the inputs of "${id}".` };
  if (meant) return { message, remedy: `Did you mean ${placeholderOf(meant, templating)}?` };
  if (templating !== "mustache") return { message, remedy: `Correct the name, or ${literalBraces(node)}.` };
  return { message, remedy: `Correct the name, or write \\${written} to send the braces.` };
}

/** Each placeholder of a node's text with its place; those of a file of its own stand where the graph names the file. */
function placeholdersOf(document: JsonDocument, node: OutlineNode, text: string) {
  const inline: { name: string; range: Range; place: Use | null }[] = inlinePlaceholders(document, node).map(
    (place) => ({
      name: place.name,
      range: place.around,
      place,
    }),
  );
  const range = node.text?.range;
  if (inline.length > 0 || !range) return inline;
  return findPlaceholders(text, node.templating).map(({ name }) => ({ name, range, place: null }));
}

function checkDuplicateKeys(document: JsonDocument): void {
  const waiting = document.root ? [document.root] : [];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const children = node.children ?? [];
    for (const child of children) if (child.children) waiting.push(child);
    if (node.type !== "object" || document.members(node).size === children.length) continue;
    const holder = node;
    const seen = new Set<unknown>();
    for (const { children: [key] = [] } of children) {
      if (key && seen.has(key.value)) {
        const message = `The key ${JSON.stringify(key.value)} occurs twice in the same object. Only the last one is used.`;
        const first = children.find((child) => child.children?.[0]?.value === key.value);
        document.add("duplicate-key", rangeOf(key), message, "Remove or rename one of them.", () =>
          first
            ? removeChildren(document, getNodePath(holder), [first.offset], "Remove the first, which is not used")
            : [],
        );
      }
      seen.add(key?.value);
    }
  }
}

function checkNames(document: JsonDocument, outline: Outline): void {
  const { inputs, nodes } = outline;
  const taken = new Set<string>();
  for (const { name, range } of [...inputs, ...nodes.map(({ id, idRange }) => ({ name: id, range: idRange }))]) {
    if (!NAME.test(name)) {
      const message = `"${name}" is not a valid name.`;
      document.add("bad-name", range, message, "Start with a letter, then use letters, digits, _ or -.", () =>
        goodName(document, outline, name),
      );
    }
    if (taken.has(name)) {
      const message = `The name "${name}" is used twice. Graph inputs and nodes can't have the same name.`;
      document.add("name-taken", range, message, "Rename one of them, here and wherever it is used.");
    }
    taken.add(name);
  }
}

function checkEdges(document: JsonDocument, outline: Outline): void {
  const names = namesOf(outline);
  for (const node of outline.nodes) {
    checkFrame(document, node);
    const seen = new Set<string>();
    for (const input of node.inputs) {
      if (!names.has(input.name)) unknownName(document, node, input, names);
      else if (seen.has(input.name)) {
        const message = `"${node.id}" names the input "${input.name}" twice.`;
        const path = ["nodes", node.id, "inputs"];
        document.add("repeated-input", input.range, message, "Remove one of them.", () =>
          removeChildren(document, path, [input.range.start], "Remove this one"),
        );
      }
      seen.add(input.name);
      if (traitsOf(node).text !== "value" || !outline.nodes.some(({ id }) => id === input.name)) continue;
      const message = `"${input.name}" is a node. A text can only be filled in with graph inputs.`;
      document.add("wrong-value", input.range, message, "Remove it, and let the node that reads this text read it.");
    }
  }

  const predecessors = new Map(outline.nodes.map(({ id, inputs }) => [id, inputs.map(({ name }) => name)]));
  const cycle = findCycle(predecessors);
  if (cycle) addCycle(document, outline, cycle);
  else checkReach(document, outline, predecessors);
}

/** What is sent around an instruction has to have a place for it, and names inputs only. */
function checkFrame(document: JsonDocument, { id, frame, inputs }: OutlineNode): void {
  if (frame === null) return;
  const path = ["nodes", id, "frame"];
  const named = new Set(placeholders(frame));
  if (!named.has(INSTRUCTION)) {
    const message = `The frame of "${id}" has no place for the instruction.`;
    document.addAt("wrong-value", path, message, "Write {{instruction}} where it stands.");
  }
  const strange = [...named].filter((name) => name !== INSTRUCTION && !inputs.some((input) => input.name === name));
  for (const name of strange) {
    const message = `The frame of "${id}" names {{${name}}}, which is no input of it.`;
    document.addAt("unknown-placeholder", path, message, `Add "${name}" to the inputs of "${id}".`);
  }
  const taken = inputs.find(({ name }) => name === INSTRUCTION);
  if (!taken) return;
  const message = `"${id}" has a frame, in which {{instruction}} stands for its own instruction, not for an input.`;
  document.add("name-taken", taken.range, message, "Rename the input.");
}

function addCycle(document: JsonDocument, { nodes }: Outline, cycle: readonly string[]): void {
  const [from, to] = cycle;
  const reader = nodes.find(({ id }) => id === to);
  const edge = reader?.inputs.find(({ name }) => name === from);
  const range = edge?.range ?? reader?.idRange ?? { start: 0, end: 0 };
  const message = `These nodes form a cycle: ${cycle.join(" → ")}.`;
  document.add("cycle", range, message, "Remove one of these inputs. A graph can't have cycles.", () =>
    edge && to !== undefined
      ? removeChildren(
          document,
          ["nodes", to, "inputs"],
          [edge.range.start],
          `Remove "${from}" from the inputs of "${to}"`,
        )
      : [],
  );
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
    const message = `The value of "${id}" does not reach the output "${output}", so the node does not affect the answer.`;
    const remedy = `Add "${id}" to the inputs of a node that leads to the output, or remove it.`;
    document.add("unreachable-node", idRange, message, remedy, () => [
      ...addInput(document, outline, output, id),
      ...remove(document, ["nodes", id], `Remove the node "${id}"`),
    ]);
  }
  for (const { name, range } of outline.inputs) {
    if (used.has(name) || outline.nodes.some(({ inputs }) => inputs.some((input) => input.name === name))) continue;
    const message = `No node reads the input "${name}".`;
    document.add("unused-input", range, message, "Add it to a node's inputs, or remove it.", () => [
      ...addInput(document, outline, output, name),
      ...removeChildren(document, ["inputs"], [range.start], `Remove the input "${name}"`),
    ]);
  }
}

function checkOutput(document: JsonDocument, outline: Outline): void {
  const { nodes, output } = outline;
  const ids = nodes.map(({ id }) => id);
  if (!output || ids.includes(output.name)) return;
  const meant = didYouMean(output.name, ids);
  const message = `The output "${output.name}" is not a node.`;
  const remedy = meant ? `Did you mean "${meant}"?` : "Name the node whose value is the answer.";
  document.add("unknown-output", output.range, message, remedy, () => {
    const others = sinksOf(outline).slice(0, 3);
    return [...new Set([...(meant ? [meant] : []), ...others])].map((id) => rename(output.range, id));
  });
}

function checkPatterns(document: JsonDocument, { nodes }: Outline): void {
  const paths = [...nodes.map(({ id }) => ["nodes", id, "output", "pattern"]), ["loss", "pattern"]];
  for (const path of paths) {
    const pattern = document.at(path);
    if (typeof pattern?.value !== "string") continue;
    const flags = path[0] === "loss" ? String(document.at(["loss", "flags"])?.value ?? "") : "";
    const fault = patternFault(pattern.value, flags);
    if (fault === null) continue;
    document.add(
      "bad-pattern",
      rangeOf(pattern),
      `This is not a valid regular expression: ${fault}.`,
      "Correct the pattern.",
    );
  }
}

/** A name that is neither a graph input nor a node, with the nearest one offered. */
function unknownName(document: JsonDocument, { id }: OutlineNode, at: NamedRange, names: ReadonlySet<string>): void {
  const meant = document.isCrowded ? null : didYouMean(at.name, names);
  const remedy = meant ? `Did you mean "${meant}"?` : "Name a graph input or a node.";
  const message = `The input "${at.name}" of "${id}" is neither a graph input nor a node.`;
  document.add("unknown-name", at.range, message, remedy, () => [
    ...(meant ? [rename(at.range, meant)] : []),
    ...(NAME.test(at.name) ? declareInput(document, at.name) : []),
    ...removeChildren(document, ["nodes", id, "inputs"], [at.range.start], `Remove it from the inputs of "${id}"`),
  ]);
}

/** The nearest name that is allowed and free, here and at every use. */
function goodName(document: JsonDocument, outline: Outline, name: string): Fix[] {
  const good = name.replace(/^[^A-Za-z]+/, "").replaceAll(/[^A-Za-z0-9_-]+/g, "_");
  if (!NAME.test(good) || namesOf(outline).has(good)) return [];
  const uses = usesIn(document, outline).filter((use) => use.name === name);
  return [{ title: `Change to "${good}"`, edits: uses.map(({ around }) => replace(around, JSON.stringify(good))) }];
}
