import { fileNameOf, linesIn, type TeamStore } from "../run/record/team-cache.ts";
import { refusePrograms, safeGit } from "./git-safe.ts";

/** Maximum bytes of git's output. */
const LARGEST = 2 ** 28;
/** Maximum number of tries to add to a branch to which others add at the same time. */
const TRIES = 8;
const NAME = /^replies-[\w-]+\.jsonl$/;
/** What git says if the branch has moved since it was read. */
const MOVED =
  /cannot lock ref|already exists|but expected|\bfetch first\b|non-fast-forward|stale info|\[(remote )?rejected\]/i;

/**
 * A branch of the repository at `folder`, fetched from and pushed to `origin` if there is one. Doesn't touch files
 * of the working tree, and runs no hooks. Other entries of the branch are left as they are.
 * @throws Error with git's message, or if the settings of the repository name a program
 */
export function gitStore(folder: string, branch: string): TeamStore {
  const ref = `refs/heads/${branch}`;
  const git = (args: readonly string[], input = "") => safeGit(folder, args, { largest: LARGEST, input });
  const remote = (args: readonly string[]) => safeGit(folder, args, { largest: LARGEST, isRemote: true });
  const tip = () => git(["rev-parse", "--verify", "--quiet", ref]).catch(() => "");
  const hasOrigin = async () => {
    const has = await git(["remote", "get-url", "origin"]).then(
      () => true,
      () => false,
    );
    if (has) await refusePrograms(folder);
    return has;
  };
  const fetch = async () => {
    const quiet = ["--quiet", "--no-recurse-submodules", "--upload-pack=git-upload-pack"];
    if (await hasOrigin()) await remote(["fetch", ...quiet, "origin", `+${ref}:${ref}`]).catch(() => "");
  };
  const entriesOf = async (commit: string) =>
    commit === "" ? [] : (await git(["ls-tree", "-z", commit])).split("\0").filter(Boolean);

  const addOnce = async (name: string, blob: string, message: string) => {
    const parent = await tip();
    const entries = [...(await entriesOf(parent)), `100644 blob ${blob}\t${fileNameOf(name)}`];
    const tree = await git(["mktree", "-z", "--missing"], entries.map((entry) => `${entry}\0`).join(""));
    const parents = parent === "" ? [] : ["-p", parent];
    const commit = await git(["commit-tree", tree, ...parents, "-m", message]);
    await git(["update-ref", ref, commit, parent || "0".repeat(40)]);
    const quiet = ["--quiet", "--no-verify", "--recurse-submodules=no", "--receive-pack=git-receive-pack"];
    if (await hasOrigin()) await remote(["push", ...quiet, "origin", `${ref}:${ref}`]);
  };

  return {
    async *lines() {
      await fetch();
      for (const entry of await entriesOf(await tip())) {
        const [kind = "", name = ""] = entry.split("\t");
        const [mode, type, blob = ""] = kind.split(" ");
        if (mode !== "100644" || type !== "blob" || !NAME.test(name)) continue;
        yield* linesIn(await git(["cat-file", "blob", blob]));
      }
    },
    async add(name, lines) {
      await hasOrigin();
      const blob = await git(["hash-object", "-w", "--stdin"], lines.map((line) => `${line}\n`).join(""));
      for (let tries = 1; ; tries++) {
        try {
          return await addOnce(name, blob, `replies: ${lines.length} added`);
        } catch (error) {
          if (tries === TRIES || !MOVED.test(String(error))) throw error;
          await fetch();
        }
      }
    },
  };
}
