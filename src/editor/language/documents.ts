import { dirname, resolve } from "node:path";
import {
  EventEmitter,
  type FileSystemWatcher,
  Location,
  Position,
  Range,
  RelativePattern,
  type TextDocument,
  Uri,
  workspace,
} from "vscode";
import type { Files } from "../../deps.ts";
import { MAX_DATA } from "../../graph/containment.ts";
import type { Fault, Range as PlainRange } from "../../graph/fault.ts";
import type { Graph } from "../../graph/graph.ts";
import { placedText } from "../../graph/places/place.ts";
import { isPlaced } from "../../graph/places/placed-text.ts";
import { readGraph } from "../../graph/read.ts";
import type { GraphReading, GraphTextReading, TextSource } from "../../graph/reading.ts";
import { nodeAt } from "../../graph/syntax/outline.ts";
import { graphFormat } from "../../methods/registry.ts";
import { withUsersModel } from "../../run/load.ts";
import type { Account } from "../account/account.ts";
import { modelChoices } from "../account/settings.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { CurrentGraph, GraphSource } from "../graph/graph-source.ts";
import { isGraphFile } from "../graph-files.ts";
import { readInTurns } from "../read-in-turns.ts";
import { Slices } from "../slices.ts";
import { ParsedGraph, PerVersion } from "./parsed.ts";

/** Graph files as the editor shows them, including unsaved edits. */
export class GraphDocuments extends Disposable implements GraphSource {
  readonly #changed = this.own(new EventEmitter<Uri>());
  /** Fires with the graph file when its text or the text of one of its prompt files changes. */
  readonly onDidChange = this.#changed.event;
  readonly #parsed = new PerVersion((document) => new ParsedGraph(document.uri.fsPath, document.getText()));
  readonly #checked = new PerVersion((document) => readInTurns(document.uri.fsPath, document.getText()));
  /** Read graphs by the address of the graph file. */
  readonly #read = new Map<string, ReadGraph>();
  /** By folder of files that graphs name, to detect changes outside the editor. */
  readonly #watchers = new Map<string, FileSystemWatcher>();
  readonly #files: Files;

  constructor(
    files: Files,
    private readonly account: Pick<Account, "models" | "onDidChangeModels">,
  ) {
    super();
    this.#files = withUnsaved(files);
    this.own(account.onDidChangeModels(() => this.#allTouched()));
    this.own(workspace.onDidChangeTextDocument(({ document }) => this.#touched(document.uri)));
    this.own(workspace.onDidSaveTextDocument(({ uri }) => this.#touched(uri)));
    this.own({ dispose: () => this.#unwatch() });
  }

  /** Symbols of the current text. */
  parsed(document: TextDocument): ParsedGraph {
    return this.#parsed.of(document);
  }

  /** Faults of the current text without its files. */
  checked(document: TextDocument): Promise<GraphTextReading> {
    return this.#checked.of(document);
  }

  /** Reads a graph file with its prompt files. */
  async read(file: Uri): Promise<GraphReading & { readonly lastGood: Graph | null }> {
    const text = await textOf(file, this.#files);
    const slices = new Slices();
    const yieldNow = () => slices.turn();
    const reading = await readGraph(file.fsPath, text, this.#files, graphFormat, { locale: LOCALE, yieldNow });
    const before = this.#read.get(file.toString());
    const lastGood = reading.graph ?? before?.lastGood ?? null;
    const names = new Set(reading.outline.references.map(({ reference }) => resolve(dirname(file.fsPath), reference)));
    this.#read.set(file.toString(), { uri: file, reading, lastGood, names });
    if (!before || !sameSet(before.names, names)) this.#watch();
    return { ...reading, lastGood };
  }

  /** The last valid graph and the faults of the current text, for the graph view. */
  async current(file: Uri): Promise<CurrentGraph> {
    const { graph, lastGood, faults, file: spec } = await this.read(file);
    const named = spec?.models?.forward;
    const models = this.models();
    const shown = lastGood && withUsersModel(lastGood, models);
    const model = models.forward?.model ?? (typeof named === "string" ? named : (named?.model ?? ""));
    return { graph: shown, faults, stale: graph === null, model };
  }

  /** The models that the user chose, which override those of the file. */
  models(): ReturnType<typeof modelChoices> {
    return modelChoices(this.account.models());
  }

  /** Location of a node's instruction, in the graph file or in a prompt file. */
  async instruction(file: Uri, node: string): Promise<Location | undefined> {
    const { sources, outline } = await this.read(file);
    const source = sources[node];
    if (source && source.path !== file.fsPath) return this.#inPrompt(Uri.file(source.path), source);
    const range = source?.range ?? outline.nodes.find(({ id }) => id === node)?.range;
    return range && new Location(file, toRange(await workspace.openTextDocument(file), range));
  }

  /** Location of a node or a graph input in the graph file. */
  async declaration(file: Uri, name: string): Promise<Location | undefined> {
    const { outline } = await this.read(file);
    const range =
      outline.nodes.find(({ id }) => id === name)?.idRange ??
      outline.inputs.find((input) => input.name === name)?.range;
    return range && new Location(file, toRange(await workspace.openTextDocument(file), range));
  }

  async #inPrompt(prompt: Uri, { part }: TextSource): Promise<Location> {
    const document = part && (await workspace.openTextDocument(prompt));
    const found = document && placedText(document.getText(), part);
    return new Location(prompt, found && isPlaced(found) ? toRange(document, found.range).start : new Position(0, 0));
  }

  /** The node at a position in the graph file or in one of its prompt files. */
  nodeAt(file: Uri, document: Uri, offset: number): string | null {
    const reading = this.#read.get(file.toString())?.reading;
    if (!reading) return null;
    if (file.fsPath === document.fsPath) return nodeAt(reading.outline, offset)?.id ?? null;
    const open = workspace.textDocuments.find(({ uri }) => uri.toString() === document.toString());
    const isHere = ({ path, part }: TextSource) => {
      if (path !== document.fsPath) return false;
      const found = part && open ? placedText(open.getText(), part) : null;
      return !found || (isPlaced(found) && found.range.start <= offset && offset <= found.range.end);
    };
    return Object.values(reading.sources).find(isHere)?.node ?? null;
  }

  #touched(uri: Uri): void {
    if (isGraphFile(uri)) this.#changed.fire(uri);
    for (const { uri: graph, names } of this.#read.values()) if (names.has(uri.fsPath)) this.#changed.fire(graph);
  }

  #allTouched(): void {
    for (const { uri } of this.#read.values()) this.#changed.fire(uri);
  }

  #unwatch(): void {
    for (const watcher of this.#watchers.values()) watcher.dispose();
  }

  /** A watcher for each folder that contains a named file. */
  #watch(): void {
    const named = [...this.#read.values()].flatMap(({ names }) => [...names]);
    const folders = new Set(named.map((path) => dirname(path)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.dispose();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      const watcher = workspace.createFileSystemWatcher(new RelativePattern(Uri.file(folder), "*"));
      const touched = (uri: Uri) => !isGraphFile(uri) && this.#touched(uri);
      watcher.onDidCreate(touched);
      watcher.onDidChange(touched);
      watcher.onDidDelete(touched);
      this.#watchers.set(folder, watcher);
    }
  }
}

interface ReadGraph {
  readonly uri: Uri;
  readonly reading: GraphReading;
  readonly lastGood: Graph | null;
  /** Absolute paths of the files that the graph names. */
  readonly names: ReadonlySet<string>;
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((entry) => b.has(entry));
}

/** Converts offsets in a text without its byte order mark, as VS Code provides it. */
export function toRange(document: TextDocument, { start, end }: PlainRange): Range {
  return new Range(document.positionAt(start), document.positionAt(end));
}

/** Message and remedy as one text. */
export function faultText({ message, remedy }: Fault): string {
  return `${message} ${remedy}`;
}

/** Files with the unsaved edits of open editors. */
function withUnsaved(files: Files): Files {
  const unsaved = (path: string) => {
    const open = workspace.textDocuments.find(
      ({ uri, isDirty }) => isDirty && uri.scheme === "file" && uri.fsPath === path,
    );
    return open && new TextEncoder().encode(open.getText());
  };
  return {
    ...files,
    async read(path) {
      return unsaved(path) ?? files.read(path);
    },
    async *parts(path, from = 0) {
      const own = unsaved(path);
      if (own) yield own.subarray(from);
      else yield* files.parts(path, from);
    },
  };
}

/**
 * The text of a file in the editor, else on disk, without a byte order mark. Empty if it can't be read, so that one bad
 * file does not hide the others.
 */
export async function textOf(file: Uri, files: Files): Promise<string> {
  const open = workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  if (open) return open.getText();
  try {
    const { bytes } = await files.stat(file.fsPath);
    return bytes > MAX_DATA ? "" : new TextDecoder().decode(await files.read(file.fsPath));
  } catch {
    return "";
  }
}
