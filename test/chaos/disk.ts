import type { Files } from "../../src/deps.ts";
import { nodeFiles } from "../../src/platform/files.ts";

/**
 * The real disk, until it is full or the process that writes to it is killed. The write under way then gets some of its
 * text down; what a dead process writes later never happens, and nobody in it ever hears of it.
 */
export class Disk {
  readonly files: Files;
  /** Resolves when the process is dead and what it had handed over is on the disk. */
  readonly death: Promise<void>;
  /** At the moment of death. */
  onDeath: () => void = () => {};
  readonly #under = new Set<Promise<unknown>>();
  #end: { readonly how: "full" | "killed"; writes: number; readonly share: number } | null = null;
  #state: "fine" | "full" | "killed" = "fine";
  #die: () => void = () => {};

  constructor() {
    const inner = nodeFiles();
    this.death = new Promise((die) => {
      this.#die = die;
    });
    this.files = {
      ...inner,
      read: (path) => this.#heard(inner.read(path)),
      stat: (path) => this.#heard(inner.stat(path)),
      list: (path) => this.#heard(inner.list(path)),
      makeFolder: (path) => this.#write(() => inner.makeFolder(path)),
      remove: (path) => this.#write(() => inner.remove(path)),
      write: (path, text) => this.#write(() => inner.write(path, text)),
      append: (path, text) =>
        this.#write(
          () => inner.append(path, text),
          (share) => inner.append(path, text.slice(0, Math.floor(share * text.length))),
        ),
    };
  }

  /** After so many more writes. @param share of the text of the last one that gets through */
  endsAfter(how: "full" | "killed", writes: number, share: number): void {
    this.#end ??= { how, writes, share };
  }

  /** What the process learns of its own work: nothing once it is dead. */
  async #heard<T>(work: Promise<T>): Promise<T> {
    if (this.#state === "killed") return never();
    this.#under.add(work);
    try {
      const result = await work;
      return this.#dead() ? never() : result;
    } catch (error) {
      if (this.#dead()) return never();
      throw error;
    } finally {
      this.#under.delete(work);
    }
  }

  #dead(): boolean {
    return this.#state === "killed";
  }

  async #write(whole: () => Promise<void>, part?: (share: number) => Promise<void>): Promise<void> {
    if (this.#state === "killed") return never();
    if (this.#state === "full") throw noSpace();
    if (!this.#end || this.#end.writes-- > 0) return this.#heard(whole());
    const { how, share } = this.#end;
    this.#state = how;
    if (how === "full") {
      await part?.(share);
      throw noSpace();
    }
    this.onDeath();
    await Promise.allSettled([...this.#under, part?.(share)]);
    this.#die();
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function noSpace(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}
