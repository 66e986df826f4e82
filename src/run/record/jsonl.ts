import type { Files } from "../../deps.ts";
import { NotRecorded, RunUnreadable } from "../errors.ts";

/** Version of the files in a run folder: older ones are read, newer ones are refused. */
export const VERSION = 1;

/** @throws RunUnreadable for a file of a newer version */
export function checkVersion(version: unknown, path: string): void {
  if (typeof version === "number" && version > VERSION) {
    throw new RunUnreadable(
      path,
      `its version is ${version}; this version of AgentGraph reads up to version ${VERSION}`,
    );
  }
}

export interface Line {
  /** Byte offsets into the file, without the line end. */
  readonly start: number;
  readonly end: number;
}

/** The non-empty lines of a file, without a last line that a crash cut. */
export function* linesOf(bytes: Uint8Array): Generator<Line> {
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    if (end > start) yield { start, end };
    start = end + 1;
  }
  const rest = { start, end: bytes.length };
  if (objectAt(bytes, rest)) yield rest;
}

/**
 * The non-empty lines of a file that may be too large to be held, without a last line that a crash cut. A missing file has
 * none.
 * @param from byte with which a line starts. Default: the first
 */
export async function* linesIn(files: Files, path: string, from = 0): AsyncGenerator<Uint8Array> {
  for await (const lines of lineGroupsIn(files, path, from)) for (const { line } of lines) yield line;
}

/** A line, and the byte of its file with which it starts. */
export interface PlacedLine {
  readonly start: number;
  readonly line: Uint8Array;
}

/**
 * Like `linesIn`, with all lines of one part of the file at once: awaiting each of a million lines takes longer than
 * reading them.
 */
export async function* lineGroupsIn(
  files: Pick<Files, "parts">,
  path: string,
  from = 0,
): AsyncGenerator<readonly PlacedLine[]> {
  /** The start of a line that the next part continues. */
  let rest: Uint8Array[] = [];
  let begun = from;
  try {
    for await (const part of files.parts(path, from)) {
      const lines: PlacedLine[] = [];
      let start = 0;
      for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, start)) {
        const line = rest.length === 0 ? part.subarray(start, end) : joined([...rest, part.subarray(start, end)]);
        rest = [];
        if (line.length > 0) lines.push({ start: begun, line });
        begun += line.length + 1;
        start = end + 1;
      }
      if (start < part.length) rest.push(part.subarray(start));
      yield lines;
    }
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const last = joined(rest);
  if (objectOn(last)) yield [{ start: begun, line: last }];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only = new Uint8Array()] = parts;
  return parts.length <= 1 ? only : Buffer.concat(parts);
}

/** The object on a line; undefined if it is not one. Never throws. */
export function objectOn(line: Uint8Array): Record<string, unknown> | undefined {
  return objectAt(line, { start: 0, end: line.length });
}

const decoder = new TextDecoder();

export function textAt(bytes: Uint8Array, { start, end }: Line): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** Bytes: no event or reply is longer. */
const LONGEST_LINE = 2 ** 26;

/** The object on a line; undefined if it is not one. Never throws. */
export function objectAt(bytes: Uint8Array, line: Line): Record<string, unknown> | undefined {
  if (line.end - line.start > LONGEST_LINE) return undefined;
  try {
    const value: unknown = JSON.parse(textAt(bytes, line));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Bytes of a file; 0 if there is none. */
export async function sizeOf(files: Files, path: string): Promise<number> {
  try {
    return (await files.stat(path)).bytes;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

/**
 * All bytes of a file; none when there is no such file.
 * @throws RunUnreadable when it has more than `most`.
 */
export async function bytesOf(files: Files, path: string, most = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  try {
    const { bytes } = await files.stat(path);
    if (bytes > most) throw new RunUnreadable(path, `it has ${bytes} bytes; at most ${most} are read`);
    return await files.read(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return new Uint8Array();
    throw error;
  }
}

/** Bytes of a file from `start` on: `length` of them, or fewer where the file ends. A missing file has none. */
export async function bytesAt(
  files: Pick<Files, "parts">,
  path: string,
  start: number,
  length: number,
): Promise<Uint8Array> {
  const found: Uint8Array[] = [];
  let read = 0;
  try {
    for await (const part of files.parts(path, start)) {
      found.push(part);
      read += part.length;
      if (read >= length) break;
    }
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const [only = new Uint8Array()] = found;
  return (found.length <= 1 ? only : Buffer.concat(found)).subarray(0, length);
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** State of a file that is continued. */
export interface Existing {
  readonly bytes: number;
  /** Whether its last line may be incomplete. */
  readonly isCut: boolean;
}

export const NOTHING: Existing = { bytes: 0, isCut: false };

/** Appends JSON lines to one file. After a failure nothing more is written, because it would leave a gap. */
export class JsonlWriter {
  #last: Promise<void> = Promise.resolve();
  #failure: NotRecorded | null = null;
  #bytes: number;

  /**
   * @param existing an empty file gets a header, and a cut last line is ended
   * @param header fields of the first line besides the version
   */
  constructor(
    readonly files: Files,
    readonly path: string,
    { bytes, isCut }: Existing,
    header: object = {},
  ) {
    this.#bytes = bytes;
    if (bytes === 0) this.append({ version: VERSION, ...header });
    else if (isCut) this.#write("\n");
  }

  /** Length of the file with everything appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get failure(): NotRecorded | null {
    return this.#failure;
  }

  /** @returns the line, with its end */
  append(value: object): string {
    const line = `${JSON.stringify(value)}\n`;
    this.appendLine(line);
    return line;
  }

  /** @param line JSON, with its end */
  appendLine(line: string): void {
    this.#write(line);
  }

  /** Resolves when everything appended so far is with the operating system. @throws NotRecorded */
  async flushed(): Promise<void> {
    await this.#last;
    if (this.#failure) throw this.#failure;
  }

  #write(text: string): void {
    if (this.#failure) return;
    this.#bytes += Buffer.byteLength(text);
    this.#last = this.files.append(this.path, text).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error);
      this.#failure ??= new NotRecorded(this.path, codeOf(error) ?? "unknown", detail);
    });
  }
}
