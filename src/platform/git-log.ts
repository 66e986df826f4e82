import { execFile } from "node:child_process";
import { SAFE_GIT } from "./git-safe.ts";

/** Maximum bytes of git's output. */
const LARGEST = 2 ** 26;

/** Newest commits of the repository at a folder, with their messages. Empty if there is no repository, or no git. */
export function commitsAt(
  folder: string,
  most: number,
): Promise<{ readonly hash: string; readonly message: string }[]> {
  const args = [
    ...SAFE_GIT,
    "--no-pager",
    "log",
    `--max-count=${most}`,
    "--no-show-signature",
    "--format=%H%x00%B%x01",
  ];
  return new Promise((resolve) => {
    execFile("git", args, { cwd: folder, maxBuffer: LARGEST }, (error, stdout) => {
      if (error) return resolve([]);
      const commits = stdout.split("\x01").map((one) => one.trimStart().split("\0"));
      resolve(commits.flatMap(([hash = "", message = ""]) => (hash === "" ? [] : [{ hash, message }])));
    });
  });
}
