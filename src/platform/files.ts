import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { Files } from "../deps.ts";

/** Milliseconds for which an idle append handle stays open. */
const IDLE = 2_000;

/** Bytes of a part to read. */
const PART = 2 ** 18;

/** Maximum bytes of a file to read: more than any log, less than what exhausts memory. */
const LARGEST = 2 ** 30;

/**
 * A file in place of AgentGraph's own is a link, not a regular file, or too large. A repository can contain such files.
 */
export class UnsafeFile extends Error {
  override readonly name = "UnsafeFile";
  readonly code = "EUNSAFE";
  constructor(
    readonly path: string,
    readonly reason: "is a link" | "is not a regular file" | "is too large",
  ) {
    super(`${path} ${reason}`);
  }
}

/** Makes a folder and those above it. */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // On a read-only file system, Node reports that the folder doesn't exist. To make the first missing one says why.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    let missing = path;
    while (dirname(missing) !== missing && !(await isThere(dirname(missing)))) missing = dirname(missing);
    await mkdir(missing);
    await mkdir(path, { recursive: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The real file system, guarded against links, devices and huge files. Appends to a file are written in order, those of
 * the same tick together.
 */
export function nodeFiles(): Files {
  const appenders = new Map<string, Appender>();
  return {
    async read(path) {
      await refuseLinks(path);
      return readRegular(path);
    },
    async *parts(path, from = 0) {
      await refuseLinks(path);
      const handle = await openRegular(path);
      try {
        const buffer = new Uint8Array(PART);
        for (let at = from; ; ) {
          const { bytesRead } = await handle.read(buffer, 0, PART, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield buffer.slice(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    },
    async write(path, text) {
      await refuseLinks(path);
      await replaceFile(path, text);
    },
    append(path, text) {
      const known = appenders.get(path);
      if (known) return known.append(text);
      const appender = new Appender(path, () => {
        if (appenders.get(path) === appender) appenders.delete(path);
      });
      appenders.set(path, appender);
      return appender.append(text);
    },
    async stat(path) {
      const found = await stat(path);
      const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
      return { kind, bytes: found.size, modified: found.mtimeMs };
    },
    realpath: (path) => realpath(path),
    async list(path) {
      await refuseLinks(path);
      return readdir(path);
    },
    async makeFolder(path) {
      await refuseLinks(path);
      await makeFolders(path);
    },
    async remove(path) {
      await refuseLinks(dirname(path));
      // Windows refuses for a moment what another program, such as an indexer, has open.
      await rm(path, { recursive: true, maxRetries: 5 });
      // Later appends go to a new file.
      for (const one of appenders.keys()) if (one === path || one.startsWith(`${path}${sep}`)) appenders.delete(one);
    },
  };
}

/** In `.agentgraph`, no part of a path can be a link. */
async function refuseLinks(path: string): Promise<void> {
  const parts = path.split(sep);
  const home = parts.lastIndexOf(".agentgraph");
  if (home < 0) return;
  for (let length = home + 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join(sep);
    const found = await lstat(part).catch(() => null);
    if (found?.isSymbolicLink()) throw new UnsafeFile(part, "is a link");
  }
}

/** Opens a regular file. Devices and pipes are refused, because opening them can block. */
async function openRegular(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw new UnsafeFile(path, "is not a regular file");
  return open(path, "r");
}

async function readRegular(path: string): Promise<Uint8Array> {
  const handle = await openRegular(path);
  try {
    if ((await handle.stat()).size > LARGEST) throw new UnsafeFile(path, "is too large");
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Writes a temporary file and renames it. Follows a link to its file, and keeps the file mode. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => 0o666,
  );
  // A name can be as long as the file system allows.
  const draft = join(dirname(target), `.${basename(target).slice(0, 40)}.${randomBytes(6).toString("hex")}.tmp`);
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
    // The file that could not be written is the target, not its draft.
    throw error instanceof Error && "path" in error ? Object.assign(error, { path: target }) : error;
  }
}

/** Opens a file to append, but never through a link to another file. */
async function openToAppend(path: string): Promise<FileHandle> {
  await refuseLinks(path);
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;
  return open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW);
}

/** One file open for appending (O_APPEND). Opening costs ten times the write, so the handle is kept until idle. */
class Appender {
  #handle: FileHandle | null = null;
  #texts: string[] = [];
  /** Writes the queue after the current write. */
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
      this.#handle ??= await openToAppend(this.path);
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
