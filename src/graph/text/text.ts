import { frontMatterOf } from "./front-matter.ts";
import { sha256 } from "./sha256.ts";

/**
 * The plain form of all texts of a graph: line ends are `\n`, without a byte order mark and unpaired surrogates
 * (UTF-8 has none).
 */
export function plainText(text: string): string {
  if (!UNPLAIN.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replaceAll("\uFEFF", "")
    .replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Matches characters that plain text can't contain, or that need a check. */
const UNPLAIN = /[\r\uFEFF\uD800-\uDFFF]/;

/** Hash of a text: SHA-256 of its plain form, in hex. */
export function hashText(text: string): string {
  return sha256(plainText(text));
}

/** Position of the text of a prompt file in its content, and its line ends. */
export interface PromptForm {
  /** After a byte order mark and front matter. */
  readonly start: number;
  /** Before the last line end, which belongs to the file. */
  readonly end: number;
  /** The first line end: LF, CRLF or CR; LF if there is none. */
  readonly lineEnd: string;
}

export function promptForm(content: string): PromptForm {
  const start = frontMatterOf(content).end;
  const lastLineEnd = /(\r\n|\r|\n)$/.exec(content)?.[0].length ?? 0;
  return {
    start,
    end: Math.max(start, content.length - lastLineEnd),
    lineEnd: /\r\n|\r|\n/.exec(content)?.[0] ?? "\n",
  };
}

/** The text in a prompt file: without front matter and without the file's final line end. */
export function promptText(content: string): string {
  const { start, end } = promptForm(content);
  return plainText(content.slice(start, end));
}

/** Whether a prompt file with only this text would be read without its first lines. */
export function looksLikeFrontMatter(text: string): boolean {
  return frontMatterOf(text).end > 0;
}
