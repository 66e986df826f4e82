import { join } from "node:path";
import type { Tools } from "../../deps.ts";
import type { Task } from "../../engine/task.ts";
import { plain } from "../../i18n/plain-text.ts";
import type { Model } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { configFolder } from "../../platform/machine.ts";
import type { McpTools } from "../../platform/tools/mcp.ts";
import { readServers } from "../../platform/tools/servers.ts";
import { programFilesOf } from "../../run/program-files.ts";
import type { RunDeps } from "../../run/run.ts";
import { readUserFile } from "../arguments/option-file.ts";
import { type BudgetOptions, type ModelOptions, sandboxWith } from "../arguments/options.ts";
import { canAsk } from "../ask.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { isQueued, type QueuedModel, queuedSandbox, queuedTools } from "../server/queue.ts";
import { confirmedPrograms } from "./programs.ts";

/**
 * What a run needs besides its graph: the model server, and what this machine does for nodes that ask no model.
 * @throws UsageError if a tool of the graph is not on any of the user's servers, or code is not confirmed; Cancelled
 */
export async function runDepsOf(
  cli: Cli,
  task: Pick<Task, "graph" | "loss" | "losses">,
  options: ModelOptions & BudgetOptions,
  { provider, price }: { readonly provider: Model; readonly price: PriceOf },
): Promise<RunDeps & Cli["deps"]> {
  const { deps, output } = cli;
  const { nodes } = task.graph;
  const { concurrency, maxWait, pauseCalls: calls = null, pauseUsd: usd = null } = options;
  const pauses = calls !== null || usd !== null;
  if (pauses && !canAsk(cli)) {
    const option = usd === null ? "calls" : "usd";
    throw new UsageError(
      `--pause-${option} asks on the terminal, and there is none. Use --budget-${option}: a run that reaches it can be resumed.`,
    );
  }
  const named = nodes.flatMap((node) => (node.kind === "tool" ? [node.tool] : []));
  const names = [...new Set(named)];
  const queued = isQueued(provider) ? provider : null;
  const tools = names.length > 0 ? await toolsFor(names, options, deps.files, queued) : undefined;
  const own = sandboxWith(deps.sandbox, options);
  const { codeTimeout: time, codeMemory: memory, workersOnly = false } = options;
  const inner = queued ? queuedSandbox(queued, own, { time, memory }, workersOnly, { output }) : own;
  if (workersOnly) refusePrograms(task);
  const sandbox = await confirmedPrograms(cli, task, options, inner);
  return {
    ...deps,
    ...(tools && { tools }),
    sandbox,
    provider,
    price,
    concurrency,
    ...(maxWait !== undefined && { maxWait }),
    ...(pauses && { pauseAt: { calls, usd } }),
  };
}

/** @throws UsageError */
function refusePrograms(task: Pick<Task, "graph" | "loss" | "losses">): void {
  const [first] = programFilesOf(task).files;
  if (first === undefined) return;
  throw new UsageError(
    `${plain(first.file)} can't run with --workers-only: workers run JavaScript and TypeScript, other languages only run on this machine.`,
  );
}

/** The user's own file; a graph file can't name one. */
const DEFAULT_FILE = "tools.json";

async function toolsFor(
  names: readonly string[],
  options: ModelOptions,
  files: Cli["deps"]["files"],
  queued: QueuedModel | null,
): Promise<Tools> {
  const own = queued && options.workersOnly ? null : await ownTools(options, files, queued !== null, names);
  const tools = queued ? queuedTools(queued, own) : own;
  if (!tools) throw new UsageError(missingFile(names, join(configFolder(), DEFAULT_FILE)));
  for (const name of names) {
    await tools.identify(name).catch((error: unknown) => {
      throw new UsageError(`The graph can't run: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return tools;
}

/**
 * Tools of the file that the user names, or of the default one.
 * @param mayLack whether there may be no default file
 */
async function ownTools(
  { tools: given }: Pick<ModelOptions, "tools">,
  files: Cli["deps"]["files"],
  mayLack: boolean,
  names: readonly string[],
): Promise<McpTools | null> {
  const { path, text } = await readUserFile(given, DEFAULT_FILE, "--tools", files);
  if (text !== null) return toolsIn(text, path);
  if (mayLack) return null;
  throw new UsageError(missingFile(names, path));
}

/** @throws UsageError if the text lists no servers */
export async function toolsIn(text: string, path: string): Promise<McpTools> {
  const { mcpTools } = await import("../../platform/tools/mcp.ts");
  return mcpTools(serversIn(text, path));
}

function missingFile(names: readonly string[], path: string): string {
  const list = names.map(plain).join(", ");
  return `The graph calls tools (${list}). Name a file with your tool servers with --tools, or create ${path}.`;
}

function serversIn(text: string, path: string) {
  try {
    return readServers(text);
  } catch (error) {
    throw new UsageError(
      `${plain(path)} lists no tool servers: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
