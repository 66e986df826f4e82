import { fileNameOf, linesIn, type TeamStore } from "../run/record/team-cache.ts";
import { safeGit } from "./git-safe.ts";

/** Maximum bytes of git's output. */
const LARGEST = 2 ** 28;

/**
 * A branch of the repository at `folder`, fetched from and pushed to `origin` if there is one. Doesn't touch files
 * of the working tree, and runs no hooks.
 * @throws Error with git's message
 */
export function gitStore(folder: string, branch: string): TeamStore {
  const ref = `refs/heads/${branch}`;
  const git = (args: readonly string[], input?: string) => safeGit(folder, args, LARGEST, input);
  const tip = () => git(["rev-parse", "--verify", "--quiet", ref]).catch(() => "");
  const hasOrigin = () =>
    git(["remote", "get-url", "origin"]).then(
      () => true,
      () => false,
    );
  const fetch = async () => {
    if (await hasOrigin())
      await git(["fetch", "--quiet", "--upload-pack=git-upload-pack", "origin", `+${ref}:${ref}`]).catch(() => "");
  };
  return {
    async *lines() {
      await fetch();
      const commit = await tip();
      if (commit === "") return;
      for (const name of (await git(["ls-tree", "--name-only", commit])).split("\n").filter(Boolean)) {
        yield* linesIn(await git(["cat-file", "blob", `${commit}:${name}`]));
      }
    },
    async add(name, lines) {
      const parent = await tip();
      const blob = await git(["hash-object", "-w", "--stdin"], lines.map((line) => `${line}\n`).join(""));
      const before = parent === "" ? "" : await git(["ls-tree", parent]);
      const entries = [...before.split("\n").filter(Boolean), `100644 blob ${blob}\t${fileNameOf(name)}`];
      const tree = await git(["mktree"], `${entries.join("\n")}\n`);
      const parents = parent === "" ? [] : ["-p", parent];
      const commit = await git(["commit-tree", tree, ...parents, "-m", `replies: ${lines.length} added`]);
      await git(["update-ref", ref, commit, parent || "0".repeat(40)]);
      const quiet = ["--quiet", "--no-verify", "--receive-pack=git-receive-pack"];
      if (await hasOrigin()) await git(["push", ...quiet, "origin", `${ref}:${ref}`]);
    },
  };
}
