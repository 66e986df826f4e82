import { type Event, extensions, type Uri } from "vscode";

/** The part of the built-in git extension's API (version 1) that is used here. */
export interface GitApi {
  readonly state: "uninitialized" | "initialized";
  readonly onDidChangeState: Event<"uninitialized" | "initialized">;
  getRepository(uri: Uri): Repository | null;
  openRepository(root: Uri): Promise<Repository | null>;
  /** Initializes a repository in a folder, and opens it. */
  init(root: Uri): Promise<Repository | null>;
}

export interface Repository {
  readonly rootUri: Uri;
  readonly inputBox: { value: string };
  readonly state: {
    /** Undefined before the first commit. No name where HEAD is detached. */
    readonly HEAD?: { readonly name?: string; readonly commit?: string } | undefined;
    /** The commit at which a rebase has stopped. */
    readonly rebaseCommit?: { readonly hash: string } | undefined;
    readonly indexChanges: readonly { readonly uri: Uri }[];
    readonly mergeChanges: readonly { readonly uri: Uri }[];
  };
  readonly onDidCommit: Event<void>;
  status(): Promise<void>;
  /** Text of a file at a commit. Rejects where that commit does not have it. */
  show(ref: string, path: string): Promise<string>;
  /** Value of a setting of git. Rejects where it is not set. */
  getConfig(key: string): Promise<string>;
  /** Commits, the newest first. */
  log(options: {
    readonly maxEntries: number;
    readonly path?: string;
  }): Promise<readonly { readonly hash: string; readonly message: string }[]>;
  getCommit(ref: string): Promise<{ readonly hash: string; readonly message: string }>;
  add(paths: string[]): Promise<void>;
  commit(message: string): Promise<void>;
}

/** The activated git extension; null if it is turned off. */
export async function gitApi(): Promise<GitApi | null> {
  const extension = extensions.getExtension<{ readonly enabled: boolean; getAPI(version: 1): GitApi }>("vscode.git");
  if (!extension) return null;
  const exported = extension.isActive ? extension.exports : await extension.activate();
  if (!exported.enabled) return null;
  const api = exported.getAPI(1);
  if (api.state === "initialized") return api;
  return new Promise((resolve) => {
    const listening = api.onDidChangeState((state) => {
      if (state !== "initialized") return;
      listening.dispose();
      resolve(api);
    });
  });
}
