import { expect, it } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import { createAnthropic } from "../../../../src/models/protocols/anthropic.ts";
import { createGemini } from "../../../../src/models/protocols/gemini.ts";
import { createOpenAI } from "../../../../src/models/protocols/openai.ts";
import { createServerModel, type Protocol } from "../../../../src/models/protocols/server-model.ts";
import { request } from "../fakes.ts";

const REAL: Clock = {
  now: () => Date.now(),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

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
    ask: (_, { messages }, { signal }) =>
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

const SERVERS = { openai: createOpenAI, anthropic: createAnthropic, gemini: createGemini };

it.each(Object.entries(SERVERS))(
  "a request to %s that is cancelled while it is prepared is either sent or said not to be, never both",
  async (_, create) => {
    const cases = { sent: 0, withdrawn: 0 };
    for (let steps = 0; steps < 120; steps++) {
      let sent = 0;
      let late = 0;
      const withdrawn: number[] = [];
      const stop = new AbortController();
      const send = (_: unknown, init?: RequestInit) =>
        new Promise<Response>((_, reject) => {
          if (!stop.signal.aborted) sent++;
          else late++;
          expect(init?.signal?.aborted).toBe(false);
          expect([...new Headers(init?.headers).keys()].filter((name) => /agentgraph/.test(name))).toEqual([]);
          init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        });
      const network = { send, proxy: null };
      const server = create({ baseUrl: "https://x.test/v1", key: "k", clock: REAL, network });
      const asked = server.complete(
        request("a", { attempt: 2, onWithdrawn: (attempt) => void withdrawn.push(attempt) }),
        stop.signal,
      );
      const failed = expect(asked).rejects.toThrow("cancelled");
      for (let step = 0; step < steps; step++) await null;
      stop.abort(new Error("cancelled"));
      await failed;
      expect(late).toBe(0);
      expect([sent, ...withdrawn], `after ${steps} steps`).toEqual(sent > 0 ? [1] : [0, 2]);
      cases[sent > 0 ? "sent" : "withdrawn"]++;
    }
    expect(Math.min(...Object.values(cases))).toBeGreaterThan(5);
  },
);
