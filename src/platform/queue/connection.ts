import { readFileSync } from "node:fs";
import { Redis } from "ioredis";

export interface QueueAddress {
  /** `redis://` or `rediss://`, with its database and credentials. */
  readonly url: string;
  /** PEM file with additional certificates. */
  readonly caFile?: string;
  /** Milliseconds without a response after which the connection is closed and made again. Default 10,000. */
  readonly silence?: number;
}

/** Longer than the longest blocking command, and much shorter than the time after which a worker counts as lost. */
const SILENCE = 10_000;

/**
 * A connection that survives a restart of the server and a network failure: commands wait until it is back, and are
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
    // 2: the command is sent again.
    reconnectOnError: (error: Error) => (/READONLY|LOADING/.test(error.message) ? 2 : false),
    ...(isSecure && { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } }),
  });
  // Reported by the first command, or by the missing response.
  redis.on("error", () => {});
  return redis;
}

/** The Redis can't be used as a queue. The message is a clause. */
export class QueueRefused extends Error {
  override readonly name = "QueueRefused";
}

/** The oldest Redis that has all commands of the queue. */
const OLDEST = [6, 2] as const;

/**
 * Waits for the server to respond, and checks its version and settings.
 * @param timeout milliseconds
 * @returns sentences about settings that can lose requests
 * @throws QueueRefused if it can't be reached or used
 */
export async function examineRedis(redis: Redis, timeout: number): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const refused = new Promise<never>((_, reject) => {
    let last: Error | null = null;
    timer = setTimeout(() => reject(new QueueRefused(silenceOf(last, redis.options.tls !== undefined))), timeout);
    // Without this, further attempts would not end.
    redis.on("error", (error: Error) => {
      last = error;
      const reason = lastingReason(error);
      if (reason !== null) reject(new QueueRefused(reason));
    });
  });
  refused.catch(() => {});
  try {
    const info = redis.info().catch((error: Error) => {
      throw new QueueRefused(lastingReason(error) ?? error.message);
    });
    return cautionsIn(fieldsIn(await Promise.race([info, refused])));
  } finally {
    clearTimeout(timer);
  }
}

/** Why nothing came, as far as the last error tells. A server that expects TLS, or the opposite, says nothing. */
function silenceOf(last: Error | null, isSecure: boolean): string {
  const code = last !== null && "code" in last ? String(last.code) : "";
  if (isSecure && code === "") return "it does not respond; if it doesn't speak TLS, use redis://";
  if (!isSecure && code === "ECONNRESET") return "it does not respond (ECONNRESET); if it requires TLS, use rediss://";
  return code === "" ? "it does not respond" : `it does not respond (${code})`;
}

function fieldsIn(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(":");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

/** @throws QueueRefused */
function cautionsIn(fields: ReadonlyMap<string, string>): readonly string[] {
  const version = fields.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (fields.get("redis_mode") === "sentinel") {
    throw new QueueRefused("it is a Sentinel; name the address of the Redis server itself");
  }
  if (fields.get("cluster_enabled") === "1" || fields.get("redis_mode") === "cluster") {
    throw new QueueRefused("it is a node of a cluster; use a Redis server that is not part of a cluster");
  }
  if (fields.get("role") === "slave") throw new QueueRefused("it is a read-only replica; name its primary server");
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new QueueRefused(`it is Redis ${version}; at least ${OLDEST.join(".")} is needed`);
  }
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  const evicts = policy !== "noeviction" && fields.get("maxmemory") !== "0";
  return [
    ...(fields.get("aof_enabled") === "0"
      ? [
          "The Redis doesn't write each command to disk (appendonly no): a restart loses replies, and their requests are paid for again.",
        ]
      : []),
    ...(evicts
      ? [
          `The Redis deletes entries when its memory is full (maxmemory-policy ${policy}): replies can get lost and their requests are paid for again. Set maxmemory-policy noeviction.`,
        ]
      : []),
  ];
}

/** Why a queue refuses every connection, as a clause; null: it can become reachable. */
export function lastingReason(error: Error): string | null {
  const code = "code" in error ? String(error.code) : "";
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) {
    return `its certificate isn't trusted (${code}); name its authority with --ca-file`;
  }
  if (/^ERR_SSL|EPROTO/.test(code)) return "it doesn't speak TLS; use redis://";
  if (/WRONGPASS|NOAUTH|invalid username-password/i.test(error.message)) {
    return "it refused the user name or password; use redis://user:password@host";
  }
  const [, command] = /NOPERM.*?'([^']+)'/.exec(error.message) ?? [];
  if (/NOPERM/.test(error.message)) {
    return `its user lacks a permission${command === undefined ? "" : ` (${command})`}; docs/several-machines.md lists what is needed`;
  }
  return null;
}

/** Whether Redis accepts no more data, because its memory is full or it can't write to its disk. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && /\b(OOM|MISCONF)\b/.test(error.message);
}
