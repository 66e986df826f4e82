import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { BatchEntry, BatchJournal } from "../../../src/models/batch/batch-journal.ts";
import type { Model, ModelReply, ModelRequest } from "../../../src/models/model.ts";
import { createAnthropic } from "../../../src/models/protocols/anthropic.ts";
import { createOpenAI } from "../../../src/models/protocols/openai.ts";
import type { ServerModel } from "../../../src/models/protocols/server-model.ts";
import type { Waiting } from "../../../src/models/stack/waiting.ts";
import { readTiers } from "../../../src/models/tiers/choice.ts";
import { withTiers } from "../../../src/models/tiers/tiers.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { type BatchServer, type BatchServerOptions, startBatchServer } from "../../server/batch-server.ts";
import { request, stackOver } from "./fakes.ts";

/** Plays requests in batches over HTTP. */

export const { clock } = nodeDeps();

/**
 * Waits in steps of 10 ms, of which a machine that stands still takes one alone, however long: what the event loop has to
 * do goes on between them, so that a wave is not cut in two because the machine is slow.
 */
const stepping: typeof clock = {
  ...clock,
  async sleep(milliseconds, signal) {
    for (let left = milliseconds; left > 0; left -= 10) await clock.sleep(Math.min(left, 10), signal);
  },
};

export const echo = (prompt: string) => `echo ${prompt}`;

export async function serve(more: Partial<BatchServerOptions> = {}): Promise<BatchServer> {
  const server = await startBatchServer({ answer: echo, ...more });
  onTestFinished(server.close);
  return server;
}

export interface Journal extends BatchJournal {
  readonly entries: BatchEntry[];
}

export function journalOf(entries: BatchEntry[] = []): Journal {
  return { entries, write: async (entry) => void entries.push(entry) };
}

export const connects: readonly [string, (url: string, timeout?: number) => ServerModel][] = [
  ["OpenAI", (url, timeout = 60_000) => createOpenAI({ baseUrl: `${url}/v1`, key: "a-key", clock, timeout })],
  [
    "Azure",
    (url, timeout = 60_000) =>
      createOpenAI({ baseUrl: `${url}/openai`, key: "a-key", clock, timeout, azureApiVersion: "2024-10-21" }),
  ],
  ["Anthropic", (url, timeout = 60_000) => createAnthropic({ baseUrl: url, key: "a-key", clock, timeout })],
];

export function tiered(server: ServerModel, journal?: BatchJournal, tiers = "batch"): Model {
  const model = withTiers(server, readTiers(tiers)!, {
    clock: stepping,
    newMark: randomUUID,
    concurrency: 4,
    fallback: false,
    quiet: 150,
    look: [10, 20],
  });
  return (journal && model.attach?.(journal)) ?? model;
}

export interface Played {
  readonly ends: readonly (ModelReply | string)[];
  readonly told: readonly (Waiting | null)[];
  readonly calls: number;
}

export async function play(
  model: Model,
  prompts: readonly string[],
  more: Partial<ModelRequest> = {},
  signal = new AbortController().signal,
): Promise<Played> {
  const told: (Waiting | null)[] = [];
  const { model: stack, budget } = stackOver(model, clock, {
    onWaiting: (waiting) => told.push(waiting),
    maxWait: 5_000,
  });
  const ends = await Promise.all(
    prompts.map((prompt) =>
      stack
        .complete(request(prompt, more), signal)
        .catch((error: unknown) => `${Object(error).name}: ${Object(error).message ?? error}`),
    ),
  );
  return { ends, told, calls: budget.spent.calls };
}

export const texts = ({ ends }: Played) => ends.map((end) => (typeof end === "string" ? end : end.text));
export const PROMPTS = Array.from({ length: 20 }, (_, index) => `prompt ${index}`);
export const ECHOES = PROMPTS.map(echo);
