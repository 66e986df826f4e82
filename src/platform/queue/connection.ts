import { readFileSync } from "node:fs";
import { Redis } from "ioredis";

export interface QueueAddress {
  /** `redis://` or `rediss://`, with its database and credentials. */
  readonly url: string;
  /** PEM file with additional certificates. */
  readonly caFile?: string;
  /** Milliseconds in which a command is answered: after that, the connection is cut, and made again. Default 20,000. */
  readonly silence?: number;
}

/** Longer than the longest command that blocks. */
const SILENCE = 20_000;

/**
 * A connection that outlives a restart of the server and a cut of the network: commands wait until it is back, and are
 * sent again.
 */
export function connectRedis({ url, caFile, silence = SILENCE }: QueueAddress): Redis {
  const isSecure = url.startsWith("rediss:");
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    connectTimeout: silence,
    socketTimeout: silence,
    retryStrategy: (attempt: number) => Math.min(2_000, 50 * 2 ** attempt),
    reconnectOnError: (error: Error) => /READONLY|LOADING/.test(error.message),
    ...(isSecure && { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } }),
  });
  // Said where it matters: by the first command, or by what does not come.
  redis.on("error", () => {});
  return redis;
}
