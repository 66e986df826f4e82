import { resolve } from "node:path";
import { version } from "../../../package.json";
import type { Sandbox, SandboxLimits, Tools } from "../../deps.ts";
import { isLoopback } from "../../models/address.ts";
import type { Model } from "../../models/model.ts";
import type { LocalCode, Machines } from "../../platform/queue/bull.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";

/** Maximum milliseconds until a queue responds at the start. */
export const RESPONSE = 10_000;
export interface QueueChoice {
  /** Address of a Redis. */
  readonly queue: string;
  readonly caFile?: string;
}

/** A model whose requests go to workers, with the sandbox and tools of the workers. */
export interface QueuedModel extends Model {
  readonly machines: Machines;
}

export function isQueued(model: Model): model is QueuedModel {
  return "machines" in model;
}

/**
 * The model of a run whose requests go to workers. No key is needed here, and none travels.
 * @param identity provider and origin that the workers ask
 */
export async function queuedModel(identity: string, choice: QueueChoice, cli: Cli): Promise<QueuedModel> {
  const { output } = cli;
  const { machines, url } = await openQueue(choice, cli);
  try {
    output.info(`Requests to ${identity} go to the workers of ${shown(url)}.`);
    const { ours, others } = await machines.offers();
    if (ours.length === 0 && others > 0) {
      output.warn(
        `${others === 1 ? "The worker of this queue has" : `The ${others} workers of this queue have`} another AGENTGRAPH_QUEUE_SECRET.`,
      );
    } else if (!ours.some(({ calls }) => calls === identity)) {
      const asked = [...new Set(ours.flatMap(({ calls }) => calls ?? []))];
      output.warn(
        `No worker sends requests to ${identity} yet.${asked.length > 0 ? ` The workers send requests to ${asked.join(", ")}.` : ""}`,
      );
    }
  } catch (error) {
    machines.close();
    throw refused(url, error);
  }
  return Object.assign(machines.model(identity), { machines });
}

/** Connects to a queue, and warns of settings that may lose requests. @throws UsageError */
export async function openQueue(
  { queue, caFile }: QueueChoice,
  cli: Cli,
): Promise<{ machines: Machines; url: string }> {
  const { output, deps } = cli;
  const { openMachines } = await import("../../platform/queue/bull.ts");
  const url = queueUrl(queue, cli);
  const machines = openMachines({
    url,
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
    secret: secretOf(cli),
    clock: deps.clock,
  });
  try {
    for (const caution of await machines.examine(RESPONSE)) output.warn(caution);
    return { machines, url };
  } catch (error) {
    machines.close();
    throw refused(url, error);
  }
}

/** A sandbox whose code runs on workers. */
export function queuedSandbox(
  { machines }: QueuedModel,
  local: Sandbox,
  limits: SandboxLimits,
  workersOnly: boolean,
  { output }: Pick<Cli, "output">,
): Sandbox {
  const why: Record<LocalCode, string> = {
    "no worker": "No worker of the queue runs code (--allow-code)",
    "other version": `No worker of the queue that runs code has version ${version} of AgentGraph`,
    "less allowed":
      "The workers of the queue allow code less time or memory than this run (--code-timeout, --code-memory)",
  };
  return machines.sandbox({
    version,
    local,
    limits,
    workersOnly,
    onPlace: (place) => {
      if (place === null) output.info("Functions and scripts of the graph run on the workers.");
      else output.info(`${why[place]}, so functions and scripts run on this machine.`);
    },
  });
}

export function queuedTools({ machines }: QueuedModel, local: Tools | null): Tools {
  return machines.tools(local);
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

/** Error for a queue that can't be used. */
export function refused(url: string, error: unknown): UsageError {
  return new UsageError(
    `The queue at ${shown(url)} can't be used: ${error instanceof Error ? error.message : String(error)}.`,
  );
}

/** An address without its credentials. */
export function shown(address: string): string {
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
