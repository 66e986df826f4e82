import { createHash } from "node:crypto";
import type { Files, Machine } from "../../src/deps.ts";

/** Files in memory, so that a case goes the same way each time it is played. What is on it outlives every process. */
export class Disk {
  /** Path → what was written, in parts. */
  readonly #texts = new Map<string, string[]>();
  readonly #locks = new Map<string, { readonly note: string; readonly holder: Process }>();

  text(path: string): string | null {
    return this.#texts.get(path)?.join("") ?? null;
  }

  /** Of the files under a folder, sorted. */
  paths(folder: string): string[] {
    return [...this.#texts.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();
  }

  put(path: string, text: string): void {
    this.#texts.set(path, [text]);
  }

  add(path: string, text: string): void {
    const parts = this.#texts.get(path);
    if (parts) parts.push(text);
    else this.put(path, text);
  }

  remove(path: string): void {
    for (const one of [path, ...this.paths(path)]) this.#texts.delete(one);
  }

  isFolder(path: string): boolean {
    return this.paths(path).length > 0;
  }

  /** As a process has it that runs on this machine. */
  machine(process: Process): Machine {
    const holderOf = (path: string) => {
      const held = this.#locks.get(path);
      return held && !held.holder.isDead ? { note: held.note, process: 1, host: "chaos", since: 0 } : null;
    };
    const take = (path: string, note: string) => {
      if (holderOf(path)) return null;
      this.#locks.set(path, { note, holder: process });
      return { release: () => process.change(`${path} released`, "", () => void this.#locks.delete(path)) };
    };
    return {
      sign: async (text) => createHash("sha256").update(`this machine ${text}`).digest("hex"),
      holder: async (path) => holderOf(path),
      lock: (path, note) => process.change(path, note, () => take(path, note)),
    };
  }

  /** Whether a process that lives has taken a lock. */
  isHeldBy(process: Process): boolean {
    return !process.isDead && [...this.#locks.values()].some(({ holder }) => holder === process);
  }

  /** Another disk that holds the same. */
  copy(): Disk {
    const disk = new Disk();
    for (const [path, parts] of this.#texts) disk.put(path, parts.join(""));
    return disk;
  }
}

/** What ends a process's luck, and when. */
export interface End {
  readonly how: "full" | "killed";
  /** Whether this is the write. Of a lock, `text` is its note, and nothing when it is released. */
  readonly isHere: (path: string, text: string) => boolean;
  /** Of the text of that write, what gets through. */
  readonly share: number;
}

/**
 * A process and its way to the disk, until the disk is full or the process is killed. The write under way then gets some
 * of its text down; what a dead process writes later never happens, and nobody in it ever hears of it.
 */
export class Process {
  readonly files: Files;
  /** Resolves when the process has died. */
  readonly death: Promise<void>;
  #end: End | null = null;
  #state: "fine" | "full" | "killed" = "fine";
  #die: () => void = () => {};

  /** @param onDeath called at that moment */
  constructor(
    readonly disk: Disk,
    readonly onDeath: () => void = () => {},
  ) {
    this.death = new Promise((die) => {
      this.#die = die;
    });
    const known = (path: string) => disk.text(path) ?? thrown("ENOENT", `no such file or directory, open '${path}'`);
    this.files = {
      read: (path) => this.#read(() => new TextEncoder().encode(known(path))),
      parts: (path, from) => onePart(async () => (await this.files.read(path)).subarray(from)),
      stat: (path) =>
        this.#read(() =>
          disk.isFolder(path)
            ? { kind: "folder", bytes: 0, modified: 0 }
            : { kind: "file", bytes: Buffer.byteLength(known(path)), modified: 0 },
        ),
      realpath: (path) => this.#read(() => (disk.isFolder(path) || known(path) !== null ? path : "")),
      list: (path) =>
        this.#read(() => {
          const names = disk.paths(path).map((one) => one.slice(path.length + 1).split("/")[0] ?? "");
          return names.length > 0 ? [...new Set(names)] : thrown("ENOENT", `no such folder, '${path}'`);
        }),
      makeFolder: async () => {},
      remove: (path) => this.change(path, "", () => disk.remove(path)),
      write: (path, text) => this.change(path, text, () => disk.put(path, text)),
      append: (path, text) =>
        this.change(
          path,
          text,
          () => disk.add(path, text),
          (share) => disk.add(path, text.slice(0, Math.floor(share * text.length))),
        ),
    };
  }

  get isDead(): boolean {
    return this.#state === "killed";
  }

  /** The first of several ends is the one that comes. */
  ends(end: End): void {
    this.#end ??= end;
  }

  /** Nothing of it is left. */
  die(): void {
    if (this.isDead) return;
    this.#state = "killed";
    this.onDeath();
    this.#die();
  }

  async #read<T>(work: () => T): Promise<T> {
    await turn();
    return this.isDead ? never() : work();
  }

  /** Writes, to each file in the order of the calls, and each a moment later: by then the process may have died. */
  async change<T>(path: string, text: string, whole: () => T, part?: (share: number) => void): Promise<T> {
    for (let wait = SLOW.test(path) ? 3 : 1; wait > 0; wait--) await turn();
    if (this.#state === "full" && text !== "") throw noSpace();
    const end = this.#state === "fine" && (text !== "" || this.#end?.how === "killed") ? this.#end : null;
    if (end?.isHere(path, text)) {
      const { how, share } = end;
      part?.(share);
      if (how === "killed") this.die();
      else {
        this.#state = how;
        throw noSpace();
      }
    }
    if (this.isDead) return never();
    const changed = whole();
    await turn();
    return this.isDead ? never() : changed;
  }
}

/** Files do not wait for each other: what goes to this one takes longer. */
const SLOW = /\/replies\.jsonl$/;

/** What a disk takes in the time of this program. */
function turn(): Promise<void> {
  return new Promise((next) => setImmediate(next));
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function noSpace(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

function thrown(code: string, words: string): never {
  throw Object.assign(new Error(`${code}: ${words}`), { code });
}

async function* onePart(read: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await read();
}
