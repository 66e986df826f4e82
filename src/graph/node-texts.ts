import type { Files } from "../deps.ts";
import { change } from "./checks/quick-fixes.ts";
import {
  type ContainmentRoot,
  MAX_TEXT,
  type ReferencedFile,
  ReferenceRefused,
  readReference,
  refusalFault,
} from "./containment.ts";
import type { Range } from "./fault.ts";
import { traitsOf } from "./node-kinds.ts";
import type { TextPart } from "./places/part.ts";
import { placedText } from "./places/place.ts";
import { isPlaced } from "./places/placed-text.ts";
import { type JsonDocument, type JsonPath, rangeOf } from "./syntax/document.ts";
import { type OutlineNode, partOf } from "./syntax/outline.ts";
import { frontMatterOf, isMetadata } from "./text/front-matter.ts";
import { plainText } from "./text/text.ts";

/** A text in the graph file, or in a file that it names. */
export interface FoundText {
  /** Absolute path of the file that contains it. */
  readonly path: string;
  readonly text: string;
  /** Its first line in that file, from 1; 1 for a text in the graph file itself. */
  readonly firstLine: number;
  /** Range in characters of a text in a separate file; null for others. */
  readonly range: Range | null;
  /** The part of the file that contains it; absent: the whole file. */
  readonly part?: TextPart;
}

/** The text of a node; null, with a fault, if its file can't be read. */
export async function textOf(
  document: JsonDocument,
  { id, kind, text }: OutlineNode,
  root: ContainmentRoot,
  files: Files,
): Promise<FoundText | null> {
  if (!text) return null;
  const path = ["nodes", id, text.key];
  const isCode = traitsOf({ kind }).text === "code";
  if (text.reference !== null) {
    const read = isCode ? referencedCode : referencedText;
    return read(document, path, text.reference, root, files);
  }
  const value = text.value ?? "";
  if (text.form !== "rows" && !isCode) await warnOfFileName(document, path, value, root, files);
  return { path: document.path, text: value, firstLine: 1, range: null };
}

/** @param path of the reference: `{ "file": … }` */
export async function referencedText(
  document: JsonDocument,
  path: JsonPath,
  reference: string,
  root: ContainmentRoot,
  files: Files,
): Promise<FoundText | null> {
  const file = await referencedFile(document, [...path, "file"], reference, root, files);
  if (!file) return null;
  const value = document.at(path);
  const part = (value && partOf(document, value, reference)) ?? undefined;
  const found = placedText(file.text, part, document.t);
  if (!isPlaced(found)) {
    const message = document.t("The file {0} {1}.", JSON.stringify(reference), found.problem);
    document.addAt("no-text-there", part ? [...path, part.kind] : path, message, found.remedy);
    return null;
  }
  if (!part) tellOfFrontMatter(document, path, reference, file.text);
  const firstLine = file.text.slice(0, found.range.start).split(/\r\n|\r|\n/).length;
  return { path: file.path, text: found.text, firstLine, range: found.range, ...(part && { part }) };
}

/**
 * Reads a whole file.
 * @param path of the reference: `{ "file": … }`
 * @param inner from there to the file's name
 */
export async function referencedCode(
  document: JsonDocument,
  path: JsonPath,
  reference: string,
  root: ContainmentRoot,
  files: Files,
  inner: JsonPath = ["file"],
): Promise<FoundText | null> {
  const file = await referencedFile(document, [...path, ...inner], reference, root, files);
  if (!file) return null;
  return { path: file.path, text: plainText(file.text), firstLine: 1, range: { start: 0, end: file.text.length } };
}

/** null, with a fault, if the file can't be read. @param path of its name */
export async function referencedFile(
  document: JsonDocument,
  path: JsonPath,
  reference: string,
  root: ContainmentRoot,
  files: Files,
): Promise<ReferencedFile | null> {
  try {
    return await readReference(root, reference, files, MAX_TEXT);
  } catch (error) {
    if (!(error instanceof ReferenceRefused)) throw error;
    const { code, message, remedy } = refusalFault(error, document.locale);
    document.addAt(code, path, message, remedy);
    return null;
  }
}

/**
 * Notes that front matter is not sent if it may be meant as text: a prompt can start with rules between two lines of
 * `---`.
 */
function tellOfFrontMatter(document: JsonDocument, path: JsonPath, reference: string, content: string): void {
  const { keys, problem } = frontMatterOf(content, document.t);
  const name = JSON.stringify(reference);
  const at = [...path, "file"];
  if (problem !== null) {
    const message = document.t(
      "The file {0} looks like front matter, but {1}. These lines are sent as part of the text.",
      name,
      problem,
    );
    document.addAt(
      "unclear-front-matter",
      at,
      message,
      document.t("Correct them, or add an empty line above them to send them."),
    );
  } else if (keys.length > 0 && !isMetadata(keys)) {
    const shown = keys.slice(0, 5).join(", ");
    const message = document.t("The first lines of {0} ({1}) are front matter and aren't sent.", name, shown);
    document.addAt("front-matter", at, message, document.t("To send them, add an empty line before them."));
  }
}

/** Matches a text of one line that could be the name of a file. */
const FILE_NAME = /^[^\r\n<>"|*?{}]{0,250}[^\s<>"|*?{}]\.[A-Za-z0-9]{1,10}$/;

/** Warns of a text that is the name of an existing file: the name itself would be sent and tuned. */
export async function warnOfFileName(
  document: JsonDocument,
  path: JsonPath,
  text: string,
  root: ContainmentRoot,
  files: Files,
): Promise<void> {
  const name = text.trim();
  const place = document.at(path);
  if (!FILE_NAME.test(name) || !place) return;
  const exists = await readReference(root, name, files, MAX_TEXT).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  const json = `{ "file": ${JSON.stringify(name)} }`;
  const message = document.t(
    'This text is the name of a file. "{0}" itself is sent, not the content of the file.',
    name,
  );
  document.add("file-as-text", rangeOf(place), message, document.t("Use the content of the file: {0}.", json), () => [
    change(document, rangeOf(place), json, document.t("Use the content of the file")),
  ]);
}
