import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { version } from "../../../package.json";
import type { Model } from "../../models/model.ts";
import { codeSandbox } from "../../platform/node.ts";
import type { SharedLimits } from "../../platform/queue/consumer.ts";
import type { McpTools } from "../../platform/tools/mcp.ts";
import { readOptionFile } from "../arguments/option-file.ts";
import { type ServerChoice, sandboxWith } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { toolsIn } from "../runs/run-deps.ts";
import { chooseServer } from "../server/provider.ts";
import { queueUrl, RESPONSE, refused, secretOf, shown } from "../server/queue.ts";

/** Milliseconds between two lines of output. */
const REPORT = 30_000;
/** Maximum number of concurrent calls to one tool server. */
const TOOL_CALLS = 4;

export interface WorkerOptions extends ServerChoice {
  readonly queue: string;
  readonly concurrency: number;
  readonly together?: number;
  /** Maximum number of requests per minute, of all workers together. */
  readonly rate?: number;
  /** Whether code of graphs may run here. */
  readonly allowCode?: boolean;
  readonly codeConcurrency?: number;
  /** Milliseconds after which another worker takes over the jobs of a lost one. */
  readonly takeover: number;
}

/** Works on the jobs of a queue until the user cancels. */
export async function workerCommand(cli: Cli, options: WorkerOptions): Promise<number> {
  const { output, signal, deps } = cli;
  const { queueWorker } = await import("../../platform/queue/bull.ts");
  const url = queueUrl(options.queue, cli);
  const secret = secretOf(cli);
  const tools = await toolsOf(options, cli);
  const provider = await providerOf(options, cli);
  const limits = { time: options.codeTimeout, memory: options.codeMemory };
  const threads = options.codeConcurrency ?? availableParallelism();
  const { together, rate } = options;
  const counts = { answered: 0, known: 0, failed: 0, refused: 0 };
  const worker = queueWorker({
    url,
    ...(options.caFile !== undefined && { caFile: resolve(options.caFile) }),
    secret,
    version,
    takeover: options.takeover,
    ...(provider && {
      calls: {
        provider,
        concurrency: options.concurrency,
        limits: { ...(together !== undefined && { together }), ...(rate !== undefined && { rate }) },
      },
    }),
    ...(options.allowCode && {
      code: { sandbox: sandboxWith(codeSandbox(threads), options), limits, concurrency: threads },
    }),
    ...(tools && { tools: { mcp: tools, concurrency: TOOL_CALLS } }),
    onEnd: (end) => {
      counts[end]++;
      if (end === "refused") output.warn("A job was refused: it was changed on its way.");
    },
  });
  try {
    const { limits: shared, cautions } = await worker.ready(RESPONSE);
    for (const caution of cautions) output.warn(caution);
    if (provider) output.info(`Answering requests to ${provider.identity} from ${shown(url)}${limitsLabel(shared)}.`);
    if (options.allowCode) output.info(`Running code of graphs from ${shown(url)}, ${threads} at once.`);
    if (tools)
      output.info(`Calling ${(await tools.list()).map(({ server, name }) => `${server}/${name}`).join(", ")}.`);
    output.info("Press Ctrl-C to finish.");
  } catch (error) {
    await worker.close();
    throw refused(url, error);
  }
  while (!signal.aborted) {
    await deps.clock.sleep(REPORT, signal).catch(() => {});
    output.info(`${counts.answered} answered, ${counts.known} known already, ${counts.failed} failed.`);
  }
  await worker.close();
  return EXIT.done;
}

/**
 * Limits that all workers share, which another worker may have set: `, all workers together at most 64 at once and
 * 600 a minute`.
 */
function limitsLabel({ together, rate }: SharedLimits): string {
  const parts = [
    ...(together === undefined ? [] : [`${together} at once`]),
    ...(rate === undefined ? [] : [`${rate} a minute`]),
  ];
  return parts.length === 0 ? "" : `, all workers together at most ${parts.join(" and ")}`;
}

/** Model server of the worker. null if none is named, so that it only runs code or tools. */
async function providerOf(options: WorkerOptions, cli: Cli): Promise<Model | null> {
  const { AGENTGRAPH_API_KEY, OPENAI_API_KEY, AGENTGRAPH_BASE_URL, OPENAI_BASE_URL } = cli.env;
  const named = [
    options.provider,
    options.baseUrl,
    AGENTGRAPH_API_KEY,
    OPENAI_API_KEY,
    AGENTGRAPH_BASE_URL,
    OPENAI_BASE_URL,
  ];
  const doesMore = options.allowCode === true || options.tools !== undefined;
  if (doesMore && !named.some(Boolean)) {
    cli.output.info("This worker sends no requests, because no server or key is set.");
    return null;
  }
  const { provider, connection } = await chooseServer([], options, cli);
  return provider.connect(connection);
}

/** Tools of the file that this command names. The user's default file is not read, because others use this worker. */
async function toolsOf({ tools: path }: WorkerOptions, { deps }: Cli): Promise<McpTools | null> {
  if (path === undefined) return null;
  const tools = await toolsIn(await readOptionFile(path, "--tools", deps.files), path);
  try {
    const all = await tools.list();
    if (all.length === 0) throw new Error("its servers have no tools");
    return tools;
  } catch (error) {
    await tools.close();
    throw new UsageError(
      `The tools of ${path} can't be called: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
