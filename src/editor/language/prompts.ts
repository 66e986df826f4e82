import { dirname, resolve } from "node:path";
import { EventEmitter, type TextDocument, Uri, workspace } from "vscode";
import type { Files } from "../../deps.ts";
import {
  type ContainmentRoot,
  findRoot,
  MAX_TEXT,
  namedPath,
  ReferenceRefused,
  readReference,
} from "../../graph/containment.ts";
import { codeReferences } from "../../graph/syntax/outline.ts";
import { formOf, type PromptForm, type Use, usesInPrompt } from "../../graph/syntax/symbols.ts";
import { Delayed } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import { type GraphFiles, isGraphFile } from "../graph-files.ts";
import { type GraphDocuments, textOf } from "./documents.ts";
import { ParsedGraph } from "./parsed.ts";

/** Milliseconds to wait for further changes. */
const PAUSE = 200;

/** A node whose text is in a prompt file. */
export interface PromptUser {
  readonly graph: Uri;
  readonly node: string;
  /** Where in the file its text is, and how it names inputs. */
  readonly form: PromptForm;
}

interface KnownGraph {
  readonly uri: Uri;
  readonly root: ContainmentRoot;
  /** Paths of prompt files, as in the editor and on disk, with their nodes. */
  readonly prompts: ReadonlyMap<string, readonly Omit<PromptUser, "graph">[]>;
  /** Paths of files with code that the graph runs. */
  readonly code: ReadonlySet<string>;
  /** The parsed text of a file that is not open. */
  readonly parsed: ParsedGraph;
}

/** The prompt files of the workspace's graphs, and the nodes that read them. */
export class PromptFiles extends Disposable {
  readonly #changed = this.own(new EventEmitter<void>());
  /** Fires when a graph changes, because its prompt files or names may differ. */
  readonly onDidChange = this.#changed.event;
  readonly #known = new Map<string, KnownGraph>();
  readonly #stale = new Map<string, Uri>();
  readonly #update = this.own(
    new Delayed(() => {
      this.#reading = this.#reading.then(() => this.#refresh());
    }, PAUSE),
  );
  #reading: Promise<void>;

  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: GraphDocuments,
    private readonly files: Files,
  ) {
    super();
    this.own(graphs.onDidChange((uri) => this.#later(uri)));
    this.own(documents.onDidChange((uri) => this.#later(uri)));
    this.#reading = this.#readAll();
  }

  /** Paths of all prompt files. */
  paths(): string[] {
    return [...new Set([...this.#known.values()].flatMap(({ prompts }) => [...prompts.keys()]))];
  }

  /** The nodes with their text in this file; empty if it is not a prompt file. */
  users(prompt: Uri): readonly PromptUser[] {
    return [...this.#known.values()].flatMap(({ uri, prompts }) =>
      (prompts.get(prompt.fsPath) ?? []).map((user) => ({ graph: uri, ...user })),
    );
  }

  /** Whether a graph runs the code of this file. */
  isCode(file: Uri): boolean {
    return this.runners(file).length > 0;
  }

  /** The graphs that run the code of this file. */
  runners(file: Uri): readonly Uri[] {
    return [...this.#known.values()].flatMap(({ uri, code }) => (code.has(file.fsPath) ? [uri] : []));
  }

  /** Every placeholder in the texts of nodes that this file contains. */
  uses(document: TextDocument): readonly Use[] {
    const content = document.getText();
    const found = new Map<number, Use>();
    for (const { form } of this.users(document.uri)) {
      for (const use of usesInPrompt(content, form)) found.set(use.around.start, use);
    }
    return [...found.values()].sort((a, b) => a.around.start - b.around.start);
  }

  /** Parses a graph file in the editor, else on disk. */
  async graph(uri: Uri): Promise<ParsedGraph> {
    const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open) return this.documents.parsed(open);
    await this.#reading;
    return this.#known.get(uri.toString())?.parsed ?? new ParsedGraph(uri.fsPath, await textOf(uri, this.files));
  }

  /** The URI of a file that a graph names; null if it can't be read. */
  async address(graph: Uri, reference: string): Promise<Uri | null> {
    try {
      await readReference(await findRoot(graph.fsPath, this.files), reference, this.files, MAX_TEXT);
      return Uri.file(resolve(dirname(graph.fsPath), reference));
    } catch (error) {
      if (error instanceof ReferenceRefused) return null;
      throw error;
    }
  }

  /** The URI at which to create a file that a graph names. null if that is not allowed. */
  async newAddress(graph: Uri, reference: string): Promise<Uri | null> {
    try {
      namedPath(await findRoot(graph.fsPath, this.files), reference);
      return Uri.file(resolve(dirname(graph.fsPath), reference));
    } catch (error) {
      if (error instanceof ReferenceRefused) return null;
      throw error;
    }
  }

  /** Resolves when the index includes all changes so far. */
  settled(): Promise<void> {
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const open = workspace.textDocuments.map(({ uri }) => uri).filter(isGraphFile);
    for (const uri of [...(await this.graphs.list()), ...open]) this.#stale.set(uri.toString(), uri);
    await this.#refresh();
  }

  #later(uri: Uri): void {
    this.#stale.set(uri.toString(), uri);
    this.#update.request();
  }

  async #refresh(): Promise<void> {
    const stale = [...this.#stale];
    this.#stale.clear();
    await Promise.all(
      stale.map(async ([key, uri]) => {
        const known = await this.#read(uri).catch(() => null);
        if (known) this.#known.set(key, known);
        else this.#known.delete(key);
      }),
    );
    this.#changed.fire();
  }

  async #read(uri: Uri): Promise<KnownGraph> {
    const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    const parsed = open ? this.documents.parsed(open) : new ParsedGraph(uri.fsPath, await textOf(uri, this.files));
    const root = await findRoot(uri.fsPath, this.files);
    const prompts = new Map<string, Omit<PromptUser, "graph">[]>();
    for (const node of parsed.outline.nodes) {
      const { id, text } = node;
      for (const path of text?.reference == null ? [] : pathsOf(uri, root, text.reference)) {
        const user = { node: id, form: formOf(node) };
        prompts.set(path, [...(prompts.get(path) ?? []), user]);
      }
    }
    const named = codeReferences(parsed.document, parsed.outline);
    const code = new Set(named.flatMap((reference) => [...pathsOf(uri, root, reference)]));
    return { uri, root, prompts, code, parsed };
  }
}

/** All paths of a file, because a folder can also be reached through a link. */
function pathsOf(graph: Uri, root: ContainmentRoot, reference: string): Set<string> {
  try {
    const onDisk = namedPath(root, reference);
    return new Set([Uri.file(resolve(dirname(graph.fsPath), reference)).fsPath, Uri.file(onDisk).fsPath]);
  } catch (error) {
    if (error instanceof ReferenceRefused) return new Set();
    throw error;
  }
}
