import { withoutImages } from "../../graph/images.ts";

/** Maximum characters of one value in a backward or optimizer prompt. */
const PIECE = 6000;

/**
 * Replaces every `{{name}}` of one of our templates in a single pass; values are neither expanded again nor changed.
 * A line that is one empty value is left out, and so is a paragraph of tags around empty values.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  const isEmpty = (mark: string) => (values[mark.slice(2, -2)] ?? "") === "";
  return paragraphsOf(template)
    .map(({ lines, marks, hasWords }) => {
      if (!hasWords && marks.every(isEmpty)) return "";
      const left = lines.filter(({ line, isMark }) => !isMark || !isEmpty(line)).map(({ line }) => line);
      return left.join("\n").replace(MARK, (_, name: string) => values[name] ?? "");
    })
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

interface Paragraph {
  readonly lines: readonly { readonly line: string; readonly isMark: boolean }[];
  readonly marks: readonly string[];
  /** Whether anything but tags and marks is in it. */
  readonly hasWords: boolean;
}

/** By template: there are a few, which are filled thousands of times. */
const paragraphs = new Map<string, readonly Paragraph[]>();

function paragraphsOf(template: string): readonly Paragraph[] {
  const known = paragraphs.get(template);
  if (known) return known;
  const read = template
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => ({
      lines: paragraph.split("\n").map((line) => ({ line, isMark: /^\{\{\w+\}\}$/.test(line) })),
      marks: paragraph.match(MARK) ?? [],
      hasWords:
        paragraph
          .replace(/<[^>]*>/g, "")
          .replace(MARK, "")
          .trim() !== "",
    }));
  paragraphs.set(template, read);
  return read;
}

const MARK = /\{\{(\w+)\}\}/g;

/**
 * Data between tags, so that a model can distinguish it from instructions. Data can't close its own block: closing
 * tags inside it are escaped.
 */
export function block(tag: string, text: string, attributes: Readonly<Record<string, string>> = {}): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => ` ${name}="${value.replace(/["<>\n]/g, " ")}"`)
    .join("");
  return `<${tag}${written}>\n${escapeTags(text)}\n</${tag}>`;
}

/** Escapes closing tags, so that the text can be between the tags of a template. */
export function escapeTags(text: string): string {
  return shorten(withoutImages(text), PIECE).replace(/<\/(?=\s*[a-z_])/gi, "<\\/");
}

/**
 * A text for a model to rewrite: unabridged and unchanged, because the model copies what it sees. The block has a
 * tag that does not occur in the text.
 */
export function verbatimBlock(tag: string, text: string): string {
  let name = tag;
  for (let number = 2; new RegExp(`</?\\s*${name}\\b`, "i").test(text); number++) name = `${tag}_${number}`;
  return `<${name}>\n${text}\n</${name}>`;
}

/** Keeps the beginning and the end of a text that is too long, and says how much was left out. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters left out …]\n${text.slice(-half)}`;
}

/** Empty for the ways in which models say "no change needed". */
export function withoutNoChange(text: string): string {
  const plain = text.trim();
  return /^["'(]*(no (further |instruction )?changes?( (is |are )?(needed|necessary|required))?|none( needed)?|n\/?a|unchanged|-)[.!"')]*$/i.test(
    plain,
  )
    ? ""
    : plain;
}
