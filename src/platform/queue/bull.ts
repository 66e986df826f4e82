import { Box } from "./box.ts";
import type { QueueAddress } from "./connection.ts";
import { QueueModel, type QueueModelOptions } from "./queue-model.ts";
import { redisStore } from "./redis-store.ts";
import { startWorker, type WorkerOptions } from "./worker.ts";

/** What several machines need, and BullMQ with it: loaded with the first `--queue`. */

export function teamRedis(address: QueueAddress, teamKey: string): ReturnType<typeof redisStore> {
  return redisStore(address, teamKey);
}

interface Secret {
  /** Shared by runs and workers: what it encrypts, only they read. */
  readonly secret: string;
}

export function queueModel({ secret, ...options }: Omit<QueueModelOptions, "box"> & Secret): QueueModel {
  return new QueueModel({ ...options, box: new Box(secret) });
}

export function queueWorker({
  secret,
  ...options
}: Omit<WorkerOptions, "box"> & Secret): ReturnType<typeof startWorker> {
  return startWorker({ ...options, box: new Box(secret) });
}
