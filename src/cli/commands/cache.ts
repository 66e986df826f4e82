import { resolve } from "node:path";
import { findRoot } from "../../graph/containment.ts";
import { gitStore } from "../../platform/git-store.ts";
import { openCache, RunReplies } from "../../run/record/replies.ts";
import { newId, prepareRunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import { folderStore, pullReplies, pushReplies, type TeamStore } from "../../run/record/team-cache.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { PlaceOptions } from "../options.ts";
import { queueUrl, RESPONSE } from "../queue.ts";

export type CacheDirection = "push" | "pull";

/** Shares replies with a team: what one machine has paid for, the others replay. */
export async function cacheCommand(
  cli: Cli,
  direction: CacheDirection,
  target: string,
  { runsDir }: PlaceOptions,
): Promise<number> {
  const { deps, output, env } = cli;
  const teamKey = env.AGENTGRAPH_TEAM_KEY ?? "";
  if (teamKey.length < 16) {
    throw new UsageError(
      "Set AGENTGRAPH_TEAM_KEY to a text of at least 16 characters that your team shares. It signs the replies.",
    );
  }
  const root = await findRoot(resolve("graph"), deps.files);
  const place = runPathsOf(root.folder, runsDir && resolve(runsDir));
  await prepareRunPaths(deps.files, place, root.folder);
  const cache = await openCache(deps.files, deps.machine, place.cache, newId(deps.clock.now(), target));
  const replies = await RunReplies.open(deps, null, cache);
  const { store, close } = await storeAt(target, root.folder, teamKey, cli);
  try {
    const counts =
      direction === "push"
        ? { ...(await pushReplies(replies, store, teamKey)), refused: 0 }
        : await pullReplies(replies, store, teamKey);
    const { added, known, refused } = counts;
    if (output.json) output.object({ version: 1, ...counts });
    output.print(
      `${added} ${added === 1 ? "reply" : "replies"} ${direction === "push" ? "pushed" : "pulled"}, ${known} known already.`,
    );
    if (refused > 0)
      output.warn(`${refused} replies were not signed with AGENTGRAPH_TEAM_KEY, or were changed. They are ignored.`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `The replies can't be ${direction}ed: ${error instanceof Error ? error.message : String(error)}.`,
    );
  } finally {
    close();
  }
}

/** `redis://…`, `git:branch`, or a folder. */
async function storeAt(
  target: string,
  root: string,
  teamKey: string,
  cli: Cli,
): Promise<{ store: TeamStore; close: () => void }> {
  const none = () => {};
  if (target.startsWith("git:")) {
    const branch = target.slice(4);
    if (!/^[A-Za-z0-9][\w./-]*$/.test(branch) || branch.includes(".."))
      throw new UsageError(`${target} names no branch.`);
    return { store: gitStore(root, branch), close: none };
  }
  if (!/^rediss?:/.test(target)) return { store: folderStore(cli.deps.files, resolve(target)), close: none };
  const { teamRedis } = await import("../../platform/queue/bull.ts");
  const store = teamRedis({ url: queueUrl(target, cli) }, teamKey);
  const late = cli.deps.clock.sleep(RESPONSE).then(() => {
    throw new UsageError("The Redis does not respond.");
  });
  await Promise.race([store.ping(), late]).catch((error: unknown) => {
    store.close();
    throw error;
  });
  return { store, close: () => store.close() };
}
