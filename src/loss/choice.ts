import { markedTexts } from "./final-answer.ts";
import type { Loss } from "./loss.ts";
import { compact, containsWords, normalize, onlyNamed, scoreOf } from "./normalize.ts";
import { lettered, type Option, optionsOf } from "./options.ts";

export function choiceLoss({ options }: { readonly options?: readonly string[] }): Loss {
  const fixed = options && lettered(options);
  return {
    kind: "choice",
    describe: ({ t }) =>
      t(
        "The answer names the right option by its letter, as in (A), A. or **A**, by its text, or by both. Case is ignored.",
      ),
    score(sample, answer) {
      const known = fixed ?? optionsOf(sample);
      const right = sample.targets.map((target) => choiceIn(target, known));
      const isRight = (choice: Choice) => right.some((one) => isSame(one, choice));
      const strict = isRight(choiceIn(answer, known)) || isRight(letterIn(answer, known));
      const lenient = strict || isRight(lastChoice(answer, known));
      const hint = lenient && !strict ? "It names the right option, but must consist of nothing else." : "";
      return scoreOf(sample, answer, strict ? 0 : 1, lenient ? 0 : 1, hint);
    },
  };
}

/** The choice that a text makes. */
interface Choice {
  readonly letter: string | null;
  /** Compacted text; null if only a letter is given. */
  readonly text: string | null;
}

/**
 * Compares choices without options: "A. Smith" differs from "A. Jones", and a letter alone equals any choice with
 * that letter.
 */
function isSame(a: Choice, b: Choice): boolean {
  if (a.letter !== null && b.letter !== null)
    return a.letter === b.letter && (a.text === null || b.text === null || a.text === b.text);
  return a.letter === b.letter && a.text === b.text;
}

/** Whether a text names one of the options. */
export function isOption(text: string, options: readonly Option[]): boolean {
  const { letter, text: words } = choiceIn(text, options);
  return options.some((option) =>
    letter === null ? option.letter === null && compact(option.text) === words : option.letter === letter,
  );
}

/**
 * The option that a text names, also in running text; null if it names none. Without known options, one with the letter
 * that it states.
 */
export function chosenOption(text: string, options: readonly Option[]): Option | null {
  const choice = lastChoice(text, options);
  if (options.length > 0) return options.find((option) => isSame(nameOf(option), choice)) ?? null;
  const { letter } = choice;
  return letter === null ? null : { letter, text: choice.text ?? "", written: choice.text ?? letter };
}

/** The letter of a known option, from the letter or the text; without options, letter and text as given. */
function choiceIn(text: string, options: readonly Option[]): Choice {
  const whole = normalize(text);
  const said = bare(whole);
  const byText = withText(whole, options) ?? withText(said, options);
  if (byText) return nameOf(byText);
  const match = /^[([]?([a-z]|\d{1,2})(?:([)\].:]*)(?:(?<=[)\].:])(\s*)|\s+[-=]\s+)(\S.*)?|[)\]]?)$/su.exec(said);
  const letter = match?.[1]?.toUpperCase();
  if (letter === undefined || !isLetter(letter, options)) return { letter: null, text: compact(said) };
  const rest = match?.[4] === undefined ? null : normalize(match[4]);
  if (options.length === 0) return { letter, text: rest === null ? null : compact(rest) };
  if (rest === null) return { letter, text: null };
  const other = withText(rest, options);
  if (other) return other.letter === letter ? { letter, text: null } : { letter: null, text: "two options" };
  const own = options.find((option) => option.letter === letter)?.text ?? "";
  const after = own !== "" && rest.startsWith(own) && containsWords(rest, own) ? rest.slice(own.length) : null;
  const isStated = said !== whole || /[.:]/.test(match?.[2] ?? "") || isOnOwnLine(text);
  const isChosen = isStated || after !== null || REASON.test(rest);
  return isChosen && !isDropped(rest, after, letter) ? { letter, text: null } : { letter: null, text: said };
}

const REASON = /^(?:because|since|as|due to|[-,(])(?![\p{L}\p{N}])/u;
const REJECTED =
  /^\W*(?:(?:this|that|it|option|which)\s+)?(?:(?:is|was|are|seems|would be|must be|can be)\s+)?(?:also\s+|clearly\s+|definitely\s+)?(?:not|no|wrong|incorrect|false|invalid|eliminated|ruled out|impossible|unlikely|isn't|can't|cannot|doesn't|does not)\b/;
/** An answer in a normalized text. */
const ANSWERS =
  /\b(?:answer|choice|option)(?: (?:is|must be|should be))? ?:? ?(?:option |choice )?[("]?([a-z])(?![\w'])(?=\W*$|[)\].:,;]|\s+(?:because|since|as|is|-)\b)/g;

/**
 * Whether the words after a letter don't stay with it: "(A) is wrong", "A. Red … the answer is B", "(A) red … (B) blue".
 * @param after the words after the option's own text; null if it is not there
 */
function isDropped(rest: string, after: string | null, letter: string): boolean {
  const answers = Array.from(rest.matchAll(ANSWERS), (match) => match[1]?.toUpperCase());
  const next = String.fromCharCode(letter.charCodeAt(0) + 1).toLowerCase();
  const isWalk =
    after !== null && (after.includes(`(${next})`) || after.includes(` ${next}. `) || after.includes(` ${next}) `));
  return REJECTED.test(after ?? rest) || isWalk || (answers.length > 0 && answers.at(-1) !== letter);
}

/** Whether the first line is a letter and nothing else. */
function isOnOwnLine(text: string): boolean {
  return /^[\s*_`"']*[([]?(?:[A-Za-z]|\d{1,2})[)\]]?[\s*_`"']*\n/.test(text);
}

/** The letter of a bare answer that may also be the text of an option: C of "(B) c (C) 0.8c". */
function letterIn(text: string, options: readonly Option[]): Choice {
  const letter = bare(text).toUpperCase();
  return options.some((option) => option.letter === letter) ? { letter, text: null } : { letter: null, text: "none" };
}

function withText(text: string, options: readonly Option[]): Option | undefined {
  const wanted = compact(text);
  return options.find((option) => compact(option.text) === wanted);
}

/** Removes LaTeX boxes, emphasis, and the words before an answer. */
function bare(said: string): string {
  const unboxed = said.replace(/^\$|\$$/g, "").replace(/\\(?:boxed|text|textbf|mathrm|mathbf)\{([^{}]*)\}/g, "$1");
  const plain = unboxed.replace(/\\(?:boxed|text|textbf|mathrm|mathbf)\{([^{}]*)\}/g, "$1").replace(/\*+|`+/g, "");
  return normalize(
    normalize(plain).replace(
      /^(?:the )?(?:correct |right |best |final )?(?:answer|option|choice)(?: is)?(?: ?:)? +/,
      "",
    ),
  ).replace(/^(?:option|choice) +/, "");
}

function nameOf({ letter, text }: Option): Choice {
  return letter === null ? { letter, text: compact(text) } : { letter, text: null };
}

function isLetter(letter: string, options: readonly Option[]): boolean {
  return options.length === 0 ? /[A-Z]/.test(letter) : options.some((option) => option.letter === letter);
}

const AFTER = "(?=\\W*(?:$|\\n)|[)\\].:,;*}]|\\s+(?:because|since|as|is|[-–—])\\b|\\s+[-–—(])";
/** Patterns that state an answer, and patterns that only mention an option; the last match of the former wins. */
const MENTIONS = [
  new RegExp(
    `\\\\boxed\\{(?:\\\\text\\{)?\\(?([A-Z])\\b|\\b(?:[Aa]nswer|ANSWER)(?: [Ii][Ss])?:?[ *_]*(?:(?:[Oo]ption|[Cc]hoice) )?[*_]*[(["]?([A-Z])(?![\\w'’])${AFTER}`,
    "g",
  ),
  /\(([A-Z])\)(?! (?:is|was|are) (?:not|wrong|incorrect|false)\b)|\b(?:[Oo]ption|[Cc]hoice)(?: is)?:?[ *(]*([A-Z])\b/g,
];

/** Number of characters at the end of an answer that are searched for "the answer is". */
const LOOKED_AT = 4_000;

/** The choice of running text: in its last line, after "the answer is", in its first line, or the last one mentioned. */
function lastChoice(answer: string, options: readonly Option[]): Choice {
  const lines = answer.trim().split("\n");
  const isKnown = (choice: Choice) => options.some((option) => isSame(nameOf(option), choice));
  const last = choiceIn(lines.at(-1) ?? "", options);
  if (isKnown(last)) return last;
  const named = /[\s\S]*\b(?:answer|ANSWER|Answer)(?: is)?:?[ *_]+(.+)/.exec(answer.slice(-LOOKED_AT))?.[1];
  if (options.length === 0 && named !== undefined) return choiceIn(named, options);
  const [stated, mentioned] = MENTIONS.map((mention) => {
    const letters = Array.from(answer.matchAll(mention), (match) => match[1] ?? match[2] ?? "");
    return letters.filter((one) => isLetter(one, options)).at(-1);
  });
  if (stated) return { letter: stated, text: null };
  if (options.length > 0) {
    for (const part of [...markedTexts(answer.slice(-LOOKED_AT)).reverse(), ...openings(lines[0] ?? "")]) {
      const choice = choiceIn(part, options);
      if (isKnown(choice)) return choice;
    }
  }
  if (mentioned) return { letter: mentioned, text: null };
  if (options.length === 0) return choiceIn(answer, options);
  const meant = onlyNamed(
    normalize(answer),
    options.map(({ text }) => text),
  );
  const option = options.find(({ text }) => text === meant);
  return option ? nameOf(option) : choiceIn(answer, options);
}

/** The first line, and its part before a stop, a bracket or a dash: "Yes. There is no doubt." */
function openings(line: string): string[] {
  const part = /^.+?(?=[.:!]\s|\s[-–—(])/u.exec(line)?.[0];
  return part === undefined ? [line] : [line, part];
}
