import { createHmac } from "node:crypto";
import { join } from "node:path";
import type { Deps, Files, Machine } from "../../deps.ts";
import { parseJson } from "../../graph/replies/json.ts";
import type { KnownReplies, ReplyStore, StoredReply } from "../../models/stack/store.ts";
import { Yielder } from "../../models/yielder.ts";
import { bytesOf, codeOf, JsonlWriter, NOTHING } from "./jsonl.ts";
import type { Span } from "./key-table.ts";
import { FileIndex, type Reply, readReply, SharedIndex } from "./reply-index.ts";

/** The shared cache is read up to this many bytes, newest segments first; older ones are deleted. */
const CACHE_BYTES = 64_000_000;

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
  readonly #shared: SharedIndex;
  /** Created with the first new reply. */
  #segment: JsonlWriter | null = null;

  private constructor(
    readonly files: Files,
    readonly signer: Signer,
    readonly own: Own | null,
    readonly cache: Cache | null,
  ) {
    this.#shared = new SharedIndex(({ mark, ...reply }) => mark === signer(reply));
  }

  /**
   * Ignores replies that this machine did not write or that were changed; they are requested again.
   * @param own path of the run's `replies.jsonl`; null outside runs
   * @param cache null: nothing is shared
   */
  static async open({ files, clock, machine }: Home, own: string | null, cache: Cache | null): Promise<RunReplies> {
    const turns = new Yielder(clock);
    const signer = await createSigner(machine);
    const replies = new RunReplies(files, signer, own === null ? null : await openOwn(), cache);
    for (const segment of cache?.segments ?? []) await replies.#shared.add(segment, turns);
    return replies;

    async function openOwn(): Promise<Own> {
      const path = own ?? "";
      const { index, existing } = await FileIndex.open(
        files,
        path,
        ({ mark, ...reply }) => mark === signer(reply),
        turns,
      );
      return { index, file: new JsonlWriter(files, path, existing) };
    }
  }

  has(key: string): boolean {
    return this.own?.index.has(key) || this.#shared.has(key);
  }

  async get(key: string): ReturnType<ReplyStore["get"]> {
    const own = await this.own?.index.get(key);
    if (own) return { where: own.cached ? "cached" : "replayed", reply: own };
    const shared = this.#shared.get(key);
    return shared && { where: "cached", reply: shared };
  }

  async put(key: string, { text, usage, model, finish, asked, took }: StoredReply): Promise<void> {
    if (this.own?.index.has(key)) return;
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
    if (this.own) {
      const { index, file } = this.own;
      const appended = append(file, reply);
      await file.flushed();
      index.set(...appended);
    }
    if (!reply.cached) this.#share(reply);
  }

  async keep(key: string, text: string): Promise<void> {
    if (!this.own) return;
    const { index, file } = this.own;
    if (index.has(key) && (await index.get(key))) return;
    const usage = { prompt: 0, completion: 0, estimated: false };
    const body = { key, text, usage, model: "", finish: "stop" as const, cached: false };
    index.set(...append(file, { ...body, mark: this.signer(body) }));
    // Whatever uses the value is recorded after it.
    await file.flushed();
  }

  async invalidate(key: string): Promise<void> {
    this.#share({ discredited: key });
  }

  #share(line: object): void {
    const { files, cache } = this;
    if (!cache) return;
    this.#segment ??= new JsonlWriter(files, cache.path, NOTHING);
    this.#segment.append(line);
  }

  /** Why replies can't be written; null while they can. */
  get failure() {
    return this.own?.file.failure ?? null;
  }

  /** Resolves when the shared segment is written, too. A failure there loses nothing but cache. */
  async flushed(): Promise<void> {
    await this.#segment?.flushed().catch(() => {});
  }

  /** The shared replies: a line each. @param teamKey signs them; null: they are not signed */
  *sharedLines(teamKey: string | null): Generator<{ readonly key: string; readonly line: string }> {
    const sign = teamKey === null ? null : signerWith(teamSecret(teamKey));
    for (const { mark: _, ...reply } of this.#shared.all()) {
      const body = { ...reply, cached: false };
      yield { key: reply.key, line: JSON.stringify({ ...body, ...(sign && { mark: sign(body) }) }) };
    }
  }

  /** Adds a reply from another machine to the shared ones. */
  async take(key: string, reply: StoredReply): Promise<"new" | "known"> {
    if (this.#shared.has(key)) return "known";
    await this.put(key, reply);
    return "new";
  }

  /** Replies that this run paid for. */
  async *paid(): AsyncGenerator<StoredReply> {
    if (!this.own) return;
    for await (const reply of this.own.index.all()) if (!reply.cached) yield reply;
  }
}

/** `replies.jsonl` of a run. */
interface Own {
  readonly index: FileIndex;
  readonly file: JsonlWriter;
}

/** @returns the reply with its position in the file */
function append(file: JsonlWriter, reply: Reply): [Reply, Span] {
  const start = file.bytes;
  file.append(reply);
  return [reply, { start, end: file.bytes - 1 }];
}

/**
 * The reply in a line from another machine.
 * @param teamKey that must have signed it; null: no signature is required
 * @returns null if it is not a reply, or not signed
 */
export function readTeamLine(
  line: string,
  teamKey: string | null,
): { readonly key: string; readonly reply: StoredReply } | null {
  const parsed = readReply(parseJson(line)?.value);
  if (!parsed) return null;
  const { mark, ...body } = parsed;
  if (teamKey !== null && mark !== signerWith(teamSecret(teamKey))(body)) return null;
  const { key, cached: _, asked, took, ...rest } = body;
  return { key, reply: { ...rest, ...(asked !== undefined && { asked }), ...(took !== undefined && { took }) } };
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
): Promise<(key: string) => Promise<StoredReply | undefined>> {
  const seal = await createSigner(machine);
  const isUsable = ({ mark, ...reply }: Reply) => !trusted || mark === seal(reply);
  const { index } = await FileIndex.open(files, path, isUsable, new Yielder(clock));
  return (key) => index.get(key);
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
export async function readCache(home: Home, folder: string): Promise<KnownReplies> {
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
