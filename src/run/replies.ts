import { join } from "node:path";
import * as z from "zod";
import type { Deps, Files, Machine } from "../deps.ts";
import type { ReplyStore, StoredReply } from "../models/store.ts";
import { Turns } from "../models/turns.ts";
import { Appending, bytesOf, codeOf, type Line, linesOf, objectAt } from "./jsonl.ts";

/** The shared cache is read up to this many bytes, newest segments first; older ones are deleted. */
const CACHE_BYTES = 64_000_000;

const Reply = z.object({
  key: z.string(),
  text: z.string(),
  usage: z.object({ prompt: z.number(), completion: z.number(), estimated: z.boolean() }),
  model: z.string(),
  finish: z.enum(["stop", "length", "filter", "other"]),
  /** Taken from the shared cache: this run did not pay for it. */
  cached: z.boolean(),
});
type Reply = z.infer<typeof Reply>;

/** The replies of one run in `replies.jsonl`, and behind them those shared between runs: a segment a run, append-only. */
export class RunReplies implements ReplyStore {
  readonly #own = new Index();
  readonly #shared = new Index();
  /** Made with the first reply that is new. */
  #segment: Appending | null = null;

  private constructor(
    readonly files: Files,
    readonly ownFile: Appending | null,
    readonly cache: Cache | null,
  ) {}

  /** @param own path of the run's `replies.jsonl`; null outside runs. @param cache null: nothing is shared. */
  static async open({ files, clock }: Outside, own: string | null, cache: Cache | null): Promise<RunReplies> {
    const turns = new Turns(clock);
    const bytes = own === null ? new Uint8Array() : await bytesOf(files, own);
    const replies = new RunReplies(files, own === null ? null : new Appending(files, own, bytes), cache);
    await replies.#own.add(bytes, turns);
    for (const segment of cache?.segments ?? []) await replies.#shared.add(segment, turns);
    return replies;
  }

  get(key: string): ReturnType<ReplyStore["get"]> {
    const own = this.#own.get(key);
    if (own) return { where: own.cached ? "cached" : "replayed", reply: own };
    const shared = this.#shared.get(key);
    return shared && { where: "cached", reply: shared };
  }

  async put(key: string, { text, usage, model, finish }: StoredReply): Promise<void> {
    if (this.#own.has(key)) return;
    const reply = { key, text, usage, model, finish, cached: this.#shared.has(key) };
    this.ownFile?.append(reply);
    await this.ownFile?.flushed();
    this.#own.set(reply);
    if (!reply.cached) this.#share(reply);
  }

  async discredit(key: string): Promise<void> {
    this.#share({ discredited: key });
  }

  #share(line: object): void {
    const { files, cache } = this;
    if (!cache) return;
    this.#segment ??= new Appending(files, cache.path, new Uint8Array(), { mark: cache.mark });
    this.#segment.append(line);
  }

  /** Why no more replies can be kept; null while they can. */
  get failure() {
    return this.ownFile?.failure ?? null;
  }

  /** Resolves when the shared segment has taken everything, too. What it could not take is nobody's loss. */
  async flushed(): Promise<void> {
    await this.#segment?.flushed().catch(() => {});
  }

  /** Replies that this run paid for. */
  *paid(): Generator<StoredReply> {
    for (const reply of this.#own.all()) if (!reply.cached) yield reply;
  }
}

type Outside = Pick<Deps, "files" | "clock">;

/** Texts by key of a run that is only looked at. */
export async function readReplies(
  { files, clock }: Outside,
  path: string,
): Promise<(key: string) => StoredReply | undefined> {
  const index = new Index();
  await index.add(await bytesOf(files, path), new Turns(clock));
  return (key) => index.get(key);
}

/** Knows where in a file each reply stands, and parses it when it is asked for: opening a large file stays cheap. */
class Index {
  readonly #entries = new Map<string, Reply | { readonly bytes: Uint8Array; readonly line: Line }>();

  async add(bytes: Uint8Array, turns: Turns): Promise<void> {
    for (const line of linesOf(bytes)) {
      await turns.next();
      const { kind, key } = headOf(bytes, line);
      if (kind === "key") this.#entries.set(key, { bytes, line });
      if (kind === "discredited") this.#entries.delete(key);
    }
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get(key: string): Reply | undefined {
    const entry = this.#entries.get(key);
    if (!entry || "key" in entry) return entry;
    const parsed = Reply.safeParse(objectAt(entry.bytes, entry.line));
    if (parsed.success) this.#entries.set(key, parsed.data);
    else this.#entries.delete(key);
    return parsed.data;
  }

  set(reply: Reply): void {
    this.#entries.set(reply.key, reply);
  }

  *all(): Generator<Reply> {
    for (const key of [...this.#entries.keys()]) {
      const reply = this.get(key);
      if (reply) yield reply;
    }
  }
}

const decoder = new TextDecoder();

/** Lines begin `{"key":"…"` for a reply and `{"discredited":"…"` where one is withdrawn. */
function headOf(bytes: Uint8Array, { start, end }: Line): { kind: string | undefined; key: string } {
  const head = decoder.decode(bytes.subarray(start, Math.min(end, start + 200)));
  const [, kind, key = ""] = /^\{"(key|discredited)":"([^"\\]*)"/.exec(head) ?? [];
  return { kind, key };
}

/** The replies shared between runs, as one run reads them and adds to them. */
export interface Cache {
  /** Oldest first. */
  readonly segments: readonly Uint8Array[];
  /** Where this run's new replies go. */
  readonly path: string;
  readonly mark: string;
}

/**
 * Reads the segments made on this machine: a repository could ship others, with replies nobody ever gave.
 * @param segment name of the one to be written; sorts by age.
 */
export async function openCache(files: Files, machine: Machine, folder: string, segment: string): Promise<Cache> {
  await files.makeFolder(folder);
  const segments = await segmentsIn(files, machine, folder);
  const name = `${segment}.jsonl`;
  return { segments, path: join(folder, name), mark: await markOf(machine, name) };
}

/** The same, for who only wants to know what is there. */
export async function readCache(
  outside: Outside & { readonly machine: Machine },
  folder: string,
): Promise<Pick<ReplyStore, "get">> {
  const segments = await segmentsIn(outside.files, outside.machine, folder);
  return RunReplies.open(outside, null, { segments, path: "", mark: "" });
}

function markOf(machine: Machine, name: string): Promise<string> {
  return machine.mark(`cache ${name}`);
}

async function segmentsIn(files: Files, machine: Machine, folder: string): Promise<Uint8Array[]> {
  const all = await files.list(folder).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "EUNSAFE"].includes(codeOf(error) ?? "")) return [];
    throw error;
  });
  const names = all.filter((name) => name.endsWith(".jsonl")).sort();
  const segments: Uint8Array[] = [];
  let room = CACHE_BYTES;
  for (const name of names.reverse()) {
    const path = join(folder, name);
    const size = await files.stat(path).then(
      ({ bytes }) => bytes,
      () => 0,
    );
    room -= size;
    if (room < 0) {
      await files.remove(path);
      continue;
    }
    const bytes = await bytesOf(files, path).catch(() => new Uint8Array());
    const [head] = linesOf(bytes);
    if (head && objectAt(bytes, head)?.mark === (await markOf(machine, name))) segments.unshift(bytes);
  }
  return segments;
}
