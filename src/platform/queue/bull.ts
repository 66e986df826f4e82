import type { Clock, Sandbox, SandboxLimits, Tools } from "../../deps.ts";
import type { Model } from "../../models/model.ts";
import { Box } from "./box.ts";
import { callsChannel, codeChannel, toolsChannel } from "./channels.ts";
import type { QueueAddress } from "./connection.ts";
import type { JobCounts } from "./job-counts.ts";
import { JobQueue } from "./jobs.ts";
import type { Offers } from "./offers.ts";
import { QueueModel } from "./queue-model.ts";
import { type LocalCode, queueSandbox } from "./queue-sandbox.ts";
import { queueTools } from "./queue-tools.ts";
import { type RedisStore, redisStore } from "./redis-store.ts";
import { type QueueWorker, startWorker, type WorkerOptions } from "./worker.ts";

/** Everything for several machines, including BullMQ: loaded with the first `--queue`. */

export type { LocalCode, Offers, QueueWorker };

export function teamRedis(address: QueueAddress, teamKey: string | null): RedisStore {
  return redisStore(address, teamKey);
}

interface Secret {
  /** Shared by runs and workers: nobody else can read the queue. */
  readonly secret: string;
}

/** The workers of a queue, for a run. */
export interface Machines {
  /** @returns sentences about settings of the Redis that can lose requests @throws QueueRefused */
  examine(timeout: number): Promise<readonly string[]>;
  offers(): Promise<Offers>;
  /** Workers and jobs of the queue. */
  overview(): Promise<QueueOverview>;
  /** @param identity provider and origin of the workers, as they publish it */
  model(identity: string): Model;
  sandbox(options: {
    readonly version: string;
    readonly local: Sandbox;
    readonly limits: SandboxLimits;
    readonly workersOnly: boolean;
    readonly onPlace: (place: LocalCode | null) => void;
  }): Sandbox;
  /** @param local tools of this machine; null: none, or not allowed */
  tools(local: Tools | null): Tools;
  /** Closes at once. */
  close(): void;
}

export interface QueueOverview extends Offers {
  /** Jobs by their kind; null: no worker takes them, or they have another secret. */
  readonly jobs: readonly (JobCounts & { readonly label: string | null })[];
}

export interface MachinesOptions extends QueueAddress, Secret {
  readonly clock: Clock;
  /** Maximum characters of an encrypted job. Default: 256 Mi. */
  readonly largest?: number;
}

export function openMachines({ secret, ...options }: MachinesOptions): Machines {
  const jobs = new JobQueue({ ...options, box: new Box(secret) });
  return {
    examine: (timeout) => jobs.examine(timeout),
    offers: () => jobs.offers(),
    overview: () => overviewOf(jobs),
    model: (identity) => new QueueModel(identity, jobs),
    sandbox: (about) => queueSandbox({ ...about, jobs }),
    tools: (local) => queueTools(jobs, local),
    close: () => jobs.close(),
  };
}

async function overviewOf(jobs: JobQueue): Promise<QueueOverview> {
  const [offers, counts] = await Promise.all([jobs.offers(), jobs.counts()]);
  const labels = new Map<string, string>();
  for (const { calls, code, tools, version } of offers.ours) {
    if (calls !== null) labels.set(callsChannel(jobs.box, calls).name, calls);
    if (code) labels.set(codeChannel(jobs.box, version).name, `code of version ${version}`);
    for (const { server, address } of tools) labels.set(toolsChannel(jobs.box, address).name, `tools of ${server}`);
  }
  const all = [...counts].map(([name, each]) => ({ label: labels.get(name) ?? null, ...each }));
  return { ...offers, jobs: all.filter(({ label, waiting, active }) => label !== null || waiting + active > 0) };
}

export function queueWorker({ secret, ...options }: Omit<WorkerOptions, "box"> & Secret): QueueWorker {
  return startWorker({ ...options, box: new Box(secret) });
}
