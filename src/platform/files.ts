import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Files } from "../deps.ts";

/** How long an append handle stays open with nothing to write, in milliseconds. */
const IDLE = 2_000;

/** The real file system. Appends to one file are written in the order of the calls, those of one moment together. */
export function nodeFiles(): Files {
  const appenders = new Map<string, Appender>();
  return {
    read: (path) => readFile(path),
    write: replaceFile,
    append(path, text) {
      let appender = appenders.get(path);
      if (!appender) {
        appender = new Appender(path, () => appenders.delete(path));
        appenders.set(path, appender);
      }
      return appender.append(text);
    },
    async stat(path) {
      const found = await stat(path);
      const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
      return { kind, bytes: found.size, modified: found.mtimeMs };
    },
    realpath: (path) => realpath(path),
    list: (path) => readdir(path),
    async makeFolder(path) {
      await mkdir(path, { recursive: true });
    },
    remove: (path) => rm(path, { recursive: true }),
  };
}

/** Writes beside the target and renames. Follows a link to its file, and keeps the mode of what it replaces. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => 0o666,
  );
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = await open(draft, "wx", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** One file open for appending (O_APPEND). Opening costs ten times the write, so the handle is kept until idle. */
class Appender {
  #handle: FileHandle | null = null;
  #texts: string[] = [];
  /** The write that takes what is queued now, behind the one under way. */
  #next: Promise<void> | null = null;
  #last: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | null = null;

  constructor(
    readonly path: string,
    readonly closed: () => void,
  ) {}

  append(text: string): Promise<void> {
    this.#texts.push(text);
    if (!this.#next) {
      this.#next = this.#last.then(() => this.#write());
      this.#last = this.#next.catch(() => {});
    }
    return this.#next;
  }

  async #write(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    const text = this.#texts.join("");
    this.#texts = [];
    this.#next = null;
    try {
      this.#handle ??= await open(this.path, "a");
      await this.#handle.appendFile(text);
    } finally {
      if (!this.#next) this.#idle = setTimeout(() => this.#close(), IDLE).unref();
    }
  }

  #close(): void {
    if (this.#next) return;
    this.closed();
    void this.#handle?.close();
    this.#handle = null;
  }
}
