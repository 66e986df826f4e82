/**
 * The dependencies on the outside. Nothing above `src/platform` uses a file system, a clock or a random source
 * directly, so a run is a pure function of graph, data, options, seed and replies.
 */
export interface Deps {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** Absolute paths only. Rejects with the platform's own error (`code` is `ENOENT`, `ENOSPC`, …). */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /** Replaces the whole file at once: a reader sees the old bytes or the new ones. */
  write(path: string, text: string): Promise<void>;
  /** Resolves once the bytes are with the operating system: they survive a killed process. */
  append(path: string, text: string): Promise<void>;
  stat(path: string): Promise<{ kind: "file" | "folder" | "other"; bytes: number; modified: number }>;
  /** Follows every symbolic link. */
  realpath(path: string): Promise<string>;
  /** Names of the direct children. */
  list(path: string): Promise<string[]>;
  makeFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The output channel or stderr; never holds a key. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Identifies this machine and its processes. */
export interface Machine {
  /** A keyed hash that only this user on this machine can make, as a signature. */
  sign(text: string): Promise<string>;
  /** Takes a lock file until it is released, breaking one of a process that ended. null: a live process holds it. */
  lock(path: string, note: string): Promise<Lock | null>;
  /** The holder of a lock file; null if no live process holds it. */
  holder(path: string): Promise<LockHolder | null>;
}

export interface Lock {
  release(): Promise<void>;
}

export interface LockHolder {
  readonly note: string;
  readonly process: number;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
