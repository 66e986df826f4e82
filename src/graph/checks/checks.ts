import { getNodePath } from "jsonc-parser";
import type { Fix, Fixes } from "../fault.ts";
import { traitsOf } from "../node-kinds.ts";
import { patternFault } from "../pattern.ts";
import { type JsonDocument, type JsonPath, rangeOf } from "../syntax/document.ts";
import {
  isInputName,
  keysOf,
  lossPaths,
  NAME,
  type NamedRange,
  type Outline,
  type OutlineNode,
} from "../syntax/outline.ts";
import { namesOf, sinksOf, usesIn } from "../syntax/symbols.ts";
import { INSTRUCTION, namedInFrame } from "../text/template.ts";
import { findCycle } from "../topology.ts";
import { didYouMean } from "./did-you-mean.ts";
import { checkMaps } from "./map-checks.ts";
import { addInput, declareInput, remove, removeChildren, rename, replace } from "./quick-fixes.ts";

/** Path of the option that lets a run change what nodes read. */
const EDGES = ["optimize", "edges"];

/** Checks what a schema can't express: names, edges, and what a run needs. Adds its faults to `document`. */
export function checkGraph(document: JsonDocument, outline: Outline): void {
  checkDuplicateKeys(document);
  if (document.at(["nodes"])?.type !== "object") return;
  checkNames(document, outline);
  checkEdges(document, outline);
  checkMaps(document, outline);
  checkOutput(document, outline);
  checkTargets(document, outline);
  checkPatterns(document, outline);
  if (outline.nodes.length > 0 && outline.nodes.every(({ trainable, graph }) => !trainable && graph === null)) {
    addNothingToOptimize(document, () =>
      outline.nodes
        .slice(0, 5)
        .flatMap(({ id }) =>
          remove(document, ["nodes", id, "trainable"], document.t('Allow the text of "{0}" to change', id)),
        ),
    );
  }
}

/** Adds the fault of a graph without a text that can change, unless its edges can. */
export function addNothingToOptimize(document: JsonDocument, fixes?: Fixes): void {
  if (document.at(EDGES)?.type === "array") return;
  const message = document.t("No node has a text that can change, so there is nothing to optimize.");
  document.addAtKey(
    "no-trainable-text",
    ["nodes"],
    message,
    document.t('Remove "trainable": false from a node.'),
    fixes,
  );
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
        const message = document.t(
          "The key {0} occurs twice in the same object. Only the last one is used.",
          JSON.stringify(key.value),
        );
        const first = children.find((child) => child.children?.[0]?.value === key.value);
        document.add("duplicate-key", rangeOf(key), message, document.t("Remove or rename one of them."), () =>
          first
            ? removeChildren(
                document,
                getNodePath(holder),
                [first.offset],
                document.t("Remove the first, which is not used"),
              )
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
  for (const { name, range } of inputs) {
    if (isInputName(name)) continue;
    const message = document.t('"{0}" is not a valid name of an input.', name);
    const remedy = document.t(
      'Start with a letter or digit, and leave out {0}. "data.fields" can name its column.',
      '{ } < > " \\ | =',
    );
    document.add("bad-name", range, message, remedy, () => goodName(document, outline, name));
  }
  for (const { id, idRange } of nodes) {
    if (NAME.test(id)) continue;
    const message = document.t('"{0}" is not a valid name of a node.', id);
    const remedy = document.t("Start with a letter, then use letters, digits, _ or -.");
    document.add("bad-name", idRange, message, remedy, () => goodName(document, outline, id));
  }
  for (const { name, range } of [...inputs, ...nodes.map(({ id, idRange }) => ({ name: id, range: idRange }))]) {
    if (taken.has(name)) {
      const message = document.t(
        'The name "{0}" is used twice. Graph inputs and nodes can\'t have the same name.',
        name,
      );
      document.add("name-taken", range, message, document.t("Rename one of them, here and wherever it is used."));
    }
    taken.add(name);
  }
}

function checkOver(document: JsonDocument, { id, body, inputs, over }: OutlineNode): void {
  if (!over || body.length > 0 || inputs.some(({ name }) => name === over.name)) return;
  const names = inputs.map(({ name }) => name);
  const meant = didYouMean(over.name, names);
  const message = document.t('"over" of "{0}" names "{1}", which is not one of its inputs.', id, over.name);
  const remedy = meant ? document.t('Did you mean "{0}"?', meant) : document.t("Name the input that is the list.");
  document.add("unknown-name", over.range, message, remedy, () =>
    (meant ? [meant] : names.slice(0, 3)).map((name) => rename(document, over.range, name)),
  );
}

function checkEdges(document: JsonDocument, outline: Outline): void {
  const names = namesOf(outline);
  for (const node of outline.nodes) {
    checkFrame(document, node);
    checkVariables(document, node);
    checkOver(document, node);
    const seen = new Set<string>();
    // `checkMaps` says what is wrong with the nodes of a map.
    for (const input of node.body.length > 0 ? [] : node.inputs) {
      if (!names.has(input.name)) unknownName(document, node, input, names);
      else if (seen.has(input.name)) {
        const message = document.t('"{0}" names the input "{1}" twice.', node.id, input.name);
        const path = ["nodes", node.id, "inputs"];
        document.add("repeated-input", input.range, message, document.t("Remove one of them."), () =>
          removeChildren(document, path, [input.range.start], document.t("Remove this one")),
        );
      }
      seen.add(input.name);
      if (traitsOf(node).text !== "value" || !outline.nodes.some(({ id }) => id === input.name)) continue;
      const message = document.t('"{0}" is a node. A text can only be filled in with graph inputs.', input.name);
      const remedy = document.t("Remove it, and add it to the inputs of the node that reads this text.");
      document.add("wrong-value", input.range, message, remedy);
    }
  }

  const predecessors = new Map(outline.nodes.map(({ id, inputs }) => [id, inputs.map(({ name }) => name)]));
  const cycle = findCycle(predecessors);
  if (cycle) addCycle(document, outline, cycle);
  else checkReach(document, outline, predecessors);
}

function checkVariables(document: JsonDocument, { id, variables, inputs }: OutlineNode): void {
  const { t } = document;
  const names = inputs.map(({ name }) => name);
  for (const [variable, input] of Object.entries(variables)) {
    if (names.includes(input)) continue;
    const message = t(
      'The variable "{0}" of "{1}" is mapped to "{2}", which is not an input of it.',
      variable,
      id,
      input,
    );
    const remedy =
      names.length > 0 ? t("Name one of its inputs: {0}.", names.join(", ")) : t('Add "{0}" to its inputs.', input);
    document.addAt("unknown-name", ["nodes", id, "variables", variable], message, remedy);
  }
}

/**
 * Checks the text sent around an instruction: it must contain a place for the instruction, and can only name inputs.
 */
function checkFrame(document: JsonDocument, { id, frame, inputs }: OutlineNode): void {
  if (frame === null) return;
  const { t } = document;
  const path = ["nodes", id, "frame"];
  const named = new Set(
    namedInFrame(
      frame,
      inputs.map(({ name }) => name),
    ),
  );
  if (!named.has(INSTRUCTION)) {
    const message = t('The frame of "{0}" has no place for the instruction.', id);
    document.addAt("wrong-value", path, message, t("Add {{instruction}} where the instruction belongs."));
  }
  const unknown = [...named].filter((name) => name !== INSTRUCTION && !inputs.some((input) => input.name === name));
  for (const name of unknown) {
    const message = t('The frame of "{0}" names {1}, which is not an input of the node.', id, `{{${name}}}`);
    document.addAt("unknown-placeholder", path, message, t('Add "{0}" to the inputs of "{1}".', name, id));
  }
  const taken = inputs.find(({ name }) => name === INSTRUCTION);
  if (!taken) return;
  const message = t('"{0}" has a frame, where {1} is the instruction and not an input.', id, "{{instruction}}");
  document.add("name-taken", taken.range, message, t("Rename the input."));
}

function addCycle(document: JsonDocument, { nodes }: Outline, cycle: readonly string[]): void {
  const [from = "", to] = cycle;
  const reader = nodes.find(({ id }) => id === to);
  const edge = reader?.inputs.find(({ name }) => name === from);
  const range = edge?.range ?? reader?.idRange ?? { start: 0, end: 0 };
  const message = document.t("These nodes form a cycle: {0}.", cycle.join(" → "));
  document.add("cycle", range, message, document.t("Remove one of these inputs. A graph can't have cycles."), () =>
    edge && to !== undefined
      ? removeChildren(
          document,
          ["nodes", to, "inputs"],
          [edge.range.start],
          document.t('Remove "{0}" from the inputs of "{1}"', from, to),
        )
      : [],
  );
}

function checkReach(document: JsonDocument, outline: Outline, predecessors: ReadonlyMap<string, string[]>): void {
  const output = outline.output?.name;
  if (output === undefined || !predecessors.has(output)) return;
  // An input that nothing reads yet is one that a run with edges can add.
  if (document.at(EDGES)?.type === "array" || document.at(EDGES)?.value === true) return;
  const used = new Set<string>();
  const waiting = [output, ...outline.targets.map(({ name }) => name)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    for (const input of predecessors.get(name) ?? []) waiting.push(input);
  }
  for (const { id, idRange } of outline.nodes) {
    if (used.has(id)) continue;
    const message = document.t(
      'The value of "{0}" does not reach the output "{1}", so the node does not affect the answer.',
      id,
      output,
    );
    const remedy = document.t('Add "{0}" to the inputs of a node that leads to the output, or remove it.', id);
    document.add("unreachable-node", idRange, message, remedy, () => [
      ...addInput(document, outline, output, id),
      ...remove(document, ["nodes", id], document.t('Remove the node "{0}"', id)),
    ]);
  }
  for (const { name, range } of outline.inputs) {
    if (used.has(name) || outline.nodes.some(({ inputs }) => inputs.some((input) => input.name === name))) continue;
    const message = document.t('No node reads the input "{0}".', name);
    document.add("unused-input", range, message, document.t("Add it to a node's inputs, or remove it."), () => [
      ...addInput(document, outline, output, name),
      ...removeChildren(document, ["inputs"], [range.start], document.t('Remove the input "{0}"', name)),
    ]);
  }
}

function checkOutput(document: JsonDocument, outline: Outline): void {
  const { nodes, output } = outline;
  const ids = nodes.map(({ id }) => id);
  if (!output || ids.includes(output.name)) return;
  const meant = didYouMean(output.name, ids);
  const message = document.t('The output "{0}" is not a node.', output.name);
  const remedy = meant
    ? document.t('Did you mean "{0}"?', meant)
    : document.t("Name the node whose value is the answer.");
  document.add("unknown-output", output.range, message, remedy, () => {
    const others = sinksOf(outline).slice(0, 3);
    return [...new Set([...(meant ? [meant] : []), ...others])].map((id) => rename(document, output.range, id));
  });
}

/**
 * Checks that `data.targets` names nodes with values other than their text, and `losses` only nodes in
 * `data.targets`.
 */
function checkTargets(document: JsonDocument, { nodes, output, targets }: Outline): void {
  const { t } = document;
  const scored = nodes.filter((node) => traitsOf(node).text !== "value").map(({ id }) => id);
  const refuse = (path: JsonPath, { name, range }: NamedRange, message: string, known: readonly string[]) => {
    const meant = didYouMean(name, known);
    const remedy = meant ? t('Did you mean "{0}"?', meant) : t("Name one of: {0}.", known.join(", "));
    document.add("unknown-name", range, message, remedy, () => [
      ...(meant ? [rename(document, range, meant)] : []),
      ...remove(document, [...path, name], t("Remove it")),
    ]);
  };
  for (const key of targets) {
    if (!scored.includes(key.name)) {
      refuse(
        ["data", "targets"],
        key,
        t('"data.targets" names "{0}", which is not a step of the graph.', key.name),
        scored,
      );
    } else if (key.name === output?.name) {
      const message = t('"{0}" is the output, so "data.target" names its targets.', key.name);
      document.add("wrong-value", key.range, message, t('Use "target" for the output, and "targets" for other nodes.'));
    }
  }
  const known = targets.map(({ name }) => name);
  for (const key of keysOf(document, ["losses"])) {
    if (known.includes(key.name)) continue;
    refuse(["losses"], key, t('"losses" names "{0}", which has no targets in "data.targets".', key.name), known);
  }
}

function checkPatterns(document: JsonDocument, { nodes }: Outline): void {
  const losses = lossPaths(document);
  const paths = [...nodes.map(({ id }) => ["nodes", id, "output"]), ...losses];
  for (const path of paths) {
    const pattern = document.at([...path, "pattern"]);
    if (typeof pattern?.value !== "string") continue;
    const flags = losses.includes(path) ? String(document.at([...path, "flags"])?.value ?? "") : "";
    const fault = patternFault(pattern.value, flags);
    if (fault === null) continue;
    document.add(
      "bad-pattern",
      rangeOf(pattern),
      document.t("This is not a valid regular expression: {0}.", fault),
      document.t("Correct the pattern."),
    );
  }
}

/** Adds a fault for a name that is neither a graph input nor a node, and offers the nearest one. */
function unknownName(document: JsonDocument, { id }: OutlineNode, at: NamedRange, names: ReadonlySet<string>): void {
  const meant = document.isCrowded ? null : didYouMean(at.name, names);
  const remedy = meant ? document.t('Did you mean "{0}"?', meant) : document.t("Name a graph input or a node.");
  const message = document.t('The input "{0}" of "{1}" is neither a graph input nor a node.', at.name, id);
  document.add("unknown-name", at.range, message, remedy, () => [
    ...(meant ? [rename(document, at.range, meant)] : []),
    ...(isInputName(at.name) ? declareInput(document, at.name) : []),
    ...removeChildren(
      document,
      ["nodes", id, "inputs"],
      [at.range.start],
      document.t('Remove it from the inputs of "{0}"', id),
    ),
  ]);
}

/** Offers the nearest name that is allowed and free, to change it here and at every use. */
function goodName(document: JsonDocument, outline: Outline, name: string): Fix[] {
  const good = name.replace(/^[^A-Za-z]+/, "").replaceAll(/[^A-Za-z0-9_-]+/g, "_");
  if (!NAME.test(good) || namesOf(outline).has(good)) return [];
  const uses = usesIn(document, outline).filter((use) => use.name === name);
  return [
    {
      title: document.t('Change to "{0}"', good),
      edits: uses.map(({ around }) => replace(around, JSON.stringify(good))),
    },
  ];
}
