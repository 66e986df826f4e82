import { add } from "../checks/quick-fixes.ts";
import type { TextEdit } from "../fault.ts";
import type { JsonDocument } from "../syntax/document.ts";
import { NAME, type Outline } from "../syntax/outline.ts";
import { isBound, named, type Use, usesIn, usesInPrompt } from "../syntax/symbols.ts";

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
}

export interface PromptUser {
  /** Path of the graph file. */
  readonly graph: string;
  readonly node: string;
}

/**
 * Edits, by file, that rename a graph input or node everywhere: its definition, `inputs`, `output`, `data.fields`,
 * `data.targets`, `losses`, `keep`, and `{{name}}` in instructions and prompt files. A prompt file that several
 * graphs share connects their names: if another graph reads the same name there, it is renamed in that graph, too.
 * An input with the name of its data field keeps the field.
 * @param graphs paths of the graphs in which it is renamed first
 * @throws RenameRefused
 */
export async function planRename(
  graphs: readonly string[],
  name: string,
  to: string,
  source: RenameSource,
): Promise<ReadonlyMap<string, readonly TextEdit[]>> {
  if (!NAME.test(to)) throw new RenameRefused("not a name", to, graphs[0] ?? "");
  const edits = new Map<string, readonly TextEdit[]>();
  const tied = new Set(graphs);
  for (const graph of tied) {
    const { document, outline } = await source.graph(graph);
    edits.set(graph, renameInGraph(document, outline, name, to));
    const bound = outline.nodes.filter(({ id, text }) => text?.reference != null && isBound(outline, id, name));
    for (const { text, templating } of bound) {
      const prompt = await source.promptOf(graph, text?.reference ?? "");
      if (prompt === null) continue;
      const uses = usesInPrompt(await source.prompt(prompt), { part: text?.part, templating });
      const found = replaced(
        uses.filter((use) => use.name === name),
        to,
      );
      const known = edits.get(prompt) ?? [];
      const added = found.filter(({ offset }) => !known.some((one) => one.offset === offset));
      if (added.length === 0) continue;
      edits.set(
        prompt,
        [...known, ...added].sort((a, b) => a.offset - b.offset),
      );
      for (const user of await source.usersOf(prompt)) {
        const other = await source.graph(user.graph);
        if (isBound(other.outline, user.node, name)) tied.add(user.graph);
      }
    }
  }
  return edits;
}

function renameInGraph(document: JsonDocument, outline: Outline, name: string, to: string): TextEdit[] {
  const refuse = (reason: RenameRefused["reason"], of: string) => new RenameRefused(reason, of, document.path);
  const known = named(outline, name);
  if (!known) throw refuse("unknown", name);
  if (to !== name && named(outline, to)) throw refuse("taken", to);
  const uses = usesIn(document, outline).filter((use) => use.name === name);
  if (uses.filter(({ kind }) => kind === "node" || kind === "input").length !== 1) throw refuse("made twice", name);
  if (!isWhole(document, uses, name)) throw refuse("cannot be read", name);
  return [...replaced(uses, to), ...("input" in known ? keepField(document, name, to) : [])].sort(
    (a, b) => a.offset - b.offset,
  );
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
  const pattern = name.replaceAll(/[^\w]/g, "\\$&");
  const places = document.text.matchAll(new RegExp(`"${pattern}"|(?<!\\\\)\\{\\{ *${pattern} *\\}\\}`, "g"));
  const known = new Set(uses.map(({ around }) => around.start));
  return [...places].every(({ index }) => known.has(index));
}

function replaced(uses: readonly Use[], to: string): TextEdit[] {
  return uses.map(({ range: { start, end } }) => ({ offset: start, length: end - start, text: to }));
}
