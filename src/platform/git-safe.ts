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
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/**
 * Runs git in a folder, with the options that keep its settings from naming programs.
 * @param largest maximum bytes of its output
 * @param input its standard input
 * @returns its output without the line break at the end
 * @throws Error with what git reports
 */
export function safeGit(folder: string, args: readonly string[], largest: number, input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: largest };
    const child = execFile("git", [...SAFE, ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message));
      else resolve(stdout.trimEnd());
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
