import { safeGit } from "./git-safe.ts";

/** Maximum bytes of git's output. */
const LARGEST = 2 ** 26;

/** Newest commits of the repository at a folder, with their messages. Empty if there is no repository, or no git. */
export async function commitsAt(
  folder: string,
  most: number,
): Promise<{ readonly hash: string; readonly message: string }[]> {
  const args = ["--no-pager", "log", `--max-count=${most}`, "--no-show-signature", "--format=%H%x00%B%x01"];
  const log = await safeGit(folder, args, { largest: LARGEST }).catch(() => "");
  const commits = log.split("\x01").map((one) => one.trimStart().split("\0"));
  return commits.flatMap(([hash = "", message = ""]) => (hash === "" ? [] : [{ hash, message }]));
}
