import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Files } from "../deps.ts";

/** Where a graph file's references may lead. Both paths are real: no symbolic link is left in them. */
export interface ContainmentRoot {
  /** The git top level of the graph file, else its folder. Runs live here. */
  readonly folder: string;
  /** The graph file's folder: references start from here. */
  readonly base: string;
}

/** A reference that is not followed, or a file that cannot be read. */
export class ReferenceRefused extends Error {
  override readonly name = "ReferenceRefused";
  constructor(
    readonly reference: string,
    readonly reason: RefusedReason,
    readonly detail = "",
  ) {
    super(`${reference}: ${reason}${detail && ` (${detail})`}`);
  }
}

export type RefusedReason =
  | "empty"
  | "absolute"
  | "holds a backslash"
  | "holds an escape"
  | "holds a control character"
  | "leaves the root"
  | "leaves the root by a link"
  | "is private"
  | "not found"
  | "not a file"
  | "too large"
  | "unreadable"
  | "not UTF-8";

/** Bytes. */
export const MAX_TEXT = 2 ** 20;
export const MAX_DATA = 64 * 2 ** 20;

export interface ReferencedFile {
  /** Real and absolute. */
  readonly path: string;
  /** Decoded, a byte order mark included. */
  readonly text: string;
}

/** A refused reference as a fault, in words for a person. */
export function refusalWords({ reference, reason, detail }: ReferenceRefused): {
  code: "missing-file" | "unreadable-file" | "reference-refused";
  message: string;
  remedy: string;
} {
  const name = JSON.stringify(reference);
  const reading = (problem: string, remedy: string) => ({ message: `The file ${name} ${problem}.`, remedy });
  const refused = (problem: string) => ({
    code: "reference-refused" as const,
    message: `The reference ${name} ${problem}, so it is not read.`,
    remedy: "Use a relative path with / to a file in this repository.",
  });
  switch (reason) {
    case "not found":
      return { code: "missing-file", ...reading("does not exist", "Create the file, or correct the path.") };
    case "not a file":
      return { code: "unreadable-file", ...reading("is not a regular file", "Name a file.") };
    case "too large":
      return {
        code: "unreadable-file",
        ...reading(`is too large: ${detail}`, "Make it smaller, or use another file."),
      };
    case "unreadable":
      return { code: "unreadable-file", ...reading(`cannot be read (${detail})`, "Check its read permissions.") };
    case "not UTF-8":
      return { code: "unreadable-file", ...reading("is not UTF-8 text", "Save it as UTF-8.") };
    case "empty":
      return refused("is empty");
    case "is private":
      return refused("points to a file that can contain secrets or runs");
    case "leaves the root":
      return refused("points outside the repository");
    case "leaves the root by a link":
      return refused("points outside the repository through a symbolic link");
    case "absolute":
      return refused("is an absolute path or an address");
    default:
      return refused(reason);
  }
}

/** @param graphFile absolute path; the file itself need not exist yet */
export async function findRoot(graphFile: string, files: Files): Promise<ContainmentRoot> {
  const folder = dirname(resolve(graphFile));
  const base = await files.realpath(folder).catch(() => folder);
  for (let at = base; ; at = dirname(at)) {
    const isTop = await files.stat(join(at, ".git")).then(
      ({ kind }) => kind !== "other",
      () => false,
    );
    if (isTop) return { folder: at, base };
    if (dirname(at) === at) return { folder: base, base };
  }
}

/**
 * Reads a file that a graph file names. It must lie inside the root, in name and in truth.
 * @param maxBytes `MAX_TEXT` for a text, `MAX_DATA` for data
 * @param decode null for bytes that it cannot read. Default: UTF-8
 * @throws ReferenceRefused
 */
export async function readReference(
  root: ContainmentRoot,
  reference: string,
  files: Files,
  maxBytes: number,
  decode: (bytes: Uint8Array) => string | null = decodeUtf8,
): Promise<ReferencedFile> {
  const refuse = (reason: RefusedReason, detail?: string) => new ReferenceRefused(reference, reason, detail);
  const named = namedPath(root, reference);
  const path = await files.realpath(named).catch((error: unknown) => {
    throw refuse(codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR" ? "not found" : "unreadable", codeOf(error));
  });
  if (!isInside(root.folder, path)) throw refuse("leaves the root by a link");
  if (isPrivate(root.folder, path)) throw refuse("is private");

  const bytes = await readBytes(path, files, maxBytes, refuse);
  return { path, text: decode(bytes) ?? fail(refuse("not UTF-8")) };
}

/**
 * The path that a reference names. What stands there may still lead elsewhere by a link: only `readReference` knows.
 * @throws ReferenceRefused
 */
export function namedPath(root: ContainmentRoot, reference: string): string {
  const unusable = formFault(reference);
  if (unusable) throw new ReferenceRefused(reference, unusable);
  const named = resolve(root.base, reference);
  if (!isInside(root.folder, named)) throw new ReferenceRefused(reference, "leaves the root");
  if (isPrivate(root.folder, named)) throw new ReferenceRefused(reference, "is private");
  return named;
}

/** null when the bytes are not UTF-8. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

async function readBytes(
  path: string,
  files: Files,
  maxBytes: number,
  refuse: (reason: RefusedReason, detail?: string) => ReferenceRefused,
): Promise<Uint8Array> {
  const unreadable = (error: unknown) => fail(refuse("unreadable", codeOf(error)));
  const { kind, bytes: size } = await files.stat(path).catch(unreadable);
  if (kind !== "file") throw refuse("not a file");
  if (size > maxBytes) throw refuse("too large", `${size} bytes, at most ${maxBytes}`);
  const bytes = await files.read(path).catch(unreadable);
  if (bytes.byteLength > maxBytes) throw refuse("too large", `${bytes.byteLength} bytes, at most ${maxBytes}`);
  return bytes;
}

/** References are written alike on every system: relative, with `/`. */
function formFault(reference: string): RefusedReason | null {
  if (reference.trim() === "") return "empty";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL and its like end or hide a path.
  if (/[\u0000-\u001f\u007f]/.test(reference)) return "holds a control character";
  if (/^([/\\]|[A-Za-z][A-Za-z0-9+.-]*:|~)/.test(reference)) return "absolute";
  if (reference.includes("\\")) return "holds a backslash";
  if (/%(2e|2f|5c|00|25)/i.test(reference)) return "holds an escape";
  return null;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}

/** Git's own files (they may hold credentials) and the runs are neither prompts nor data. */
function isPrivate(folder: string, path: string): boolean {
  const parts = relative(folder, path).toLowerCase().split(sep);
  return parts.includes(".git") || parts.includes(".agentgraph") || /^\.env(\.|$)/i.test(basename(path));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function fail(error: Error): never {
  throw error;
}
