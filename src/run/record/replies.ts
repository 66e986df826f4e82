import { createHmac } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Deps, Files, Machine } from "../../deps.ts";
import { parseJson } from "../../graph/json.ts";
import { usage } from "../../models/model.ts";
import type { ReplyStore, StoredReply } from "../../models/stack/store.ts";
import { Yielder } from "../../models/yielder.ts";
import { bytesOf, codeOf, JsonlWriter, type Line, linesOf, objectAt } from "./jsonl.ts";

/** The shared cache is read up to this many bytes, newest segments first; older ones are deleted. */
const CACHE_BYTES = 64_000_000;

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
type Reply = z.infer<typeof Reply>;

/** Signs a reply for this machine. The key is derived and never written. */
type Signer = (reply: Omit<Reply, "mark">) => string;

async function createSigner(machine: Machine): Promise<Signer> {
  return signerWith(await machine.sign("replies"));
}

function signerWith(secret: string): Signer {
  return ({ key, text, usage: { prompt, completion, estimated, ...billed }, model, finish, asked, cached, took }) => {
    const said = [key, text, prompt, completion, estimated, model, finish, asked ?? null, cached];
    if (took !== undefined) said.push(took);
    if (Object.keys(billed).length > 0) said.push(JSON.stringify([billed.cached, billed.written, billed.tier]));
    return createHmac("sha256", secret).update(JSON.stringify(said)).digest("base64url");
  };
}

/** The replies of a run in `replies.jsonl`, then those shared between runs: one append-only segment per run. */
export class RunReplies implements ReplyStore {
  readonly #own: Index;
  readonly #shared: Index;
  /** Created with the first new reply. */
  #segment: JsonlWriter | null = null;

  private constructor(
    readonly files: Files,
    readonly signer: Signer,
    readonly ownFile: JsonlWriter | null,
    readonly cache: Cache | null,
  ) {
    const isOurs = ({ mark, ...reply }: Reply) => mark === signer(reply);
    this.#own = new Index(isOurs);
    this.#shared = new Index(isOurs);
  }

  /**
   * Ignores replies that this machine did not write or that were changed; they are requested again.
   * @param own path of the run's `replies.jsonl`; null outside runs
   * @param cache null: nothing is shared
   */
  static async open({ files, clock, machine }: Home, own: string | null, cache: Cache | null): Promise<RunReplies> {
    const turns = new Yielder(clock);
    const bytes = own === null ? new Uint8Array() : await bytesOf(files, own);
    const ownFile = own === null ? null : new JsonlWriter(files, own, bytes);
    const replies = new RunReplies(files, await createSigner(machine), ownFile, cache);
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

  async put(key: string, { text, usage, model, finish, asked, took }: StoredReply): Promise<void> {
    if (this.#own.has(key)) return;
    const cached = this.#shared.has(key);
    const body = {
      key,
      text,
      usage,
      model,
      finish,
      ...(asked !== undefined && { asked }),
      cached,
      ...(took !== undefined && { took }),
    };
    const reply = { ...body, mark: this.signer(body) };
    this.ownFile?.append(reply);
    await this.ownFile?.flushed();
    this.#own.set(reply);
    if (!reply.cached) this.#share(reply);
  }

  async keep(key: string, text: string): Promise<void> {
    if (!this.ownFile || this.#own.has(key)) return;
    const usage = { prompt: 0, completion: 0, estimated: false };
    const body = { key, text, usage, model: "", finish: "stop" as const, cached: false };
    const reply = { ...body, mark: this.signer(body) };
    this.#own.set(reply);
    this.ownFile.append(reply);
    // Whatever uses the value is recorded after it.
    await this.ownFile.flushed();
  }

  async invalidate(key: string): Promise<void> {
    this.#share({ discredited: key });
  }

  #share(line: object): void {
    const { files, cache } = this;
    if (!cache) return;
    this.#segment ??= new JsonlWriter(files, cache.path, new Uint8Array());
    this.#segment.append(line);
  }

  /** Why replies can't be written; null while they can. */
  get failure() {
    return this.ownFile?.failure ?? null;
  }

  /** Resolves when the shared segment is written, too. A failure there loses nothing but cache. */
  async flushed(): Promise<void> {
    await this.#segment?.flushed().catch(() => {});
  }

  /** The shared replies, signed with a secret that a team shares: a line each. */
  *sharedLines(teamKey: string): Generator<{ readonly key: string; readonly line: string }> {
    const sign = signerWith(teamSecret(teamKey));
    for (const { mark: _, ...reply } of this.#shared.all()) {
      const body = { ...reply, cached: false };
      yield { key: reply.key, line: JSON.stringify({ ...body, mark: sign(body) }) };
    }
  }

  /** Adds a line from another machine to the shared replies. */
  async takeLine(line: string, teamKey: string): Promise<"new" | "known" | "refused"> {
    const parsed = Reply.safeParse(parseJson(line)?.value).data;
    if (!parsed) return "refused";
    const { mark, ...reply } = parsed;
    if (mark !== signerWith(teamSecret(teamKey))(reply)) return "refused";
    if (this.#shared.has(reply.key)) return "known";
    await this.put(reply.key, reply);
    return "new";
  }

  /** Replies that this run paid for. */
  *paid(): Generator<StoredReply> {
    for (const reply of this.#own.all()) if (!reply.cached) yield reply;
  }
}

function teamSecret(teamKey: string): string {
  return createHmac("sha256", teamKey).update("agentgraph team replies").digest("hex");
}

type Outside = Pick<Deps, "files" | "clock">;
type Home = Outside & { readonly machine: Machine };

/**
 * Reply texts by key, for a run that is only shown.
 * @param trusted leaves out replies that were changed since
 */
export async function readReplies(
  { files, clock, machine }: Home,
  path: string,
  trusted: boolean,
): Promise<(key: string) => StoredReply | undefined> {
  const seal = await createSigner(machine);
  const index = new Index(({ mark, ...reply }) => !trusted || mark === seal(reply));
  await index.add(await bytesOf(files, path), new Yielder(clock));
  return (key) => index.get(key);
}

/** Indexes the position of each reply and parses it on demand, so that opening a large file is cheap. */
class Index {
  readonly #entries = new Map<string, Reply | { readonly bytes: Uint8Array; readonly line: Line }>();

  constructor(readonly isUsable: (reply: Reply) => boolean) {}

  async add(bytes: Uint8Array, turns: Yielder): Promise<void> {
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
    const reply = Reply.safeParse(objectAt(entry.bytes, entry.line)).data;
    if (reply && this.isUsable(reply)) {
      this.#entries.set(key, reply);
      return reply;
    }
    this.#entries.delete(key);
    return undefined;
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

/** Lines start with `{"key":"…"` for a reply and `{"discredited":"…"` for an invalidated one. */
function headOf(bytes: Uint8Array, { start, end }: Line): { kind: string | undefined; key: string } {
  const head = decoder.decode(bytes.subarray(start, Math.min(end, start + 200)));
  const [, kind, key = ""] = /^\{"(key|discredited)":"([^"\\]*)"/.exec(head) ?? [];
  return { kind, key };
}

/** The replies shared between runs, as one run reads and extends them. */
export interface Cache {
  /** Oldest first. */
  readonly segments: readonly Uint8Array[];
  /** File for this run's new replies. */
  readonly path: string;
}

/**
 * Reads the segments made on this machine, which are known by their names; segments from a repository are not read.
 * @param segment sorts by age
 */
export async function openCache(files: Files, machine: Machine, folder: string, segment: string): Promise<Cache> {
  await files.makeFolder(folder);
  const segments = await segmentsIn(files, machine, folder);
  return { segments, path: join(folder, await segmentName(machine, segment)) };
}

/** The same, read-only. */
export async function readCache(home: Home, folder: string): Promise<Pick<ReplyStore, "get">> {
  const segments = await segmentsIn(home.files, home.machine, folder);
  return RunReplies.open(home, null, { segments, path: "" });
}

async function segmentName(machine: Machine, segment: string): Promise<string> {
  return `${segment}.${(await machine.sign(`cache ${segment}`)).slice(0, 16)}.jsonl`;
}

async function segmentsIn(files: Files, machine: Machine, folder: string): Promise<Uint8Array[]> {
  const all = await files.list(folder).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "EUNSAFE"].includes(codeOf(error) ?? "")) return [];
    throw error;
  });
  const segments: Uint8Array[] = [];
  let room = CACHE_BYTES;
  for (const name of all.sort().reverse()) {
    if (name !== (await segmentName(machine, name.split(".")[0] ?? ""))) continue;
    const path = join(folder, name);
    const size = await files.stat(path).then(
      ({ bytes }) => bytes,
      () => 0,
    );
    room -= size;
    if (room < 0) await files.remove(path);
    else segments.unshift(await bytesOf(files, path).catch(() => new Uint8Array()));
  }
  return segments;
}
