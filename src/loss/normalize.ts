import type { Sample } from "../data/sample.ts";
import type { Score } from "./loss.ts";

const SHOWN = 600;

/**
 * A score with its criticism, in English for a model.
 * @param loss 0 … 1 under the strict reading
 * @param lenient 0 … 1; at most `loss` counts
 * @param hint one sentence on the difference, if more can be said than the expected and the actual answer
 */
export function scoreOf(sample: Sample, answer: string, loss: number, lenient: number, hint = ""): Score {
  const criticism = loss === 0 ? "" : [expectation(sample.targets), came(answer), hint].filter(Boolean).join(" ");
  return { loss, lenient: Math.min(loss, lenient), criticism };
}

function expectation(targets: readonly string[]): string {
  if (targets.length === 0) return "";
  const all = targets.map(quoted);
  return all.length === 1 ? `The right answer is ${all[0]}.` : `Each of these is a right answer: ${all.join(", ")}.`;
}

function came(answer: string): string {
  return answer.trim() === "" ? "The answer was empty." : `The answer was ${quoted(answer)}.`;
}

function quoted(text: string): string {
  const trimmed = text.trim();
  const shown = trimmed.length > SHOWN ? `${trimmed.slice(0, SHOWN / 2)} … ${trimmed.slice(-SHOWN / 2)}` : trimmed;
  return shown.includes("\n") ? `\n"""\n${shown}\n"""\n` : `"${shown}"`;
}

/**
 * Ignores case (optional), spacing, Unicode form, the kind of quotes and dashes, quotes, emphasis or LaTeX boxes
 * around the text, and punctuation at its end.
 */
export function normalize(text: string, ignoreCase = true): string {
  const raised = withoutFence(text).replace(/[⁰¹²³⁴-⁹]+/gu, (run) => `^${run}`);
  const spaced = raised.normalize("NFKC").replace(TYPOGRAPHIC, typewritten).replace(/\s+/g, " ").trim();
  const plain = withoutStop(withoutMarks(withoutStop(withoutLatex(withoutStop(spaced)))));
  return ignoreCase ? plain.toLowerCase() : plain;
}

/** Removes a code fence around a whole text. */
export function withoutFence(text: string): string {
  const trimmed = text.trim();
  return /^```[\w+#.-]*[ \t]*\r?\n((?:(?!```)[\s\S])*?)\r?\n?```$/.exec(trimmed)?.[1]?.trim() ?? text;
}

/**
 * Typographic variants of `'`, `"` and `-`, and invisible characters: soft hyphens, zero-width spaces, marks of the
 * direction of writing, and the choice between the coloured and the plain form of an emoji.
 */
const TYPOGRAPHIC =
  /[‘’‚‛′]|[“”„‟«»]|[‐-―−]|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]|\ufe0e|\ufe0f/gu;

function typewritten(mark: string): string {
  if (/[‘’‚‛′]/.test(mark)) return "'";
  if (/[“”„‟«»]/.test(mark)) return '"';
  return /[‐-―−]/.test(mark) ? "-" : "";
}

/** Removes one punctuation mark at the end, but not from "..." and "5!". */
function withoutStop(text: string): string {
  return /[^.。!?][.。!?,;:]$/u.test(text.slice(-2)) && !/\d!$/.test(text) ? text.slice(0, -1).trimEnd() : text;
}

/** Removes LaTeX around a whole answer: `$…$`, `\(…\)`, `\boxed{…}`, `\text{…}`. */
function withoutLatex(text: string): string {
  let plain = text;
  for (let depth = 0; depth < 6; depth++) {
    const inner =
      /^\$\$?([^$]+)\$\$?$|^\\[([](.+)\\[)\]]$|^\\(?:boxed|fbox|text|textbf|mathrm|mathbf)\s*\{(.*)\}$/s.exec(plain);
    const found = inner?.[1] ?? inner?.[2] ?? inner?.[3];
    if (found === undefined || (inner?.[3] !== undefined && !isBalanced(found))) break;
    plain = found.trim();
  }
  return plain;
}

/** Whether braces are balanced: `a} and \text{b` is not the content of one pair. */
function isBalanced(text: string): boolean {
  if (!/\\[a-z]+\s*\{/.test(text)) return true;
  let depth = 0;
  for (const character of text) {
    if (character === "{") depth++;
    else if (character === "}" && --depth < 0) return false;
  }
  return depth === 0;
}

/** Removes spaces around commas, semicolons and inside brackets of a normalized text: `[1, 2]` is `[1,2]`. */
export function compact(text: string): string {
  return text
    .replace(/ ?([,;]) ?/g, "$1")
    .replace(/([([{]) /g, "$1")
    .replace(/ ([)\]}])/g, "$1");
}

/** Removes as many marks from the end as from the start; a text of only marks is unchanged. */
function withoutMarks(text: string): string {
  const isMark = (at: number) => "\"'`*_".includes(text.charAt(at));
  let count = 0;
  while (2 * count + 2 < text.length && isMark(count) && isMark(text.length - 1 - count)) count++;
  return text.slice(count, text.length - count).trim();
}

/**
 * Scripts that put no spaces between words, so that none can be required: the answer 猫 is in これは猫です. In Korean,
 * particles follow a word without a space.
 */
const UNSPACED =
  "\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}";
const [OPENS, CLOSES] = [
  new RegExp(`^(?![${UNSPACED}])[\\p{L}\\p{N}]`, "u"),
  new RegExp(`(?![${UNSPACED}])[\\p{L}\\p{N}]$`, "u"),
];
const BEFORE = new RegExp(`(?![${UNSPACED}])[\\p{L}\\p{N}_]$|\\d[.,]$`, "u");
const AFTER = new RegExp(`^(?:(?![${UNSPACED}\\p{sc=Hangul}])[\\p{L}\\p{N}_]|[.,]\\d)`, "u");
/** A sign or a decimal point before a digit. */
const SIGNED = /(?:^|[^\p{L}\p{N}.-])[.-]$/u;

/** Whether `text` contains `part` as whole words: "8" is not in "18", "1,800", "8.5" or "-8". Both must be normalized. */
export function containsWords(text: string, part: string): boolean {
  if (part === "") return text === "";
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    const before = text.slice(Math.max(0, at - 2), at);
    const after = text.slice(at + part.length, at + part.length + 2);
    const startsFree = !OPENS.test(part) || !(BEFORE.test(before) || (/^\d/.test(part) && SIGNED.test(before)));
    const endsFree = !CLOSES.test(part) || !AFTER.test(after);
    if (startsFree && endsFree) return true;
  }
  return false;
}

/**
 * The one of several texts that `text` contains as whole words; null if it contains none, or several. In "a blue fox",
 * "fox" does not count beside "blue fox". All must be normalized.
 */
export function onlyNamed(text: string, parts: readonly string[]): string | null {
  const held = parts.filter((part) => part !== "" && containsWords(text, part));
  const meant = held.filter((one) => !held.some((other) => other !== one && containsWords(other, one)));
  return meant.length === 1 ? (meant[0] ?? null) : null;
}
