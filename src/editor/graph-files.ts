import { basename, join } from "node:path";
import { dirname } from "node:path/posix";
import { EventEmitter, Uri, workspace } from "vscode";
import type { Files } from "../deps.ts";
import { findRoot } from "../graph/containment.ts";
import { isGraphFileName } from "../graph/file-name.ts";
import { Delayed } from "./delayed.ts";
import { Disposable } from "./disposable.ts";

export const GRAPH_PATTERN = "**/{*.agentgraph.json,.agentgraph.json}";
export const GRAPH_EXCLUDED = "**/{node_modules,.git,.agentgraph}/**";

export function isGraphFile(uri: Uri): boolean {
  return uri.scheme === "file" && isGraphFileName(basename(uri.path));
}

/**
 * Maximum number of listed graph files and of their bytes together, because each file is read and a repository may
 * contain thousands.
 */
const MOST_FILES = 2_000;
const MOST_BYTES = 2 ** 24;

/** Milliseconds after which the files of a folder that comes back are there. */
const SETTLING = 1_000;

/** The graph files of the workspace. Searches on first use, and again when a file is created or deleted. */
export class GraphFiles extends Disposable {
  readonly #changed = this.own(new EventEmitter<Uri>());
  /** A graph file was created, saved or deleted. */
  readonly onDidChange = this.#changed.event;
  #known: Promise<Uri[]> | null = null;
  /** Paths of the folders above the graphs that are known, or were. */
  readonly #folders = new Set<string>();
  readonly #later = this.own(new Delayed(() => void this.#searchAgain(), SETTLING));

  constructor(private readonly files: Files) {
    super();
  }

  /** In the order of their paths. */
  list(): Promise<Uri[]> {
    if (!this.#known) {
      const watcher = this.own(workspace.createFileSystemWatcher(GRAPH_PATTERN));
      const forget = (uri: Uri) => {
        this.#known = this.#find();
        this.#changed.fire(uri);
      };
      watcher.onDidCreate(forget);
      watcher.onDidDelete(forget);
      watcher.onDidChange((uri) => void this.#followChanged(uri));
      // Of a folder that is deleted, VS Code reports the folder alone.
      const folders = this.own(workspace.createFileSystemWatcher("**", false, true, false));
      folders.onDidDelete(({ path }) => this.#folders.has(path) && void this.#searchAgain());
      // In a folder that comes back, as after a change of the branch, its watcher can miss all that happens from then on.
      folders.onDidCreate(({ path }) => this.#folders.has(path) && this.#later.request());
      this.own(workspace.onDidChangeWorkspaceFolders(() => void this.#searchAgain()));
      this.own(workspace.onDidOpenTextDocument(({ uri }) => void this.#followOpened(uri)));
      this.#known = this.#find();
    }
    return this.#known;
  }

  /** The URI of a file in the workspace: its real path can differ because of symbolic links. */
  async known(realPath: string): Promise<Uri> {
    for (const uri of await this.list()) {
      const real = await this.files.realpath(uri.fsPath).catch(() => uri.fsPath);
      if (real === realPath) return uri;
    }
    return Uri.file(realPath);
  }

  /** The real path of a file, as in runs. The given path if the file does not exist. */
  realPath(file: Uri): Promise<string> {
    return this.files.realpath(file.fsPath).catch(() => file.fsPath);
  }

  /** Folders with runs of these graphs, and of graphs that were deleted from the workspace. */
  async roots(): Promise<string[]> {
    const graphs = (await this.list()).map(({ fsPath }) => fsPath);
    const local = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const gone = local.map(({ uri }) => join(uri.fsPath, "gone.agentgraph.json"));
    const roots = await Promise.all([...graphs, ...gone].map((path) => findRoot(path, this.files)));
    return [...new Set(roots.map(({ folder }) => folder))];
  }

  /**
   * Searches again, because the watcher reports neither folders that are added to or removed from the workspace, nor what
   * happens before it is set up, which takes a busy machine seconds: such a file is listed when it is opened or saved.
   */
  async #searchAgain(): Promise<void> {
    const before = (await this.#known) ?? [];
    this.#known = this.#find();
    const after = await this.#known;
    const [had, has] = [before, after].map((uris) => new Set(uris.map(String)));
    for (const uri of before) if (!has?.has(String(uri))) this.#changed.fire(uri);
    for (const uri of after) if (!had?.has(String(uri))) this.#changed.fire(uri);
  }

  async #followOpened(uri: Uri): Promise<void> {
    if (isGraphFile(uri) && workspace.getWorkspaceFolder(uri) && !(await this.#isKnown(uri))) await this.#searchAgain();
  }

  async #followChanged(uri: Uri): Promise<void> {
    if (await this.#isKnown(uri)) this.#changed.fire(uri);
    else await this.#searchAgain();
  }

  async #isKnown(uri: Uri): Promise<boolean> {
    return ((await this.#known) ?? []).some((one) => String(one) === String(uri));
  }

  async #find(): Promise<Uri[]> {
    const found = await workspace.findFiles(GRAPH_PATTERN, GRAPH_EXCLUDED, MOST_FILES);
    // A folder of a virtual file system has paths that name other files on disk, or none.
    const sorted = found.filter(isGraphFile).sort((a, b) => a.path.localeCompare(b.path));
    const sizes = await Promise.all(sorted.map(({ fsPath }) => this.files.stat(fsPath).catch(() => ({ bytes: 0 }))));
    let room = MOST_BYTES;
    const fitting = sorted.filter((_, index) => {
      const { bytes = 0 } = sizes[index] ?? {};
      const fits = bytes <= room;
      if (fits) room -= bytes;
      return fits;
    });
    for (const { path } of fitting) for (const folder of foldersAbove(path)) this.#folders.add(folder);
    return fitting;
  }
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}
