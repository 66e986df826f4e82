import { basename } from "node:path";
import { l10n, type TextDocument, Uri, window, workspace } from "vscode";
import { Cancelled, NoRepository, NotFound } from "../errors.ts";
import { exists } from "../exists.ts";
import { type GitApi, gitApi, type Repository } from "./api.ts";

/**
 * The repository that contains all files.
 * @param root folder that contains the graph's runs: the top of its repository, or its own folder outside a
 *   repository
 */
export async function repositoryOf(files: readonly Uri[], root: Uri): Promise<Repository> {
  const git = await gitApi();
  if (!git) {
    throw new NotFound(
      workspace.getConfiguration("git").get("enabled")
        ? l10n.t("VS Code can't find git on this machine. Install git, reload the window, then commit again.")
        : l10n.t("Git support is turned off in VS Code. Turn on the git.enabled setting."),
    );
  }
  const found = files.map((file) => git.getRepository(file));
  if (found.every((one) => one === null)) return openOrMake(git, root);
  const [first, ...others] = found;
  if (!first || others.some((other) => other?.rootUri.toString() !== first.rootUri.toString())) {
    throw new NotFound(l10n.t("The changed files belong to different git repositories. Commit them one by one."));
  }
  return first;
}

/** Opens the repository in VS Code, or offers to initialize one. @throws NoRepository, Cancelled */
async function openOrMake(git: GitApi, root: Uri): Promise<Repository> {
  const isThere = await exists(Uri.joinPath(root, ".git"));
  if (!isThere) {
    const make = l10n.t("Initialize repository");
    const message = l10n.t("“{0}” is not in a git repository. Initialize one?", basename(root.fsPath));
    const detail = l10n.t(
      "The repository is created in {0}. Its first commit contains the files of the graph from before the run.",
      root.fsPath,
    );
    if ((await window.showInformationMessage(message, { modal: true, detail }, make)) !== make) throw new Cancelled();
  }
  // A repository in a parent folder would move the folder of the runs.
  const repository = isThere ? await git.openRepository(root) : await git.init(root);
  if (!repository) throw new NoRepository(root.fsPath);
  return repository;
}

/**
 * Rejects a commit if other changes are staged, because it would contain them, and in the middle of a merge or rebase,
 * because it would become a part of it.
 * @returns the branch and its last commit
 */
export async function refuseOtherWork(repository: Repository, documents: readonly TextDocument[]): Promise<string> {
  await repository.status();
  const { indexChanges, mergeChanges, rebaseCommit, HEAD } = repository.state;
  const isMidway = (ref: string) =>
    repository.getCommit(ref).then(
      () => true,
      () => false,
    );
  if (rebaseCommit) throw new NotFound(l10n.t("A rebase is in progress. Finish it, then commit the prompts."));
  if (mergeChanges.length > 0 || (await isMidway("MERGE_HEAD")))
    throw new NotFound(l10n.t("A merge is in progress. Finish it, then commit the prompts."));
  if (await isMidway("CHERRY_PICK_HEAD"))
    throw new NotFound(l10n.t("A cherry-pick is in progress. Finish it, then commit the prompts."));
  if (await isMidway("REVERT_HEAD"))
    throw new NotFound(l10n.t("A revert is in progress. Finish it, then commit the prompts."));
  const own = new Set(documents.map(({ uri }) => uri.fsPath));
  const other = indexChanges.filter(({ uri }) => !own.has(uri.fsPath)).map(({ uri }) => basename(uri.fsPath));
  if (other.length > 0) {
    throw new NotFound(
      l10n.t(
        "Other staged changes ({0}) would be part of this commit. Commit or unstage them first.",
        other.join(", "),
      ),
    );
  }
  return `${HEAD?.name ?? ""} ${HEAD?.commit ?? ""}`;
}

/**
 * Text of a file in the last commit, without a byte order mark, and with the line ends that git gives it on disk. null if
 * the commit has no such file.
 */
export async function textInHead(repository: Repository, uri: Uri): Promise<string | null> {
  const text = await repository.show("HEAD", uri.fsPath).catch(() => null);
  if (text === null || text.includes("\r\n")) return text?.replace(/^\uFEFF/, "") ?? null;
  // The default of Git for Windows.
  const converts = await repository.getConfig("core.autocrlf").catch(() => "");
  return text.replace(/^\uFEFF/, "").replaceAll("\n", converts === "true" ? "\r\n" : "\n");
}

/** Output of git, which is more specific than the message of the error. */
export function gitMessage(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  return stderr || (error instanceof Error ? error.message : String(error));
}
