import { basename, dirname, join } from "node:path";
import picomatch from "picomatch";
import type { Files } from "../deps.ts";
import {
  type ContainmentRoot,
  MAX_TEXT,
  namedPath,
  ReferenceRefused,
  readReference,
  refusalFault,
} from "../graph/containment.ts";
import { Patterns, PatternTimeout } from "../graph/pattern.ts";
import type { JsonDocument, JsonPath } from "../graph/syntax/document.ts";
import { plainText } from "../graph/text/text.ts";
import type { Passage } from "./passage.ts";

/** Maximum files of one corpus, and their characters: a run stores them. */
const MOST_FILES = 2_000;
const MOST_CHARACTERS = 8_000_000;
/** Maximum number of files and folders to visit. */
const MOST_ENTRIES = 50_000;
/** Maximum characters of a passage: shorter paragraphs are joined, longer ones are split. */
const PASSAGE = 1_200;

/** Files that are never part of a corpus, regardless of the patterns. */
const LEFT_OUT = /(^|\/)(\.git|\.agentgraph|node_modules|\.env(\.[^/]*)?)(\/|$)/i;

export interface CorpusSource {
  readonly patterns: readonly string[];
  readonly document: JsonDocument;
  /** Path of the patterns in the graph file. */
  readonly path: JsonPath;
  readonly root: ContainmentRoot;
  readonly files: Files;
  readonly yieldNow: () => Promise<void>;
}

/**
 * Reads the files that match the patterns, inside the root only, and splits them into passages. null, with a fault,
 * if there are none or too many.
 */
export async function loadCorpus(source: CorpusSource): Promise<readonly Passage[] | null> {
  const { document, path, root, files, yieldNow } = source;
  const { t } = document;
  const names = await namesOf(source);
  if (names === null) return null;
  const passages: Passage[] = [];
  const skipped: string[] = [];
  let characters = 0;
  for (const name of names) {
    await yieldNow();
    try {
      const { text } = await readReference(root, name, files, MAX_TEXT);
      characters += text.length;
      passages.push(...passagesOf(plainText(text)).map((one) => ({ path: name, text: one })));
    } catch (error) {
      if (!(error instanceof ReferenceRefused)) throw error;
      skipped.push(`${name} (${error.reason})`);
    }
    if (characters > MOST_CHARACTERS) {
      const message = t("The corpus has more than {0} million characters.", MOST_CHARACTERS / 1e6);
      document.addAt("large-corpus", path, message, t("Name fewer or smaller files."));
      return null;
    }
  }
  if (skipped.length > 0) {
    const message = t(
      "{0} of {1} files of the corpus are not read: {2}.",
      skipped.length,
      names.length,
      skipped.slice(0, 3).join(", "),
    );
    document.addAt("unread-corpus-file", path, message, t("Use UTF-8 text files in this repository, up to 1 MB each."));
  }
  if (passages.length > 0) return passages;
  const message = t("No file with text matches {0}.", source.patterns.map((one) => JSON.stringify(one)).join(", "));
  document.addAt("empty-corpus", path, message, t("Correct the patterns. They are relative to this file, with /."));
  return null;
}

/**
 * Paths of the matching files, relative to the graph file, sorted. null, with a fault, if there are too many or one
 * is outside the root.
 */
async function namesOf(source: CorpusSource): Promise<string[] | null> {
  try {
    return await matchingNames(source);
  } catch (error) {
    if (!(error instanceof PatternTimeout)) throw error;
    const { document, path } = source;
    const message = document.t("One of the patterns of the corpus takes too long to compare with the names of files.");
    document.addAt("bad-pattern", path, message, document.t("Use fewer * in it, and no nested groups."));
    return null;
  }
}

/** @throws PatternTimeout */
async function matchingNames({ patterns, document, path, root, files, yieldNow }: CorpusSource) {
  const { t } = document;
  const found = new Set<string>();
  let looked = 0;
  for (const pattern of patterns) {
    const { base } = picomatch.scan(pattern);
    const start = base === "" ? "." : base;
    const refused = refusalOf(root, pattern, start);
    if (refused) {
      const { code, message, remedy } = refusalFault(refused, document.locale);
      document.addAt(code, path, message, remedy);
      return null;
    }
    const isMatch = matcherOf(pattern);
    const waiting = [start];
    for (const at of waiting) {
      await yieldNow();
      if (++looked > MOST_ENTRIES || found.size > MOST_FILES) {
        document.addAt(
          "large-corpus",
          path,
          t("The corpus has more than {0} files.", MOST_FILES),
          t("Name fewer files."),
        );
        return null;
      }
      if (LEFT_OUT.test(at)) continue;
      const kind = await kindOf(join(root.base, at), files);
      if (kind === "file" && (await isMatch(at))) found.add(at);
      if (kind !== "folder") continue;
      const children = await files.list(join(root.base, at)).catch(() => []);
      waiting.push(...children.map((child) => (at === "." ? child : `${at}/${child}`)));
    }
  }
  return [...found].sort();
}

/** Matches patterns that are compared quickly with any name: few repeats, and none inside another. */
const QUICK = /^[^()[\]+\\*]*(?:\*[^()[\]+\\*]*){0,4}$/;

/** Compares names with a pattern. One that may take long gets a time limit, because a cloned repository can contain any. */
function matcherOf(pattern: string): (name: string) => boolean | Promise<boolean> {
  if (QUICK.test(pattern)) return picomatch(pattern);
  const { source, flags } = picomatch.makeRe(pattern);
  const limited = new Patterns();
  return async (name) => name === pattern || (await limited.match(source, flags, name)) !== null;
}

/** Why a pattern is refused; null if its folder is inside the root. */
function refusalOf(root: ContainmentRoot, pattern: string, start: string): ReferenceRefused | null {
  try {
    namedPath(root, start === "." ? "./file" : `${start}/file`);
    return null;
  } catch (error) {
    if (error instanceof ReferenceRefused) return new ReferenceRefused(pattern, error.reason, error.detail);
    throw error;
  }
}

/** Type of an entry. Folders that are links are skipped: they can lead outside the root, or back to themselves. */
async function kindOf(path: string, files: Files): Promise<"file" | "folder" | "other"> {
  try {
    const { kind } = await files.stat(path);
    if (kind !== "folder") return kind;
    const [real, parent] = await Promise.all([files.realpath(path), files.realpath(dirname(path))]);
    return real === join(parent, basename(path)) ? kind : "other";
  } catch {
    return "other";
  }
}

/**
 * Splits a text into passages: paragraphs, joined up to the maximum length. Each passage starts with the heading of
 * its section.
 */
export function passagesOf(text: string): string[] {
  const passages: string[] = [];
  let heading = "";
  let open = "";
  const close = () => {
    if (open.trim() !== "" && open.trim() !== heading) passages.push(open.trim());
    open = heading === "" ? "" : `${heading}\n\n`;
  };
  for (const paragraph of text.split(/\n\s*\n/)) {
    const [first = ""] = paragraph.trim().split("\n");
    if (/^#{1,6} /.test(first)) {
      heading = "";
      close();
      heading = first;
    }
    for (const piece of piecesOf(paragraph.trim())) {
      if (open.length + piece.length > PASSAGE && open.trim() !== heading) close();
      open += `${piece}\n\n`;
    }
  }
  heading = "";
  close();
  return passages;
}

/** Splits a long paragraph at spaces. */
function piecesOf(paragraph: string): string[] {
  const pieces: string[] = [];
  let rest = paragraph;
  while (rest.length > PASSAGE) {
    const at = rest.lastIndexOf(" ", PASSAGE);
    const end = at > PASSAGE / 2 ? at : PASSAGE;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === "" ? pieces : [...pieces, rest];
}
