import { join } from "node:path";
import type { Tools } from "../deps.ts";
import type { Task } from "../engine/task.ts";
import { plain } from "../i18n/plain-text.ts";
import type { Model } from "../models/model.ts";
import type { PriceOf } from "../models/prices.ts";
import { configFolder } from "../platform/machine.ts";
import { readServers } from "../platform/tools/servers.ts";
import type { RunDeps } from "../run/run.ts";
import type { Cli } from "./cli.ts";
import { UsageError } from "./errors.ts";
import { readOptionFile } from "./option-file.ts";
import { type BudgetOptions, type ModelOptions, sandboxWith } from "./options.ts";
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
  const { deps, output, terminal } = cli;
  const { nodes } = task.graph;
  const { concurrency, maxWait, pauseCalls: calls = null, pauseUsd: usd = null } = options;
  const pauses = calls !== null || usd !== null;
  if (pauses && !(terminal.hasKeys && output.isInteractive)) {
    const option = usd === null ? "calls" : "usd";
    throw new UsageError(
      `--pause-${option} asks on the terminal, and there is none. Use --budget-${option}: a run that reaches it can be resumed.`,
    );
  }
  const named = nodes.flatMap((node) => (node.kind === "tool" ? [node.tool] : []));
  const tools = named.length > 0 ? await toolsFor([...new Set(named)], options, deps.files) : undefined;
  const sandbox = await confirmedPrograms(cli, task, options, sandboxWith(deps.sandbox, options));
  return {
    ...deps,
    ...(tools && { tools }),
    sandbox,
    provider,
    price,
    concurrency,
    maxWait,
    ...(pauses && { pauseAt: { calls, usd } }),
  };
}

/** The user's own file; a graph file can't name one. */
const DEFAULT_FILE = "tools.json";

async function toolsFor(
  names: readonly string[],
  { tools: given }: ModelOptions,
  files: Cli["deps"]["files"],
): Promise<Tools> {
  const path = given ?? join(configFolder(), DEFAULT_FILE);
  const text = await readOptionFile(path, "--tools", files).catch((error: unknown) => {
    if (given !== undefined) throw error;
    const list = names.map(plain).join(", ");
    throw new UsageError(
      `The graph calls tools (${list}). Name a file with your tool servers with --tools, or create ${path}.`,
    );
  });
  const { mcpTools } = await import("../platform/tools/mcp.ts");
  const tools = mcpTools(serversIn(text, path));
  for (const name of names) {
    await tools.identify(name).catch((error: unknown) => {
      throw new UsageError(`The graph can't run: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return tools;
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
