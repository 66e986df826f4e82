import type { ModelReply, Usage } from "../model.ts";
import type { Complete } from "./key.ts";

/** What is kept of a reply. Plain data. */
export interface StoredReply {
  readonly text: string;
  readonly usage: Usage;
  readonly model: string;
  readonly finish: ModelReply["finish"];
  /** What the request called it, where that is not how the reply does: prices go by the name that the user chose. */
  readonly asked?: string;
  /** Milliseconds that the provider took; absent in replies of earlier versions. */
  readonly took?: number;
}

/** Replies by key: this run's own and those shared between runs. Failures never get here. */
export interface ReplyStore {
  /** Synchronous, so that no equal request can slip in between the look and the flight. */
  get(key: string): { readonly where: "replayed" | "cached"; readonly reply: StoredReply } | undefined;
  /** Resolves once the reply is on record in this run; from then on `get` finds it. */
  put(key: string, reply: StoredReply): Promise<void>;
  /** Keeps a value that was computed, not asked for: with this run alone, since it costs nothing to compute it again. */
  keep?(key: string, text: string): Promise<void>;
  /** The reply could not be decoded: it stays on record and is replayed with its run, but no other run is served it. */
  invalidate(key: string): Promise<void>;
}

/** Serves what is on record; the rest goes on. */
export function fromStore(replies: ReplyStore, inner: Complete): Complete {
  return async (request, signal) => {
    signal.throwIfAborted();
    const found = replies.get(request.key);
    if (!found || isEmpty(found.reply)) return inner(request, signal);
    // A run replays from its own replies alone: replies of the shared store are copied to them.
    if (found.where === "cached") await replies.put(request.key, found.reply);
    return { ...found.reply, key: request.key, source: found.where, requests: 0, milliseconds: 0 };
  };
}

/** Kept by a version that took it for an answer. */
function isEmpty({ text, finish }: StoredReply): boolean {
  return text.trim() === "" && (finish === "stop" || finish === "other");
}

/**
 * Puts each reply on record before anyone sees it. Stands inside single flight, so that there is no gap between the two,
 * and inside the limiter: whatever kills the program loses as many replies as may be on the way, and no more.
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

/** Keeps replies for as long as it lives: for runs without a folder. */
export class MemoryReplies implements ReplyStore {
  readonly #replies = new Map<string, StoredReply>();

  get(key: string): ReturnType<ReplyStore["get"]> {
    const reply = this.#replies.get(key);
    return reply && { where: "replayed", reply };
  }

  async put(key: string, reply: StoredReply): Promise<void> {
    this.#replies.set(key, reply);
  }

  async invalidate(): Promise<void> {}
}
