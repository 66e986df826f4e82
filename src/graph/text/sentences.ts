// The default sentence boundaries of Unicode (UAX #29, rules SB3 to SB11, and SB5 after a terminator), as in
// `Intl.Segmenter`. They are written out here because those of `Intl.Segmenter` follow the version of its ICU data: a run
// that is resumed with another version of Node or VS Code could split a text differently, and pay for other requests.
const LINE = "\\r\\n|[\\n\\r\\u0085\\u2028\\u2029]";
const TERMINATOR = "\\p{STerm}\\uff0e";
const CONTINUES =
  ",\\-:;\\u055d\\u060c\\u060d\\u07f8\\u1802\\u1808\\u2013\\u2014\\u3001\\ufe10\\ufe11\\ufe13\\ufe31\\ufe32\\ufe50\\ufe51\\ufe55\\ufe58\\ufe63\\uff0c\\uff0d\\uff1a\\uff64";
/** A terminator with closing marks, spaces and a line end, or a line end. */
const END = new RegExp(
  `(?<last>[${TERMINATOR}])[\\p{M}\\p{Cf}]*(?<closing>[\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}"']*[\\t\\v\\f\\p{Zs}]*)(?<line>${LINE})?|${LINE}`,
  "gu",
);
/** Full stops, which also end abbreviations. */
const FULL_STOP = /[.\u2024\ufe52\uff0e]/;
const GOES_ON = new RegExp(`[${TERMINATOR}${CONTINUES}]`, "uy");
const DIGIT = /\p{N}/uy;
const CAPITAL = /\p{Lu}/uy;
const LETTER = /[\p{Lu}\p{Ll}]$/u;
/** The next letter is a small one. */
const SMALL = new RegExp(`[^\\p{L}${TERMINATOR}\\n\\r\\u0085\\u2028\\u2029]*\\p{Ll}`, "uy");

/** The parts of a text, each with the space after it. Together they are the text. */
function segmentsOf(text: string): string[] {
  const segments: string[] = [];
  let start = 0;
  for (const { index, 0: found, groups: { last, closing = "", line } = {} } of text.matchAll(END)) {
    const end = index + found.length;
    if (last !== undefined && line === undefined && !isEnd(text, index, last, closing, end)) continue;
    segments.push(text.slice(start, end));
    start = end;
  }
  return start < text.length ? [...segments, text.slice(start)] : segments;
}

/** Whether a sentence ends with a terminator at `index` and what closes it, up to `end`. */
function isEnd(text: string, index: number, last: string, closing: string, end: number): boolean {
  const isNext = (pattern: RegExp) => {
    pattern.lastIndex = end;
    return pattern.test(text);
  };
  if (isNext(GOES_ON)) return false;
  if (!FULL_STOP.test(last)) return true;
  if (
    closing === "" &&
    (isNext(DIGIT) || (isNext(CAPITAL) && LETTER.test(text.slice(Math.max(0, index - 2), index))))
  ) {
    return false;
  }
  return !isNext(SMALL);
}

interface Sentence {
  /** Trimmed, never empty. */
  readonly text: string;
  /** Whitespace before it. */
  readonly gap: string;
}

/** Splits a text into sentences. A line without a full stop at its end is a sentence, too. */
function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let gap = "";
  for (const segment of segmentsOf(text)) {
    const trimmed = segment.trim();
    const [before = "", after = ""] = trimmed === "" ? [segment] : segment.split(trimmed);
    if (trimmed !== "") sentences.push({ text: trimmed, gap: gap + before });
    gap = trimmed === "" ? gap + segment : after;
  }
  return sentences;
}

/** Sentences and lines of a text that the base does not have, without repeats. */
export function addedSentences(base: string, text: string): string[] {
  const old = new Set(sentencesOf(base).map((one) => one.text));
  return [...new Set(sentencesOf(text).map((one) => one.text))].filter((one) => !old.has(one));
}

/** Whether a text has every sentence of the base. */
export function isGrown(base: string, text: string): boolean {
  return addedSentences(text, base).length === 0;
}

/** Removes sentences from a text. The others stay unchanged, and paragraphs and lines stay apart. */
export function withoutSentences(text: string, sentences: ReadonlySet<string>): string {
  let left = "";
  let gap = "";
  for (const one of sentencesOf(text)) {
    gap = breaksIn(one.gap) > breaksIn(gap) || gap === "" ? one.gap : gap;
    if (sentences.has(one.text)) continue;
    left += gap + one.text;
    gap = "";
  }
  return left;
}

function breaksIn(gap: string): number {
  return gap.split("\n").length;
}
