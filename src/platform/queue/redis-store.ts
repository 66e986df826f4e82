import { createHash } from "node:crypto";
import type { TeamStore } from "../../run/record/team-cache.ts";
import { Box } from "./box.ts";
import { PREFIX } from "./channels.ts";
import { connectRedis, examineRedis, type QueueAddress } from "./connection.ts";

const SCAN = 500;

export interface RedisStore extends TeamStore {
  close(): void;
  /** @param timeout milliseconds. @throws QueueRefused */
  examine(timeout: number): Promise<unknown>;
}

/** A hash of a Redis. @param teamKey encrypts it; null: everyone who reaches the Redis can read it */
export function redisStore(address: QueueAddress, teamKey: string | null): RedisStore {
  const redis = connectRedis(address);
  const box = teamKey === null ? null : new Box(teamKey);
  const place = `${PREFIX}:team:${box ? box.nameOf("replies") : "unsigned"}`;
  const nameOf = (line: string) => (box ? box.nameOf(line) : createHash("sha256").update(line).digest("hex"));
  return {
    examine: (timeout) => examineRedis(redis, timeout),
    async *lines() {
      let cursor = "0";
      do {
        const [next, pairs] = await redis.hscan(place, cursor, "COUNT", SCAN);
        cursor = next;
        for (let index = 0; index + 1 < pairs.length; index += 2) {
          const [name = "", text = ""] = pairs.slice(index, index + 2);
          const line = box ? box.open(text, name) : text;
          if (typeof line === "string") yield line;
        }
      } while (cursor !== "0");
    },
    async add(_name, lines) {
      for (let from = 0; from < lines.length; from += SCAN) {
        const fields = lines.slice(from, from + SCAN).flatMap((line) => {
          const name = nameOf(line);
          return [name, box ? box.seal(line, name) : line];
        });
        await redis.hset(place, ...fields);
      }
    },
    close: () => redis.disconnect(),
  };
}
