import { resolve } from "node:path";
import { isLoopback } from "../models/address.ts";
import type { Model } from "../models/model.ts";
import type { Cli } from "./cli.ts";
import { UsageError } from "./errors.ts";

/** Milliseconds in which a queue has to respond at the start. */
export const RESPONSE = 10_000;
export interface QueueChoice {
  /** Address of a Redis. */
  readonly queue: string;
  readonly caFile?: string;
}

/**
 * The model of a run whose requests go to workers. No key is needed here, and none travels.
 * @param identity provider and origin that the workers ask
 */
export async function queuedModel(identity: string, { queue, caFile }: QueueChoice, cli: Cli): Promise<Model> {
  const { output, deps } = cli;
  const { queueModel } = await import("../platform/queue/bull.ts");
  const url = queueUrl(queue, cli);
  const model = queueModel({
    url,
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
    identity,
    secret: secretOf(cli),
    clock: deps.clock,
  });
  await model.check(RESPONSE).catch((error: unknown) => {
    model.close();
    throw new UsageError(
      `The queue at ${shown(url)} can't be used: ${error instanceof Error ? error.message : String(error)}.`,
    );
  });
  output.info(`Requests to ${identity} go to the workers of ${shown(url)}.`);
  return model;
}

/** @throws UsageError */
export function queueUrl(given: string, { output }: Pick<Cli, "output">): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !/^rediss?:$/.test(url.protocol)) {
    throw new UsageError("--queue needs an address such as rediss://host:6379 (TLS) or redis://127.0.0.1:6379.");
  }
  if (url.protocol === "redis:" && !isLoopback(url.hostname)) {
    output.warn(
      `The connection to ${url.host} is not encrypted, only the requests are. Use rediss:// outside a private network.`,
    );
  }
  return given;
}

/** @throws UsageError */
export function secretOf({ env }: Pick<Cli, "env">): string {
  const secret = env.AGENTGRAPH_QUEUE_SECRET ?? "";
  if (secret.length < 16) {
    throw new UsageError(
      "Set AGENTGRAPH_QUEUE_SECRET to the same text of at least 16 characters for runs and workers.",
    );
  }
  return secret;
}

/** Without credentials. */
export function shown(address: string): string {
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
