import { execFile } from "node:child_process";

/** Maximum bytes of git's output. */
const LARGEST = 2 ** 26;

/** Newest commits of the repository at a folder, with their messages. Empty if there is no repository, or no git. */
export function commitsAt(
  folder: string,
  most: number,
): Promise<{ readonly hash: string; readonly message: string }[]> {
  // A repository's own settings could name a program that verifies signatures.
  const safe = ["-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false", "-c", "gpg.program="];
  const args = [...safe, "--no-pager", "log", `--max-count=${most}`, "--no-show-signature", "--format=%H%x00%B%x01"];
  return new Promise((resolve) => {
    execFile("git", args, { cwd: folder, maxBuffer: LARGEST }, (error, stdout) => {
      if (error) return resolve([]);
      const commits = stdout.split("\x01").map((one) => one.trimStart().split("\0"));
      resolve(commits.flatMap(([hash = "", message = ""]) => (hash === "" ? [] : [{ hash, message }])));
    });
  });
}
