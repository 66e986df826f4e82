import { type Decoded, decodeString, literalBreaks } from "../../graph/replies/escapes.ts";
import { parseLoose } from "../../graph/replies/loose-parser.ts";

/**
 * The new text that a model meant, without its wrapping: a fence, our own tags, or doubly escaped characters. What
 * the base text has, too, is not a wrapper.
 * @param text as in the reply
 * @param base the text that it improves
 */
export function unwrapText(text: string, base: string): Decoded {
  const doubts: string[] = [];
  let meant = text.replace(/\r\n?/g, "\n").trim();
  for (let layers = 0; layers < 3; layers++) {
    const inner = withoutTags(meant, base) ?? withoutFence(meant, base, doubts) ?? withoutEscapes(meant, base, doubts);
    if (inner === null) break;
    meant = inner.trim();
  }
  doubts.push(...doubtsAbout(meant, base.trim()));
  return { text: meant, doubts };
}

/** What is in the text, not in the base, and probably left over from its wrapping. */
function doubtsAbout(text: string, base: string): string[] {
  const doubts: string[] = [];
  if (QUOTED.test(text) && !QUOTED.test(base)) doubts.push("quotes around the text");
  if (/^[{[]/.test(text) && !/^[{[]/.test(base) && OBJECT.test(text) && !parseLoose(text, 0)) {
    doubts.push("an object in the text");
  }
  // A model that escapes one character escapes all of them.
  if (text.search(ESCAPED) >= 0 && base.search(ESCAPED) < 0 && !/[\u0080-\uffff]/.test(text))
    doubts.push("escaped characters");
  if (/^["“]|["”]$/.test(text) && (text.match(/"/g)?.length ?? 0) % 2 > 0) doubts.push("a quote too many");
  if (ENTITY.test(text) && !text.includes("<")) doubts.push("entities of HTML");
  if (isEscapable(text)) {
    if (text.includes('\\"') && !base.includes('\\"')) doubts.push("escaped quotes");
    if (text.includes("\\\\") && !base.includes("\\\\")) doubts.push("escaped backslashes");
  }
  const decoded = decodeString(text.replace(MENTION, "").replace(ESCAPED, ""), "\u0000");
  if (!/\t/.test(text) && decoded.text.includes("\t") && decoded.doubts.length === 0) doubts.push("an escaped tab");
  return doubts;
}

/** Whether the whole text could be the inside of a JSON string. */
function isEscapable(text: string): boolean {
  return /^(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/.test(text);
}

const ESCAPED = /\\u[0-9a-fA-F]{4}/g;

/** `"\n"` in quotes: the text is about the escape itself. */
const MENTION = /(["'`])\\[nt]\1/g;

/** A proposal inside a proposal. */
const OBJECT = /["'“](?:hypothesis|text)["'”]\s*:|^[{[]\s*(?:hypothesis|text)\s*:/i;
const ENTITY = /&(?:lt|gt|amp|quot|apos|#39|#x27);/;
const QUOTED = /^(?:"[\s\S]*"|“[\s\S]*”|'[\s\S]*')$/;

/** Tags that our prompt puts around the text, or that have the name of a key of the reply. */
const OWN_TAG = /^<(current_text(?:_\d+)?|new_text|text)>([\s\S]*)<\/\1>$/i;

function withoutTags(text: string, base: string): string | null {
  const match = OWN_TAG.exec(text);
  return match && !OWN_TAG.test(base.trim()) ? (match[2] ?? "") : null;
}

function withoutFence(text: string, base: string, doubts: string[]): string | null {
  const [first = "", ...rest] = text.split("\n");
  // A fence of code is part of the text.
  const mark = /^(`{3,}|~{3,})(?:markdown|md|text|txt|plain|plaintext|prompt)?\s*$/i.exec(first)?.[1];
  if (mark === undefined || rest.at(-1)?.trim() !== mark || base.trim().startsWith(mark)) return null;
  const inner = rest.slice(0, -1);
  if (inner.some((line) => line.trimStart().startsWith(mark.slice(0, 3)))) {
    // Either a fence around a text with fences, or a text that starts and ends with one.
    doubts.push("fences in a fence");
    return null;
  }
  return inner.join("\n");
}

/** A line that starts after a literal `\n`: a sentence, a list item, a heading, an empty line. */
const BREAK = /\\n(?=\\n|[\p{Lu}\d\-*#•>{[<"'`(]|\s|$)/gu;

/** Replaces literal `\n` in a text of one line, which was escaped once too often. */
function withoutEscapes(text: string, base: string, doubts: string[]): string | null {
  if (text.includes("\n") || base.includes("\\n")) return null;
  const words = text.replace(MENTION, "").replace(ESCAPED, "");
  const count = literalBreaks(words);
  if (count === 0) return null;
  const all = words.match(/\\n/g)?.length ?? 0;
  const breaks = words.match(BREAK)?.length ?? 0;
  const isInQuotes = /["'`]\\n|\\n["'`]/.test(text.replace(/\\["']/g, ""));
  // Another backslash belongs to the text, or was escaped twice, too.
  const others = /\\(?!n)/.test(text);
  if (all < 2 || breaks < all || isInQuotes || others) {
    doubts.push("\\n in a text of one line");
    return null;
  }
  return text.replaceAll("\\n", "\n");
}
