import type { TeamStore } from "../../run/record/team-cache.ts";
import { Box } from "./box.ts";
import { connectRedis, type QueueAddress } from "./connection.ts";

const SCAN = 500;

/** A hash of a Redis, encrypted with the team's key. */
export function redisStore(
  address: QueueAddress,
  teamKey: string,
): TeamStore & { close(): void; ping(): Promise<unknown> } {
  const redis = connectRedis(address);
  const box = new Box(teamKey);
  const place = `agentgraph:team:${box.nameOf("replies")}`;
  return {
    ping: () => redis.ping(),
    async *lines() {
      let cursor = "0";
      do {
        const [next, pairs] = await redis.hscan(place, cursor, "COUNT", SCAN);
        cursor = next;
        for (let index = 0; index + 1 < pairs.length; index += 2) {
          const line = box.open(pairs[index + 1] ?? "", pairs[index] ?? "");
          if (typeof line === "string") yield line;
        }
      } while (cursor !== "0");
    },
    async add(_name, lines) {
      for (let from = 0; from < lines.length; from += SCAN) {
        const fields = lines.slice(from, from + SCAN).flatMap((line) => {
          const name = box.nameOf(line);
          return [name, box.seal(line, name)];
        });
        await redis.hset(place, ...fields);
      }
    },
    close: () => redis.disconnect(),
  };
}
