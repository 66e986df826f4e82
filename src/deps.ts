/**
 * What the outside gives. Nothing above `src/platform` uses a file system, a clock or a random source of its own,
 * so a run is a pure function of graph, data, options, seed and replies.
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

/** What tells this machine and its processes from others. */
export interface Machine {
  /** A keyed hash that only this user on this machine can make: what bears it was made here. */
  sign(text: string): Promise<string>;
  /** Takes a lock file until released; one left behind by a process that is gone is broken. null: a live process holds it. */
  lock(path: string, note: string): Promise<Lock | null>;
  /** Who holds a lock file; null when nobody alive does. */
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
