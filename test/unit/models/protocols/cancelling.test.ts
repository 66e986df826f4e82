import { expect, it } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import { createServerModel, type Protocol } from "../../../../src/models/protocols/server-model.ts";
import { request } from "../fakes.ts";

it("ends the requests of a cancelled run in their order, and in short tasks", async () => {
  // Ending one request takes 1 ms; each sleep begins another task.
  let now = 0;
  const tasks = [0];
  const clock: Clock = {
    now: () => now,
    sleep: async () => {
      tasks.push(0);
    },
  };
  const ended: string[] = [];
  const protocol: Partial<Protocol> = {
    ask: (_, { messages }, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          now++;
          tasks.push((tasks.pop() ?? 0) + 1);
          ended.push(messages[0]?.content ?? "");
          reject(signal.reason);
        });
      }),
  };
  const server = createServerModel(
    "test",
    { baseUrl: "https://x.test/v1", key: "k", clock },
    () => ({}),
    () => protocol as Protocol,
  );
  const stop = new AbortController();
  const names = Array.from({ length: 1_024 }, (_, at) => `sample ${at}`);
  const asked = names.map((name) => server.complete(request(name), stop.signal));
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error("cancelled"));
  const results = await Promise.allSettled(asked);
  expect(results.every(({ status }) => status === "rejected")).toBe(true);
  for (const result of results) expect(result).toMatchObject({ reason: { message: "cancelled" } });
  expect(ended).toEqual(names);
  expect(Math.max(...tasks)).toBeLessThanOrEqual(13);
});
