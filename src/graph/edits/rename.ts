import { add } from "../checks/quick-fixes.ts";
import type { TextEdit } from "../fault.ts";
import { programExtension } from "../program-file.ts";
import { type CodeName, heldNames, memberAccess, patternKey } from "../syntax/code-names.ts";
import { type JsonDocument, type JsonPath, stringsIn } from "../syntax/document.ts";
import { literalRange } from "../syntax/literal.ts";
import { isInputName, lossPaths, NAME, type Outline, type OutlineNode } from "../syntax/outline.ts";
import { formOf, isBound, named, type Use, usesIn, usesInPrompt } from "../syntax/symbols.ts";
import { escapeRegExp } from "../text/escape-reg-exp.ts";

/** A rename that would change what a graph means, or would miss a use. */
export class RenameRefused extends Error {
  override readonly name = "RenameRefused";
  constructor(
    readonly reason: "not a name" | "taken" | "unknown" | "made twice" | "cannot be read",
    /** The name that prevents it. */
    readonly of: string,
    /** Path of the graph file. */
    readonly graph: string,
  ) {
    super(`${graph}: ${of}: ${reason}`);
  }
}

/** The files of a rename, by absolute path, as the editor shows them. */
export interface RenameSource {
  graph(path: string): Promise<{ readonly document: JsonDocument; readonly outline: Outline }>;
  /** Path of a prompt file that a graph names; null if it can't be read. */
  promptOf(graph: string, reference: string): Promise<string | null>;
  prompt(path: string): Promise<string>;
  /** Nodes of all graphs whose text is in a prompt file. */
  usersOf(prompt: string): Promise<readonly PromptUser[]>;
  /** Paths of the graphs that run the code of a file; others may be among them. */
  runnersOf(code: string): Promise<readonly string[]>;
}

export interface PromptUser {
  /** Path of the graph file. */
  readonly graph: string;
  readonly node: string;
}

/**
 * Edits, by file, that rename a graph input or node everywhere: its definition, `inputs`, `output`, `data.fields`,
 * `data.targets`, `losses`, `keep`, and `{{name}}` in instructions and prompt files. A prompt file or a script that several
 * graphs share connects their names: if another graph reads the same name there, it is renamed in that graph, too.
 * An input with the name of its data field keeps the field. Code and tools keep the name by which they read a value, as one
 * of their `variables`. In scripts that score, `values.name`, `inputs.name` and what is destructured of them are renamed, too;
 * variables of the script keep their names.
 * @param graphs paths of the graphs in which it is renamed first
 * @throws RenameRefused
 */
export async function planRename(
  graphs: readonly string[],
  name: string,
  to: string,
  source: RenameSource,
): Promise<ReadonlyMap<string, readonly TextEdit[]>> {
  const edits = new Map<string, readonly TextEdit[]>();
  const tied = new Set(graphs);
  for (const graph of tied) {
    const { document, outline } = await source.graph(graph);
    edits.set(graph, renameInGraph(document, outline, name, to));
    for (const file of scriptFiles(document)) {
      const script = await source.promptOf(graph, file);
      if (script === null) continue;
      const found = inScript(await source.prompt(script), holderOf(outline, name), name, to);
      if (merge(edits, script, found) === 0) continue;
      for (const other of await source.runnersOf(script)) {
        if (!tied.has(other) && (await readsScript(other, script, holderOf(outline, name), name, source)))
          tied.add(other);
      }
    }
    const bound = outline.nodes.filter(({ id, text }) => text?.reference != null && isBound(outline, id, name));
    for (const node of bound) {
      const prompt = await source.promptOf(graph, node.text?.reference ?? "");
      if (prompt === null) continue;
      const uses = usesInPrompt(await source.prompt(prompt), formOf(node));
      const found = replaced(
        uses.filter((use) => use.name === name),
        to,
      );
      if (merge(edits, prompt, found) === 0) continue;
      for (const user of await source.usersOf(prompt)) {
        const other = await source.graph(user.graph);
        if (isBound(other.outline, user.node, name)) tied.add(user.graph);
      }
    }
  }
  return edits;
}

/** Adds edits to those of a file; returns how many it did not have. */
function merge(edits: Map<string, readonly TextEdit[]>, file: string, found: readonly TextEdit[]): number {
  const known = edits.get(file) ?? [];
  const added = found.filter(({ offset }) => !known.some((one) => one.offset === offset));
  if (added.length > 0) {
    const all = [...known, ...added];
    edits.set(
      file,
      all.sort((a, b) => a.offset - b.offset),
    );
  }
  return added.length;
}

/** Whether a graph scores with a script and has the name that the script reads of the same holder. */
async function readsScript(
  graph: string,
  script: string,
  holder: Holder,
  name: string,
  source: RenameSource,
): Promise<boolean> {
  const { document, outline } = await source.graph(graph);
  if (!named(outline, name) || holderOf(outline, name) !== holder) return false;
  for (const file of scriptFiles(document)) if ((await source.promptOf(graph, file)) === script) return true;
  return false;
}

function renameInGraph(document: JsonDocument, outline: Outline, name: string, to: string): TextEdit[] {
  const refuse = (reason: RenameRefused["reason"], of: string) => new RenameRefused(reason, of, document.path);
  const known = named(outline, name);
  if (!known) throw refuse("unknown", name);
  if (!("input" in known ? isInputName(to) : NAME.test(to))) throw refuse("not a name", to);
  if (to !== name && named(outline, to)) throw refuse("taken", to);
  const uses = usesIn(document, outline).filter((use) => use.name === name);
  if (uses.filter(({ kind }) => kind === "node" || kind === "input").length !== 1) throw refuse("made twice", name);
  if (!isWhole(document, uses, name)) throw refuse("cannot be read", name);
  return [
    ...replaced(uses, to),
    ...keepNames(document, outline, name, to),
    ...inInlineScripts(document, holderOf(outline, name), name, to),
    ...("input" in known ? keepField(document, name, to) : []),
  ].sort((a, b) => a.offset - b.offset);
}

/** Keeps the names by which code and tools read a renamed value. */
function keepNames(document: JsonDocument, { nodes }: Outline, name: string, to: string): TextEdit[] {
  return nodes.flatMap((node) => {
    if (!readsByName(document, node) || !node.inputs.some((input) => input.name === name)) return [];
    if (Object.values(node.variables).includes(name)) return [];
    const variables = document.at(["nodes", node.id, "variables"]);
    const value = JSON.stringify(to);
    const [fix] = variables
      ? add(document, ["nodes", node.id, "variables"], name, value)
      : add(document, ["nodes", node.id], "variables", `{ ${JSON.stringify(name)}: ${value} }`);
    return fix?.edits ?? [];
  });
}

/** Whether a node gets its inputs by their names: code, the graph of a map, and a tool that gets them as its arguments. */
function readsByName(document: JsonDocument, { id, kind, graph }: OutlineNode): boolean {
  return kind === "function" || graph !== null || (kind === "tool" && !document.at(["nodes", id, "arguments"]));
}

type Holder = "values" | "inputs";

/** What holds a name in a script. */
function holderOf(outline: Outline, name: string): Holder {
  return outline.inputs.some((input) => input.name === name) ? "inputs" : "values";
}

/** Files of scripts that score answers. */
function scriptFiles(document: JsonDocument): string[] {
  return scriptPaths(document).flatMap((path) => {
    const file: unknown = document.at([...path, "file"])?.value;
    return typeof file === "string" && programExtension(file) === null ? [file] : [];
  });
}

function scriptPaths(document: JsonDocument): JsonPath[] {
  return lossPaths(document).filter((path) => document.at([...path, "kind"])?.value === "script");
}

/** Edits of a script that reads a renamed value: `values.plan`, `({ values: { plan } })`, `const { plan } = values`. */
function inScript(code: string, holder: Holder, name: string, to: string): TextEdit[] {
  return heldNames(code, holder)
    .filter((one) => one.name === name)
    .map((one) => nameEdit(code, one, to));
}

function inInlineScripts(document: JsonDocument, holder: Holder, name: string, to: string): TextEdit[] {
  const literals = scriptPaths(document).flatMap((path) => {
    const code = document.at([...path, "code"]);
    return code ? stringsIn(code) : [];
  });
  return literals.flatMap((literal) => {
    const { text } = document;
    return inScript(String(literal.value), holder, name, to).map((edit) => {
      const { start, end } = literalRange(text, literal, edit.offset, edit.length);
      return { offset: start, length: end - start, text: JSON.stringify(edit.text).slice(1, -1) };
    });
  });
}

/** A name in quotes is replaced there; after a dot, one that is no identifier is put in brackets. */
function nameEdit(code: string, { name, offset, length, form }: CodeName, to: string): TextEdit {
  const access = memberAccess(to);
  const before = code[offset - 1];
  if (before === "'") return { offset, length, text: to.replaceAll("'", "\\'") };
  if (before === '"') return { offset, length, text: to };
  // The variable keeps its name, so that nothing else in the script changes.
  if (form === "shorthand") return { offset, length, text: `${patternKey(to)}: ${name}` };
  if (form === "key") return { offset, length, text: patternKey(to) };
  if (access.startsWith(".")) return { offset, length, text: to };
  const dot = code.lastIndexOf(".", offset);
  const isOptional = code[dot - 1] === "?";
  const start = isOptional ? dot + 1 : dot;
  return { offset: start, length: offset + length - start, text: access };
}

/**
 * Keeps the data field of a renamed input: without an entry in `data.fields`, it is read from the field with its
 * name.
 */
function keepField(document: JsonDocument, name: string, to: string): readonly TextEdit[] {
  const fields = document.at(["data", "fields"]);
  if (fields && (document.members(fields).has(name) || document.members(fields).has(to))) return [];
  const [field, new_] = [JSON.stringify(name), JSON.stringify(to)];
  const [fix] = fields
    ? add(document, ["data", "fields"], to, field)
    : add(document, ["data"], "fields", `{ ${new_}: ${field} }`);
  return fix?.edits ?? [];
}

/** Whether every place that looks like a use is known: in broken JSON, uses can be in the unreadable part. */
function isWhole(document: JsonDocument, uses: readonly Use[], name: string): boolean {
  if (document.isSound) return true;
  const pattern = escapeRegExp(name);
  const places = document.text.matchAll(new RegExp(`"${pattern}"|(?<!\\\\)\\{\\{ *${pattern} *\\}\\}`, "g"));
  const known = new Set(uses.map(({ around }) => around.start));
  return [...places].every(({ index }) => known.has(index));
}

function replaced(uses: readonly Use[], to: string): TextEdit[] {
  return uses.map(({ range: { start, end } }) => ({ offset: start, length: end - start, text: to }));
}
