import { readFileSync } from "node:fs";
import { Redis } from "ioredis";

export interface QueueAddress {
  /** `redis://` or `rediss://`, with its database and credentials. */
  readonly url: string;
  /** PEM file with additional certificates. */
  readonly caFile?: string;
}

/** A connection that outlives a restart of the server: commands wait until it is back. */
export function connectRedis({ url, caFile }: QueueAddress): Redis {
  const isSecure = url.startsWith("rediss:");
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy: (attempt: number) => Math.min(2_000, 50 * 2 ** attempt),
    reconnectOnError: (error: Error) => /READONLY|LOADING/.test(error.message),
    ...(isSecure && { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } }),
  });
  // Said where it matters: by the first command, or by what does not come.
  redis.on("error", () => {});
  return redis;
}
