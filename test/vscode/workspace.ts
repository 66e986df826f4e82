import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface WorkspaceOptions {
  /** A folder without a repository instead. */
  readonly plain?: boolean;
  /** Texts of further files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * A fresh git repository with the files of `from` committed, or with none. The caller removes it.
 */
export function makeWorkspace(from: string, { plain = false, files = {} }: WorkspaceOptions = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), "agw-"));
  if (from && existsSync(from)) cpSync(from, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  if (plain) return folder;
  git(folder, "init", "-q");
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "first", "--allow-empty");
  return folder;
}

/** Runs git without the user's own settings; returns what it printed. */
export function git(folder: string, ...args: string[]): string {
  const settings = ["user.name=Tester", "user.email=tester@example.invalid", "init.defaultBranch=main"];
  return execFileSync("git", [...settings.flatMap((setting) => ["-c", setting]), ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  });
}
