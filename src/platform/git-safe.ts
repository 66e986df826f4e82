import { execFile } from "node:child_process";

/**
 * Options for every call of git. A folder of a clone can look like a bare repository, and an unpacked archive can contain a `.git`:
 * their settings could name programs that git runs.
 */
const SAFE = [
  ["safe.bareRepository", "explicit"],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["protocol.ext.allow", "never"],
  ["log.showSignature", "false"],
  ["gpg.program", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** Settings that name a program for which git has no harmless value, or the user may have a value of their own. */
const PROGRAMS =
  /^(core\.(sshcommand|gitproxy|askpass|alternaterefscommand)|credential\.(.*\.)?helper|remote\..*\.vcs|gc\.recentobjectshook)$/;

/** Maximum bytes of a list of settings. */
const SETTINGS = 2 ** 22;

/** The protocols of servers and folders. Without one, git fetches nothing that a partial clone lacks. */
const PROTOCOLS = "file:git:http:https:ssh";

export interface GitCall {
  /** Maximum bytes of its output. */
  readonly largest: number;
  /** Its standard input. */
  readonly input?: string;
  /** Whether it may reach a server. Default: no. */
  readonly isRemote?: boolean;
}

/**
 * Runs git in a folder, with the options that keep its settings from naming programs.
 * @returns its output without the line break at the end
 * @throws Error with what git reports
 */
export function safeGit(
  folder: string,
  args: readonly string[],
  { largest, input = "", isRemote = false }: GitCall,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GIT_ALLOW_PROTOCOL: isRemote ? PROTOCOLS : "none", GIT_NO_LAZY_FETCH: "1" };
    const child = execFile(
      "git",
      [...SAFE, ...args],
      { cwd: folder, maxBuffer: largest, env },
      (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || error.message));
        else resolve(stdout.trimEnd());
      },
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/**
 * Refuses a repository whose own settings name a program that git would run to reach its server. Those of the user and of the
 * system may.
 * @throws Error that names the setting
 */
export async function refusePrograms(folder: string): Promise<void> {
  const listed = await safeGit(folder, ["config", "--list", "--show-scope", "-z"], { largest: SETTINGS });
  const fields = listed.split("\0");
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope = "", entry = ""] = fields.slice(at);
    const name = entry.split("\n", 1)[0]!;
    if ((scope === "local" || scope === "worktree") && PROGRAMS.test(name)) {
      throw new Error(
        `The settings of this repository name a program: ${name}. Set it for yourself with git config --global, or remove it from the repository`,
      );
    }
  }
}
