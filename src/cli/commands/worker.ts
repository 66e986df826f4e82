import { resolve } from "node:path";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { ServerChoice } from "../options.ts";
import { chooseServer } from "../provider.ts";
import { queueUrl, RESPONSE, secretOf, shown } from "../queue.ts";

/** Milliseconds between two lines of a worker. */
const REPORT = 30_000;

export interface WorkerOptions extends ServerChoice {
  readonly queue: string;
  readonly concurrency: number;
  readonly together?: number;
  /** Requests a minute of all workers. */
  readonly rate?: number;
  /** Milliseconds. */
  readonly takeover: number;
}

/** Answers requests from a queue until it is cancelled. */
export async function workerCommand(cli: Cli, options: WorkerOptions): Promise<number> {
  const { output, signal, deps } = cli;
  const { queueWorker } = await import("../../platform/queue/bull.ts");
  const { provider, connection } = await chooseServer([], options, cli);
  const model = await provider.connect(connection);
  const counts = { answered: 0, known: 0, failed: 0, refused: 0 };
  const url = queueUrl(options.queue, cli);
  const worker = queueWorker({
    url,
    ...(options.caFile !== undefined && { caFile: resolve(options.caFile) }),
    provider: model,
    secret: secretOf(cli),
    concurrency: options.concurrency,
    takeover: options.takeover,
    ...(options.together !== undefined && { together: options.together }),
    ...(options.rate !== undefined && { rate: { requests: options.rate, milliseconds: 60_000 } }),
    onEnd: (end) => {
      counts[end]++;
      if (end === "refused") output.warn("A request was refused: it was made with another AGENTGRAPH_QUEUE_SECRET.");
    },
  });
  const ready = worker.ready().then(() => true);
  if (!(await Promise.race([ready, deps.clock.sleep(RESPONSE).then(() => false)]))) {
    await worker.close();
    throw new UsageError(`The queue at ${shown(url)} does not respond.`);
  }
  output.info(`Answering requests to ${model.identity} from ${shown(url)}. Press Ctrl-C to finish.`);
  while (!signal.aborted) {
    await deps.clock.sleep(REPORT, signal).catch(() => {});
    output.info(`${counts.answered} answered, ${counts.known} known already, ${counts.failed} failed.`);
  }
  await worker.close();
  return EXIT.done;
}
