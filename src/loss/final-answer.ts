import { type Numeral, numeralsIn } from "./numerals.ts";

/** The number that a text gives as its answer. For the rules, see `docs/losses.md`. */
export interface FinalNumber {
  /** Possible readings, such as both of "10/3 ≈ 3.33". Empty if there is no number. */
  readonly numerals: readonly Numeral[];
  /** Whether a marker such as `Answer:` identifies the number. */
  readonly marked: boolean;
}

interface Marker {
  readonly start: number;
  /** The marked text. */
  readonly text: string;
  /** Whether it can only mark the answer: without a number in it, the answer is not a number. */
  readonly sure: boolean;
}

const NONE = { numerals: [], marked: false };

/** Maximum number of markers to try, from the end: a hostile text can consist of them. */
const TRIES = 50;

/** @param text normalized by `plainNumbers` */
export function finalNumber(text: string): FinalNumber {
  const own = withoutRunOn(text);
  for (const { text: part, sure } of markersIn(own).slice(-TRIES).reverse()) {
    const numerals = inSentence(part);
    if (numerals) return { numerals, marked: true };
    if (sure && part.trim() !== "") return { numerals: [], marked: true };
  }
  return unmarked(own);
}

/**
 * The text marked with `#### 72` or `\boxed{72}` in a target, which can contain its solution before that.
 * @returns null if there is none
 */
export function markedTarget(text: string): string | null {
  return [...boxes(text), ...hashes(text)].sort((a, b) => a.start - b.start).at(-1)?.text ?? null;
}

/** What follows each marker of an answer, such as `Answer:` in one of several languages, in order. */
export function markedTexts(text: string): string[] {
  return markersIn(text)
    .slice(-TRIES)
    .map((marker) => marker.text.trim().replace(/^"|[",}]+$/g, ""));
}

const ANSWER = new RegExp(
  [
    "(?<!/|\\b(?:first|second|third|next|previous|other|initial|wrong) )\\b(?:answer|result)s?(?: (?:to|for|of) [^.:\\n=]{1,80}?)?[*_\"']*(?:(?:\\s+(?:is|are|was|equals|would be|should be))(?! not\\b)\\s*:?|\\s*[:：=])[*_]*",
    "\\bans(?:\\.|\\.?\\s*[:：=])[*_]*",
    // A heading.
    "(?<![^\\n])[ \\t]*(?:#{1,6}[ \\t]*[*_]*|[*_]{2})(?:the )?(?:final |correct )?answer[*_]*[ \\t]*(?=\\n)",
    "\\b(?:antwort|ergebnis|lösung|réponse|résultat|respuesta|resultado|resposta|risposta|risultato)[*_]*(?:\\s+(?:lautet|ist|est|es|é|è)\\s*:?|\\s*[:=])[*_]*",
    "(?:ответ|答案|答え|回答|정답|उत्तर|الجواب|الإجابة)[*_]*\\s*(?:[:：=是はー—-]|为|為)[*_:]*",
    "<answer>",
  ].join("|"),
  "giu",
);

function markersIn(text: string): Marker[] {
  const answers = Array.from(text.matchAll(ANSWER), (match) => {
    const end = match.index + match[0].length;
    const lineStart = text.slice(text.lastIndexOf("\n", match.index) + 1, match.index);
    return {
      start: match.index,
      text: restOf(text, end),
      sure: /[:：>][*_]*$/.test(match[0]) && /^[\s*_#>✅-]*(?:(?:the|my|final|correct)\s+)*$/iu.test(lineStart),
    };
  });
  return [...answers, ...boxes(text), ...hashes(text)].sort((a, b) => a.start - b.start);
}

/** The rest of the line, or the next line that is not blank. */
function restOf(text: string, at: number): string {
  const rest = /^(?:[\s*_$`]*\n)?[^\n]*/.exec(text.slice(at, at + 2_000))?.[0] ?? "";
  return rest.replace(/<\/answer>[\s\S]*$/i, "");
}

function boxes(text: string): Marker[] {
  return Array.from(text.matchAll(/\\(?:boxed|fbox)\s*(\{|\d+)/g)).map((match) => {
    const start = match.index + match[0].length;
    const inside = match[1] === "{" ? text.slice(start, closingBrace(text, start)) : (match[1] ?? "");
    return { start: match.index, text: inside, sure: true };
  });
}

const LONGEST_BOX = 400;

function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < Math.min(text.length, start + LONGEST_BOX); at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return Math.min(text.length, start + LONGEST_BOX);
}

/** GSM8K's `#### 72`, but not a heading such as `#### Step 3`. */
function hashes(text: string): Marker[] {
  return Array.from(text.matchAll(/####[ \t]*([^\n]*)/g))
    .filter((match) => /^[^\p{L}\p{N}\n]*\d/u.test(match[1] ?? ""))
    .map((match) => ({ start: match.index, text: match[1] ?? "", sure: false }));
}

/** Removes the questions with which a model continues if it does not stop. */
function withoutRunOn(text: string): string {
  const first = markersIn(text)[0]?.start;
  if (first === undefined) return text;
  const next = text.slice(first).search(/\n[ \t#*]*(?:question|problem|q)\s*\d*[ \t]*[*_]*[:：]/i);
  return next < 0 ? text : text.slice(0, first + next);
}

/**
 * The first number of the first sentence with a number, after a last `=` if there is one. null if there is none, or
 * there are several candidates.
 */
function inSentence(part: string): readonly Numeral[] | null {
  const all = numeralsIn(part);
  const first = all[0];
  if (!first) return null;
  const end = sentenceEnd(part, first.end);
  const sentence = all.filter((one) => one.start < end);
  const equals = part.slice(0, end).lastIndexOf("=");
  const after = sentence.filter((one) => one.start > equals);
  const result = equals >= 0 ? beforeCalculation(part, sentence, equals) : null;
  if (result) return [result];
  const [chosen, next] = equals >= 0 && after.length > 0 ? after : sentence;
  if (!chosen) return null;
  if (!next) return [chosen];
  const between = part.slice(chosen.end, next.start);
  if (between.includes("≈")) return [chosen, next];
  return /^[^\p{L}\p{N}]*(?:[-–—]|\b(?:or|and|to|oder|ou|o|bis)\b)[^\p{L}\p{N}]*$/u.test(between) ? [] : [chosen];
}

/** Index of the end of the sentence after a number: a full stop, a semicolon, or an opening bracket after a space. */
function sentenceEnd(text: string, from: number): number {
  const end = text.slice(from).search(/[.!?;。](?:[\s*_)]|$)|[\s*]\((?!\s*=)/u);
  return end < 0 ? text.length : from + end;
}

const REMARK =
  /^[\s>*_#-]*(?:\(.*\)[\s.*_]*$|(?:note|n\.b\.|p\.?s\.?|explanation|check|verification|confidence|source|tokens|reasoning|hinweis|remarque|nota)\b[^\n]{0,20}?:)/i;

function unmarked(text: string): FinalNumber {
  const lines = text.split("\n").filter((line) => /\d/.test(line));
  const bare = lines.filter(isBare);
  const [firstLine] = text.trimStart().split("\n", 1);
  const opening = bare.length === 1 && bare[0]?.trim() === firstLine?.trim() ? bare[0] : null;
  const whole = opening ?? lines.findLast((one) => !REMARK.test(one) && numbersOf(one).length > 0) ?? lines.at(-1);
  if (whole === undefined) return NONE;
  const line = whole.slice(-LONGEST_LINE);
  const own = numbersOf(line);
  const all = own.length > 0 ? own : numeralsIn(line);
  const bold = Array.from(line.matchAll(/(\*\*|__)(.{1,80}?)\1/g), (match) => match[2] ?? "").findLast(isBare);
  const chosen =
    (bold !== undefined && numeralsIn(bold).slice(-1)) || afterEquals(line, all) || beforeRemark(line, all);
  const [last] = chosen.slice(-1);
  if (!last) return NONE;
  const previous = all[all.indexOf(last) - 1];
  const isRounded = previous && line.slice(previous.end, last.start).includes("≈");
  return { numerals: isRounded ? [previous, last] : [last], marked: bold !== undefined || opening !== null };
}

/** The numbers in a line, without the number of a list item: "2. Add them." */
function numbersOf(line: string): readonly Numeral[] {
  const mark = /^[\s>*_#]*\d{1,2}[.)][*_]*\s+(?=\S)/.exec(line)?.[0].length ?? 0;
  return numeralsIn(line.slice(-LONGEST_LINE)).filter((one) => one.start >= mark);
}

const LONGEST_BARE = 200;
/** Number of characters at the end of a line that are searched for its number. */
const LONGEST_LINE = 2_000;

/** Whether a line, or its bold part, consists of a number and its unit. */
function isBare(line: string): boolean {
  if (line.length > LONGEST_BARE) return false;
  const [one, ...others] = numeralsIn(line);
  if (!one || others.length > 0) return false;
  const before = line.slice(0, one.start);
  const after = line.slice(one.end);
  return (
    /^[^\p{L}\p{N}]*(?:\p{L}{1,3}(?: ?=|\$) ?)?[^\p{L}\p{N}]*$/u.test(before) &&
    /^(?![.)] *\S)(?:[^\p{L}\n]*\p{L}[\p{L}/^.]*){0,3}[^\p{L}\n]*$/u.test(after)
  );
}

/**
 * The result of the last sentence's calculation: "7 × 2 = 14 records that the 5 people brought". null if it has no
 * `=`.
 */
function afterEquals(line: string, all: readonly Numeral[]): readonly Numeral[] | null {
  const sentence = Math.max(0, ...Array.from(line.matchAll(/[.!?;] +(?=\p{L})/gu), ({ index }) => index));
  const equals = line.lastIndexOf("=");
  if (equals < sentence) return null;
  const result = beforeCalculation(line, all, equals);
  if (result) return [result];
  const [exact, rounded] = all.filter(({ start }) => start > equals);
  if (!exact) return null;
  const isRounded = rounded && /\bround(?:s|ed)?\b[^\d.]*\bto\b[^\d.]*$/i.test(line.slice(exact.end, rounded.start));
  return [isRounded ? rounded : exact];
}

const OPERATION = /^[^\p{L}\p{N}=]*(?:[-+×*·÷/]|(?<= )x(?= ))[^\p{L}\p{N}=]*$/u;
const UNIT = /^[^\p{L}\p{N}+×*·÷/-]*(?:\p{L}+[^\p{L}\p{N}+×*·÷/-]*){0,3}$/u;

/** The single number before an `=` that a calculation follows: "18 = 9 × 2". null if there is none. */
function beforeCalculation(text: string, all: readonly Numeral[], equals: number): Numeral | null {
  const result = all.findLast(({ end }) => end <= equals);
  const [first, second] = all.filter(({ start }) => start > equals);
  if (!result || !first || !second || !OPERATION.test(text.slice(first.end, second.start))) return null;
  const previous = all[all.indexOf(result) - 1];
  const isPart = previous !== undefined && OPERATION.test(text.slice(previous.end, result.start));
  return !isPart && UNIT.test(text.slice(result.end, equals)) ? result : null;
}

/** The numbers before a remark in brackets at the end: "72 (48 and 24)". */
function beforeRemark(line: string, all: readonly Numeral[]): readonly Numeral[] {
  const remark = /\s\([^()]*\)[\s.!*_]*$/.exec(line)?.index;
  const before = all.filter((one) => remark === undefined || one.start < remark);
  return before.length > 0 ? before : all;
}
