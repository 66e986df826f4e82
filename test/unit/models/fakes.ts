import { setMaxListeners } from "node:events";
import type { Clock } from "../../../src/deps.ts";
import type { Model, ModelReply, ModelRequest } from "../../../src/models/model.ts";
import { priceList } from "../../../src/models/prices.ts";
import { createStack, type StackOptions } from "../../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../../src/models/stack/store.ts";

/** Time passes only when nobody has anything else to do: the earliest sleeper is woken then. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #sleepers: { at: number; wake: () => void }[] = [];
  #ticking = false;
  /** Every sleep asked for, in milliseconds. */
  readonly slept: number[] = [];

  now(): number {
    return this.#now;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(milliseconds);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const sleeper = { at: this.#now + milliseconds, wake };
      signal?.addEventListener("abort", leave);
      this.#sleepers.push(sleeper);
      this.#tick();
    });
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    const idle = (turns: number) =>
      setImmediate(() => {
        if (turns > 0) return idle(turns - 1);
        this.#ticking = false;
        const next = this.#sleepers.sort((a, b) => a.at - b.at).shift();
        if (!next) return;
        this.#now = Math.max(this.#now, next.at);
        next.wake();
        if (this.#sleepers.length > 0) this.#tick();
      });
    idle(3);
  }
}

export function request(content: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "fake",
    messages: [{ role: "user", content }],
    params: { temperature: 0 },
    draw: 0,
    tag: { purpose: "forward", node: "a", sample: "1" },
    ...more,
  };
}

export function reply(text: string, more: Partial<ModelReply> = {}): ModelReply {
  return {
    text,
    usage: { prompt: 10, completion: 5, estimated: false },
    model: "fake",
    finish: "stop",
    key: "",
    source: "provider",
    requests: 1,
    milliseconds: 0,
    ...more,
  };
}

/** Answers as told, and keeps what it saw. */
export class FakeProvider implements Model {
  readonly identity = "fake";
  readonly seen: ModelRequest[] = [];
  running = 0;
  mostRunning = 0;

  constructor(readonly answer: (request: ModelRequest, signal: AbortSignal, count: number) => Promise<ModelReply>) {}

  async complete(asked: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    signal.throwIfAborted();
    this.seen.push(asked);
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      return await this.answer(asked, signal, this.seen.length);
    } finally {
      this.running--;
    }
  }
}

/** A provider that echoes after some milliseconds of fake time. */
export function slowEcho(clock: Clock, milliseconds: number): FakeProvider {
  return new FakeProvider(async (asked, signal) => {
    await clock.sleep(milliseconds, signal);
    return reply(`echo ${asked.messages[0]?.content}`);
  });
}

export const NO_LIMITS = { calls: null, tokens: null, usd: null };

export function stackOver(provider: Model, clock: Clock, more: Partial<StackOptions> = {}) {
  const replies = new MemoryReplies();
  const stack = createStack({
    provider,
    replies,
    limits: NO_LIMITS,
    concurrency: 4,
    clock,
    seed: 1,
    price: priceList(),
    ...more,
  });
  return { ...stack, replies };
}

/** Never aborted. The SDK leaves a listener on the signal of each request. */
export const never = new AbortController().signal;
setMaxListeners(0, never);

/** Lets everything that is ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
