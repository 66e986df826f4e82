import type { ModelReply, Usage } from "../model.ts";
import type { Complete } from "./key.ts";

/** The stored part of a reply. Plain data. */
export interface StoredReply {
  readonly text: string;
  readonly usage: Usage;
  readonly model: string;
  readonly finish: ModelReply["finish"];
  /** The requested name, if the reply has another one: prices go by the name that the user chose. */
  readonly asked?: string;
  /** Milliseconds that the provider took; absent in replies of earlier versions. */
  readonly took?: number;
}

/** Replies by key: this run's own and those shared between runs. Failures never get here. */
export interface ReplyStore {
  /** Whether there may be one. Synchronous, so that no identical request can start between the lookup and the flight. */
  has(key: string): boolean;
  /** Reads it. undefined: there is none that can be used, and `has` says so from now on. */
  get(key: string): Promise<{ readonly where: "replayed" | "cached"; readonly reply: StoredReply } | undefined>;
  /** Resolves once the reply is recorded in this run; from then on `get` finds it. */
  put(key: string, reply: StoredReply): Promise<void>;
  /** Stores a value that was computed, not requested: in this run only, since it costs nothing to compute it again. */
  keep?(key: string, text: string): Promise<void>;
  /**
   * Marks a reply that could not be decoded: it stays in this run's record and is replayed with it, but is not
   * served to other runs.
   */
  invalidate(key: string): Promise<void>;
}

/** Replies that are only looked up. */
export type KnownReplies = Pick<ReplyStore, "has" | "get">;

export const NO_REPLIES: KnownReplies = { has: () => false, get: async () => undefined };

/** Serves recorded replies, and passes on all other requests. */
export function fromStore(replies: ReplyStore, inner: Complete): Complete {
  return async (request, signal) => {
    signal.throwIfAborted();
    let found: Awaited<ReturnType<ReplyStore["get"]>>;
    while (!found && replies.has(request.key)) found = await replies.get(request.key);
    if (!found || isEmpty(found.reply)) return inner(request, signal);
    // A run replays only its own replies, so replies from the shared store are copied to them.
    if (found.where === "cached") await replies.put(request.key, found.reply);
    return { ...found.reply, key: request.key, source: found.where, requests: 0, milliseconds: 0 };
  };
}

/** Whether a version stored it that took an empty text for an answer. */
export function isEmpty({ text, finish }: StoredReply): boolean {
  return text.trim() === "" && (finish === "stop" || finish === "other");
}

/**
 * Records each reply before anyone sees it. It is inside single flight, so that there is no gap between the two, and
 * inside the limiter, so that a killed program loses no more replies than can be in flight.
 */
export function intoStore(replies: ReplyStore, inner: Complete): Complete {
  return async (request, signal) => {
    const reply = await inner(request, signal);
    const { text, usage, model, finish } = reply;
    const asked = request.model !== model && { asked: request.model };
    const took = Math.max(0, reply.milliseconds);
    await replies.put(request.key, { text, usage, model, finish, ...asked, took });
    return { ...reply, key: request.key, took };
  };
}

/** Stores replies in memory: for runs without a folder. */
export class MemoryReplies implements ReplyStore {
  readonly #replies = new Map<string, StoredReply>();

  has(key: string): boolean {
    return this.#replies.has(key);
  }

  async get(key: string): ReturnType<ReplyStore["get"]> {
    const reply = this.#replies.get(key);
    return reply && { where: "replayed", reply };
  }

  async put(key: string, reply: StoredReply): Promise<void> {
    this.#replies.set(key, reply);
  }

  async invalidate(): Promise<void> {}
}
