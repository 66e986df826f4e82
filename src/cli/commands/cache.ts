import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { findRoot } from "../../graph/containment.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { gitStore } from "../../platform/git-store.ts";
import { modelsOf } from "../../run/models.ts";
import {
  ASKED,
  type Checkable,
  checkableIn,
  checkPack,
  costOfCheck,
  mostDifferent,
  sampleOf,
} from "../../run/record/check-pack.ts";
import { openCache, RunReplies } from "../../run/record/replies.ts";
import { newId, prepareRunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import { folderStore, pullReplies, pushReplies, readUntrusted, type TeamStore } from "../../run/record/team-cache.ts";
import {
  type BudgetOptions,
  type ModelOptions,
  overridesOf,
  type PlaceOptions,
  pricesFor,
  type TaskOptions,
} from "../arguments/options.ts";
import { canAsk, confirm } from "../ask.ts";
import type { Cli } from "../cli.ts";
import { Cancelled, UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { loadOrThrow } from "../runs/load.ts";
import { runDepsOf } from "../runs/run-deps.ts";
import { connect } from "../server/provider.ts";
import { queueUrl, RESPONSE } from "../server/queue.ts";

export interface PullOptions extends PlaceOptions, ModelOptions, BudgetOptions, TaskOptions {
  /** A graph file. A sample of its requests that have a shared reply is sent again to compare. */
  readonly check?: string;
  readonly checkSample: number;
  /** Whether to send the sample without asking. */
  readonly yes?: boolean;
}

/** Copies the replies of this machine to a store that a team shares. */
export async function cachePushCommand(
  cli: Cli,
  target: string,
  { runsDir, caFile }: PlaceOptions & { caFile?: string },
): Promise<number> {
  const { output } = cli;
  const teamKey = teamKeyOf(cli);
  const shared = await openShared(cli, target, resolve("graph"), runsDir);
  await using(target, shared.root, teamKey, caFile, "push", cli, async (store) => {
    const { added, known } = await pushReplies(shared.replies, store, teamKey);
    if (output.json) output.object({ version: 1, added, known, refused: 0 });
    output.print(`${repliesLabel(added)} pushed, ${known} known already.`);
    if (added + known === 0) output.warn("This repository has no replies yet. Run a graph first.");
    if (teamKey === null && added > 0) {
      output.warn(
        "The replies are not signed. Others who pull them must request a sample of them again. Set AGENTGRAPH_TEAM_KEY to sign them.",
      );
    }
  });
  return EXIT.done;
}

/** Copies the replies of a team to this machine, so that no request is paid for twice. */
export async function cachePullCommand(cli: Cli, target: string, options: PullOptions): Promise<number> {
  const { output } = cli;
  const teamKey = teamKeyOf(cli);
  if (teamKey === null) return pullChecked(cli, target, options);
  const shared = await openShared(cli, target, resolve("graph"), options.runsDir);
  await using(target, shared.root, teamKey, options.caFile, "pull", cli, async (store) => {
    const { added, known, refused } = await pullReplies(shared.replies, store, teamKey);
    if (output.json) output.object({ version: 1, added, known, refused });
    output.print(`${repliesLabel(added)} pulled, ${known} known already.`);
    if (refused > 0) {
      output.warn(
        `${repliesLabel(refused)} ${refused === 1 ? "was" : "were"} not signed with AGENTGRAPH_TEAM_KEY, or changed since, and ignored.`,
      );
    }
    if (added + known + refused === 0) output.warn(nothingAt(target));
  });
  return EXIT.done;
}

/**
 * Copies unsigned replies: only those that a graph needs, and only after a sample of them was requested again and
 * agrees.
 */
async function pullChecked(cli: Cli, target: string, options: PullOptions): Promise<number> {
  const { output, deps, signal } = cli;
  const { check: graphFile, checkSample } = options;
  if (graphFile === undefined) {
    throw new UsageError(
      "Without AGENTGRAPH_TEAM_KEY, replies are taken only after a sample of them was requested again. Name the graph that needs them with --check, or set AGENTGRAPH_TEAM_KEY to a text of at least 16 characters that your team shares.",
    );
  }
  const path = resolve(graphFile);
  const { subject } = await loadOrThrow(path, deps, overridesOf(options), output);
  const { task } = subject;
  const models = modelsOf(task);
  const price = pricesFor(models, task.options.budget, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const runDeps = await runDepsOf(cli, task, options, { provider, price });
  const shared = await openShared(cli, target, path, options.runsDir);
  const { pack, unreadable } = await using(target, shared.root, null, options.caFile, "pull", cli, readUntrusted);
  const all = await checkableIn(pack, task, provider.identity, runDeps, signal);
  const open: Checkable[] = [];
  for (const one of all) if (!(await shared.replies.get(one.key))) open.push(one);
  const known = all.length - open.length;
  const nothing = { version: 1, added: 0, known, refused: unreadable };
  if (open.length === 0) {
    if (output.json) output.object(nothing);
    output.print(
      `No replies pulled: ${graphFile} needs none of the ${repliesLabel(pack.size)} there (${known} known already).`,
    );
    if (pack.size + unreadable === 0) output.warn(nothingAt(target));
    return EXIT.done;
  }
  const sample = sampleOf(open, checkSample, randomInt);
  const { calls, usd } = costOfCheck(sample, price);
  const cost = usd === null ? "" : `, ${ENGLISH.money(usd)}`;
  output.info(
    `${graphFile} asks for ${open.length} of the ${repliesLabel(pack.size)}. A random sample of ${sample.length} is requested again: ${calls} calls${cost}, and up to ${ASKED.most} for each reply that differs.`,
  );
  if (!options.yes) {
    if (!canAsk(cli)) throw new UsageError("To request the sample, add --yes.");
    await confirm("Request the sample?", cli);
  }
  const { budget: limits } = task.options;
  const checked = await checkPack(sample, task, { ...runDeps, limits }, signal);
  if (signal.aborted) throw new Cancelled();
  const { same, varying, failed, mismatch, spent } = checked;
  const share = Math.ceil(100 * mostDifferent(checked));
  const report = {
    asked: spent.calls,
    usd: spent.usd,
    sample: sample.length,
    same,
    varying,
    failed,
    mismatch,
    mostDifferent: share / 100,
  };
  const isEnough = mismatch === null && same >= Math.ceil(sample.length / 2);
  let added = 0;
  if (isEnough) {
    for (const { key, pulled } of open) if ((await shared.replies.take(key, pulled)) === "new") added++;
    await shared.replies.flushed();
  }
  if (output.json) output.object({ ...nothing, added, check: report });
  if (mismatch) {
    output.error(
      `No replies pulled: ${ASKED.most} answers of node ${mismatch.node} agree, and the reply in the cache is different: “${oneLine(mismatch.pulled, 200)}”. The whole cache is dropped.`,
    );
    return EXIT.failed;
  }
  const counts = `${same} are the same${varying > 0 ? `, ${varying} differ each time` : ""}${failed > 0 ? `, ${failed} were not answered` : ""}`;
  if (!isEnough) {
    output.error(`No replies pulled: too few can be compared. Of ${sample.length}, ${counts}.`);
    return EXIT.failed;
  }
  output.print(
    `${repliesLabel(added)} pulled. Of ${sample.length} that were requested again, ${counts}: with 95% confidence, at most ${share}% of all replies are different.`,
  );
  const others = pack.size - all.length;
  if (others > 0) output.info(`${repliesLabel(others)} not taken: they can't be checked with this graph.`);
  return EXIT.done;
}

function nothingAt(target: string): string {
  return `There are no replies at ${target}.`;
}

function repliesLabel(count: number): string {
  return `${count} ${count === 1 ? "reply" : "replies"}`;
}

/** @throws UsageError if the key is too short to sign with */
function teamKeyOf({ env }: Pick<Cli, "env">): string | null {
  const teamKey = env.AGENTGRAPH_TEAM_KEY ?? "";
  if (teamKey === "") return null;
  if (teamKey.length < 16) {
    throw new UsageError(
      "AGENTGRAPH_TEAM_KEY is too short: use a text of at least 16 characters that your team shares. It signs the replies.",
    );
  }
  return teamKey;
}

async function openShared({ deps }: Cli, target: string, file: string, runsDir?: string) {
  const root = await findRoot(file, deps.files);
  const place = runPathsOf(root.folder, runsDir && resolve(runsDir));
  await prepareRunPaths(deps.files, place, root.folder);
  const cache = await openCache(deps.files, deps.machine, place.cache, newId(deps.clock.now(), target));
  return { root: root.folder, replies: await RunReplies.open(deps, null, cache) };
}

/** @throws UsageError with the reason why the store can't be used */
async function using<T>(
  target: string,
  root: string,
  teamKey: string | null,
  caFile: string | undefined,
  what: "push" | "pull",
  cli: Cli,
  use: (store: TeamStore) => Promise<T>,
): Promise<T> {
  const { store, close } = await storeAt(target, root, teamKey, caFile, cli);
  try {
    return await use(store);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The replies can't be ${what}ed: ${error instanceof Error ? error.message : String(error)}.`);
  } finally {
    close();
  }
}

/** The store at an address: `redis://…`, `git:branch`, or a folder. */
async function storeAt(
  target: string,
  root: string,
  teamKey: string | null,
  caFile: string | undefined,
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
  const url = queueUrl(target, cli);
  const store = teamRedis({ url, ...(caFile !== undefined && { caFile: resolve(caFile) }) }, teamKey);
  await store.examine(RESPONSE).catch((error: unknown) => {
    store.close();
    throw error;
  });
  return { store, close: () => store.close() };
}
