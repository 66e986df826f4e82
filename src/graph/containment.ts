import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Files } from "../deps.ts";
import type { Locale, Translate } from "../i18n/locale.ts";

/** The folder that references of a graph file can't leave. Both paths are real: they contain no symbolic links. */
export interface ContainmentRoot {
  /** The git top level of the graph file, else its folder. Runs live here. */
  readonly folder: string;
  /** The graph file's folder, to which references are relative. */
  readonly base: string;
}

/** A reference that is not followed, or a file that can't be read. */
export class ReferenceRefused extends Error {
  override readonly name = "ReferenceRefused";
  constructor(
    readonly reference: string,
    readonly reason: RefusedReason,
    readonly detail = "",
    /** Size of a file that is too large. */
    readonly size: FileSize | null = null,
  ) {
    super(`${reference}: ${reason}${detail && ` (${detail})`}`);
  }
}

interface FileSize {
  readonly bytes: number;
  /** Maximum number of bytes. */
  readonly most: number;
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
  | "not UTF-8"
  | "a ZIP file"
  | "compressed"
  | "Parquet";

/** Maximum bytes of a text. */
export const MAX_TEXT = 2 ** 20;
export const MAX_DATA = 64 * 2 ** 20;

export interface ReferencedFile {
  /** Real and absolute. */
  readonly path: string;
  /** Decoded, including a byte order mark. */
  readonly text: string;
}

/** The message of a fault for a refused reference. */
export function refusalFault(
  { reference, reason, detail, size }: ReferenceRefused,
  locale: Locale,
): { code: "missing-file" | "unreadable-file" | "reference-refused"; message: string; remedy: string } {
  const { t } = locale;
  const name = JSON.stringify(reference);
  const unreadable = (message: string, remedy: string) => ({ code: "unreadable-file" as const, message, remedy });
  const refused = (problem: string) => ({
    code: "reference-refused" as const,
    message: t("The reference {0} is not read: it {1}.", name, problem),
    remedy: t("Use a relative path with / to a file in this repository."),
  });
  switch (reason) {
    case "not found":
      return {
        code: "missing-file",
        message: t("The file {0} does not exist.", name),
        remedy: t("Create the file, or correct the path."),
      };
    case "not a file":
      return unreadable(t("{0} is not a regular file.", name), t("Name a file."));
    case "too large":
      return unreadable(
        t(
          "The file {0} is too large: {1}, at most {2}.",
          name,
          locale.count(size?.bytes ?? 0, "byte"),
          locale.integer(size?.most ?? 0),
        ),
        t("Make it smaller, or use another file."),
      );
    case "unreadable":
      return unreadable(t("The file {0} can't be read ({1}).", name, detail), t("Check its read permissions."));
    case "a ZIP file":
      return unreadable(
        t("The file {0} is an Excel workbook or another ZIP file, not text.", name),
        asText("a ZIP file", t),
      );
    case "compressed":
      return unreadable(t("The file {0} is compressed.", name), asText("compressed", t));
    case "Parquet":
      return unreadable(t("The file {0} is a Parquet file, not text.", name), asText("Parquet", t));
    case "not UTF-8":
      return unreadable(t("The file {0} is not UTF-8 text.", name), t("Save it as UTF-8."));
    case "empty":
      return refused(t("is empty"));
    case "is private":
      return refused(t("points to a file that can contain secrets or runs"));
    case "leaves the root":
      return refused(t("points outside the repository"));
    case "leaves the root by a link":
      return refused(t("points outside the repository through a symbolic link"));
    case "absolute":
      return refused(t("is an absolute path or an address"));
    case "holds a backslash":
      return refused(t("contains a backslash"));
    case "holds an escape":
      return refused(t("contains a percent escape"));
    case "holds a control character":
      return refused(t("contains a control character"));
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
 * Reads a file that a graph file names. It must be inside the root, both by name and after following links.
 * @param maxBytes `MAX_TEXT` for a text, `MAX_DATA` for data
 * @param decode returns null for bytes that it can't decode. Default: UTF-8
 * @throws ReferenceRefused
 */
export async function readReference(
  root: ContainmentRoot,
  reference: string,
  files: Files,
  maxBytes: number,
  decode: (bytes: Uint8Array) => string | null = decodeUtf8,
): Promise<ReferencedFile> {
  const refuse: Refuse = (reason, detail, size) => new ReferenceRefused(reference, reason, detail, size);
  const path = await safePath(root, reference, files, refuse);
  const bytes = await readBytes(path, files, maxBytes, refuse);
  return { path, text: decode(bytes) ?? fail(notText(reference, bytes)) };
}

/** A file that is read in parts, as often as needed. */
export interface OpenReference {
  /** @throws ReferenceRefused */
  parts(): AsyncIterable<Uint8Array>;
}

/** The same for a file that is too large to be held. @throws ReferenceRefused */
export async function openReference(
  root: ContainmentRoot,
  reference: string,
  files: Files,
  maxBytes: number,
): Promise<OpenReference> {
  const refuse: Refuse = (reason, detail, size) => new ReferenceRefused(reference, reason, detail, size);
  const path = await safePath(root, reference, files, refuse);
  await checkSize(path, files, maxBytes, refuse);
  return {
    async *parts() {
      let read = 0;
      try {
        for await (const part of files.parts(path)) {
          read += part.length;
          if (read > maxBytes) throw refuse("too large", "", { bytes: read, most: maxBytes });
          yield part;
        }
      } catch (error) {
        throw error instanceof Error && "code" in error ? refuse("unreadable", codeOf(error)) : error;
      }
    },
  };
}

/** How to make text of a file. */
export function asText(kind: "a ZIP file" | "compressed" | "Parquet", t: Translate): string {
  if (kind === "a ZIP file") return t('In Excel, save it as "CSV UTF-8".');
  if (kind === "compressed") return t("Decompress it.");
  const example = 'df.to_json("data.jsonl", orient="records", lines=True)';
  return t("Convert it to JSON Lines, for example with pandas: {0}", example);
}

/** Why bytes are not read as text. */
export function notText(reference: string, start: Uint8Array): ReferenceRefused {
  const reason = isZip(start)
    ? "a ZIP file"
    : isCompressed(start)
      ? "compressed"
      : isParquet(start)
        ? "Parquet"
        : "not UTF-8";
  return new ReferenceRefused(reference, reason);
}

/** gzip, Zstandard, xz. */
function isCompressed([a, b, c, d]: Uint8Array): boolean {
  const start = [a, b, c, d].join();
  return (a === 0x1f && b === 0x8b) || start === "40,181,47,253" || start === "253,55,122,88";
}

/** `PAR1` */
function isParquet([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x41 && c === 0x52 && d === 0x31;
}

async function safePath(root: ContainmentRoot, reference: string, files: Files, refuse: Refuse): Promise<string> {
  const named = namedPath(root, reference);
  const path = await files.realpath(named).catch(async (error: unknown) => {
    const isMissing = codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
    const same = isMissing ? await sameName(root.folder, named, files) : null;
    if (same !== null) return same;
    throw refuse(isMissing ? "not found" : "unreadable", codeOf(error));
  });
  if (!isInside(root.folder, path)) throw refuse("leaves the root by a link");
  if (isPrivate(root.folder, path)) throw refuse("is private");
  return path;
}

/**
 * The real path of the file whose name has the same characters, composed otherwise: `é` can be one code point or two, and macOS
 * writes two. Null if there is none, or more than one.
 */
async function sameName(root: string, named: string, files: Files): Promise<string | null> {
  if (!/[^\0-\x7f]/.test(named)) return null;
  let at = root;
  for (const part of relative(root, named).split(sep)) {
    const names = await files.list(at).catch((): string[] => []);
    const same = names.includes(part) ? [part] : names.filter((one) => one.normalize() === part.normalize());
    const [only] = same;
    if (only === undefined || same.length > 1) return null;
    at = join(at, only);
  }
  return files.realpath(at).catch(() => null);
}

/**
 * The path of a reference. It can still be a link that leads elsewhere: only `readReference` checks that.
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

/** Whether a file is a ZIP archive, as workbooks of Excel are. */
export function isZip([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && c === 3 && d === 4;
}

/** null if the bytes are not UTF-8. Keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

type Refuse = (reason: RefusedReason, detail?: string, size?: FileSize) => ReferenceRefused;

async function checkSize(path: string, files: Files, maxBytes: number, refuse: Refuse): Promise<void> {
  const { kind, bytes } = await files.stat(path).catch((error) => fail(refuse("unreadable", codeOf(error))));
  if (kind !== "file") throw refuse("not a file");
  if (bytes > maxBytes) throw refuse("too large", "", { bytes, most: maxBytes });
}

async function readBytes(path: string, files: Files, maxBytes: number, refuse: Refuse): Promise<Uint8Array> {
  await checkSize(path, files, maxBytes, refuse);
  const bytes = await files.read(path).catch((error) => fail(refuse("unreadable", codeOf(error))));
  if (bytes.byteLength > maxBytes) throw refuse("too large", "", { bytes: bytes.byteLength, most: maxBytes });
  return bytes;
}

/** Checks the form of a reference, which is the same on every system: relative, with `/`. */
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

/** Whether a path is one of git's own files, which can contain credentials, or in a run. */
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
