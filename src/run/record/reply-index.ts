import * as z from "zod";
import type { Files } from "../../deps.ts";
import { usage } from "../../models/model.ts";
import type { Yielder } from "../../models/yielder.ts";
import { bytesAt, type Existing, lineGroupsIn, linesOf, objectOn } from "./jsonl.ts";
import { KeyTable, type Span } from "./key-table.ts";

const Reply = z.object({
  key: z.string(),
  text: z.string(),
  usage,
  model: z.string(),
  finish: z.enum(["stop", "length", "filter", "other"]),
  /** The requested model name; absent if it equals that of the reply. */
  asked: z.string().optional(),
  /** Milliseconds that the provider took; absent in replies of earlier versions. */
  took: z.number().optional(),
  /** From the shared cache: this run did not pay for it. */
  cached: z.boolean(),
  /** Signature of this machine; absent or wrong: the reply is not trusted. */
  mark: z.string().optional(),
});
export type Reply = z.infer<typeof Reply>;

export type IsUsable = (reply: Reply) => boolean;

/** undefined if it is not a reply. */
export function readReply(value: unknown): Reply | undefined {
  return Reply.safeParse(value).data;
}

/** Replies in memory, parsed on first use: for the shared ones, whose size is limited. */
export class SharedIndex {
  readonly #entries = new Map<string, Reply | Uint8Array>();

  constructor(readonly isUsable: IsUsable) {}

  async add(bytes: Uint8Array, turns: Yielder): Promise<void> {
    for (const { start, end } of linesOf(bytes)) {
      await turns.next();
      const line = bytes.subarray(start, end);
      const { kind, key } = headOf(line);
      if (kind === "key") this.#entries.set(key, line);
      if (kind === "discredited") this.#entries.delete(key);
    }
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get(key: string): Reply | undefined {
    const entry = this.#entries.get(key);
    if (!entry || "key" in entry) return entry;
    const reply = readReply(objectOn(entry));
    if (reply && this.isUsable(reply)) {
      this.#entries.set(key, reply);
      return reply;
    }
    this.#entries.delete(key);
    return undefined;
  }

  *all(): Generator<Reply> {
    for (const key of [...this.#entries.keys()]) {
      const reply = this.get(key);
      if (reply) yield reply;
    }
  }
}

/** Characters of the newest replies to keep in memory. */
const RECENT = 2 ** 23;

/**
 * The replies of a run, which stay in their file: memory has their positions, the newest replies, and the parts of
 * the file that were read last.
 */
export class FileIndex {
  readonly #table = new KeyTable();
  readonly #recent = new Map<string, Reply>();
  #recentSize = 0;
  readonly #parts: FileParts;

  private constructor(
    readonly files: Pick<Files, "parts">,
    readonly path: string,
    readonly isUsable: IsUsable,
  ) {
    this.#parts = new FileParts(files, path);
  }

  /** @returns the index of a file, which may not exist, and the state of the file */
  static async open(
    files: Files,
    path: string,
    isUsable: IsUsable,
    turns: Yielder,
  ): Promise<{ readonly index: FileIndex; readonly existing: Existing }> {
    const index = new FileIndex(files, path, isUsable);
    let [bytes, last] = [0, 10];
    const parts = async function* (name: string, from?: number) {
      for await (const part of files.parts(name, from)) {
        bytes += part.length;
        last = part.at(-1) ?? last;
        yield part;
      }
    };
    for await (const lines of lineGroupsIn({ parts }, path)) {
      await turns.next();
      for (const { start, line } of lines) {
        const { kind, key } = headOf(line);
        if (kind === "key") index.#table.set(key, { start, end: start + line.length });
      }
    }
    return { index, existing: { bytes, isCut: last !== 10 } };
  }

  /** Whether there is probably a reply: it can be unusable when it is read. */
  has(key: string): boolean {
    return this.#recent.has(key) || this.#table.get(key) !== undefined;
  }

  /** After it resolves to undefined, `has` is false. */
  async get(key: string): Promise<Reply | undefined> {
    const known = this.#recent.get(key);
    if (known) return known;
    const span = this.#table.get(key);
    if (!span) return undefined;
    const reply = await this.#at(span);
    if (reply?.key === key) return reply;
    this.#table.delete(key);
    return undefined;
  }

  /** Adds a reply whose line has been written. */
  set(reply: Reply, span: Span): void {
    this.#table.set(reply.key, span);
    this.#recent.set(reply.key, reply);
    this.#recentSize += reply.text.length;
    for (const [key, { text }] of this.#recent) {
      if (this.#recentSize <= RECENT) break;
      this.#recent.delete(key);
      this.#recentSize -= text.length;
    }
  }

  /** All replies, in the order of the file. */
  async *all(): AsyncGenerator<Reply> {
    for await (const lines of lineGroupsIn(this.files, this.path)) {
      for (const { start, line } of lines) {
        const { kind, key } = headOf(line);
        if (kind !== "key" || this.#table.get(key)?.start !== start) continue;
        const reply = this.#usable(line);
        if (reply) yield reply;
      }
    }
  }

  async #at(span: Span): Promise<Reply | undefined> {
    return this.#usable(await this.#parts.read(span));
  }

  #usable(line: Uint8Array): Reply | undefined {
    const reply = readReply(objectOn(line));
    return reply && this.isUsable(reply) ? reply : undefined;
  }
}

/** Bytes of a part. */
const PART = 2 ** 18;
const PARTS_KEPT = 32;

/** Reads spans of a growing file, and keeps the parts that were read last in memory. */
class FileParts {
  /** By position in the file, oldest first. */
  readonly #parts = new Map<number, Promise<Uint8Array>>();

  constructor(
    readonly files: Pick<Files, "parts">,
    readonly path: string,
  ) {}

  /** The bytes of a span, as far as the file has them. */
  async read({ start, end }: Span): Promise<Uint8Array> {
    const found: Uint8Array[] = [];
    for (let at = start; at < end; ) {
      const index = Math.floor(at / PART);
      const [from, to] = [at - index * PART, Math.min(end - index * PART, PART)];
      const part = await this.#part(index, to);
      if (part.length < to) break;
      found.push(part.subarray(from, to));
      at = index * PART + to;
    }
    const [only = new Uint8Array()] = found;
    return found.length <= 1 ? only : Buffer.concat(found);
  }

  /** @param least minimum bytes: the last part of the file may have grown since it was read */
  async #part(index: number, least: number): Promise<Uint8Array> {
    const known = this.#parts.get(index);
    const part = await known;
    if (known && part && part.length >= least) return part;
    // An earlier caller has already started to read it again.
    const current = this.#parts.get(index);
    const reading = current && current !== known ? current : bytesAt(this.files, this.path, index * PART, PART);
    this.#parts.delete(index);
    this.#parts.set(index, reading);
    for (const oldest of this.#parts.keys()) {
      if (this.#parts.size <= PARTS_KEPT) break;
      this.#parts.delete(oldest);
    }
    return reading;
  }
}

const decoder = new TextDecoder();

/** Lines start with `{"key":"…"` for a reply and `{"discredited":"…"` for an invalidated one. */
function headOf(line: Uint8Array): { readonly kind: string | undefined; readonly key: string } {
  const head = decoder.decode(line.subarray(0, 200));
  const [, kind, key = ""] = /^\{"(key|discredited)":"([^"\\]*)"/.exec(head) ?? [];
  return { kind, key };
}
