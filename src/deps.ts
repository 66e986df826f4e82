/**
 * The dependencies on the outside. Nothing above `src/platform` uses a file system, a clock or a random source
 * directly, so a run is a pure function of graph, data, options, seed and replies.
 */
export interface Deps {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly sandbox: Sandbox;
  /** Absent: there are none. */
  readonly tools?: Tools;
}

/** Absolute paths only. Rejects with the platform's own error (`code` is `ENOENT`, `ENOSPC`, …). */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /** The file part by part, from a byte on (default: the first): for files that are too large to be held. */
  parts(path: string, from?: number): AsyncIterable<Uint8Array>;
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

/** The output channel or stderr; never contains a key. */
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

/** Code of a workspace. */
export interface Code {
  /** Names it in errors: the path as the graph file gives it. Its extension tells TypeScript from JavaScript. */
  readonly file: string;
  /** An ES module. */
  readonly text: string;
  /** Other code that it may import, by `file`. Default: none. */
  readonly modules?: readonly Code[];
  /** Who wrote it, if it is no file of the repository: it has no hash that could be confirmed. */
  readonly author?: "model" | "AgentGraph";
}

/** Limits of one call. They are the user's, never a file's. */
export interface SandboxLimits {
  /** Milliseconds. Default 5,000. */
  readonly time: number;
  /** Bytes. Default 64 MB. */
  readonly memory: number;
}

/**
 * Runs code where it reaches nothing but its argument: no files, network, clock, random numbers or modules. Each call
 * starts from nothing, so equal arguments give equal results.
 */
export interface Sandbox {
  /** Compiles without running. null: the code can be called. */
  check(code: Code): Promise<CodeFault | null>;
  /**
   * Calls the default export with one argument, and waits for it if it is asynchronous. The argument and the result are
   * copied as JSON; a result has at most 1,000,000 characters.
   * @throws CodeFault, CodeLimit
   */
  call(code: Code, argument: unknown): Promise<unknown>;
  /** The same sandbox with other limits. */
  within(limits: Partial<SandboxLimits>): Sandbox;
  /**
   * Runs a program in another language with the user's command for its extension, once the user has confirmed it. The
   * argument is JSON on its standard input. Absent: there are no such commands.
   * @throws ProgramRefused, CodeLimit; CodeFault where it could not be started
   */
  program?(code: Code, argument: unknown): Promise<Program>;
}

/** How a program ended. */
export interface Program {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What it wrote to its standard output. */
  readonly output: string;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
}

/** A program of the repository that the user has not confirmed, or has no command for. */
export class ProgramRefused extends Error {
  override readonly name = "ProgramRefused";
  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`${file} was not run: ${reason}`);
  }
}

/** The code is wrong, or what it was given. */
export class CodeFault extends Error {
  override readonly name = "CodeFault";
  constructor(
    readonly file: string,
    /** From 1; null if it is unknown. */
    readonly line: number | null,
    /** As the language puts it. */
    readonly problem: string,
  ) {
    super(`${file}${line === null ? "" : `:${line}`}: ${problem}`);
  }
}

/** The code ran out of time or memory. This says nothing about the value that it works on. */
export class CodeLimit extends Error {
  override readonly name = "CodeLimit";
  constructor(
    readonly file: string,
    readonly limit: "time" | "memory" | "stack",
    /** Milliseconds or bytes; 0 for the stack. */
    readonly amount: number,
  ) {
    super(`${file}: ${limitWords(limit, amount)}`);
  }
}

function limitWords(limit: CodeLimit["limit"], amount: number): string {
  if (limit === "time") return `not finished after ${amount / 1000} s`;
  return limit === "memory" ? `needs more than ${Math.round(amount / 2 ** 20)} MB` : "calls itself too deeply";
}

/**
 * Tools on servers that the user has chosen: a file names a tool, never who answers. May be asked for many tools at once.
 */
export interface Tools {
  /**
   * Who answers for a tool: part of the key under which its results are kept.
   * @throws ToolMissing
   */
  identify(name: string): Promise<string>;
  /**
   * Calls a tool. Its result is text; parts of other kinds are named.
   * @throws ToolMissing, ToolFault, ToolUnreachable
   */
  call(name: string, input: Readonly<Record<string, unknown>>): Promise<string>;
}

/** No server of the user has this tool. */
export class ToolMissing extends Error {
  override readonly name = "ToolMissing";
  constructor(
    readonly tool: string,
    /** Tools that there are. */
    readonly known: readonly string[],
    /** How to add one. */
    readonly remedy: string,
  ) {
    const others = known.length > 0 ? `There are: ${known.slice(0, 8).join(", ")}.` : "There are no tools.";
    super(`there is no tool named ${tool}. ${others} ${remedy}`);
  }
}

/** The tool could not use its input, and says why. */
export class ToolFault extends Error {
  override readonly name = "ToolFault";
  constructor(
    readonly tool: string,
    readonly problem: string,
  ) {
    super(`${tool}: ${problem}`);
  }
}

/** The tool's server gave no result. This says nothing about the input. */
export class ToolUnreachable extends Error {
  override readonly name = "ToolUnreachable";
  constructor(
    readonly tool: string,
    readonly problem: string,
  ) {
    super(`the tool ${tool} gave no result: ${problem}`);
  }
}
