import type { Sample } from "../data/sample.ts";
import { parseJson } from "../graph/json.ts";
import type { Loss } from "./loss.ts";
import { holdsWords, normalize, scoreOf } from "./words.ts";

/** Letter (null where the options bear none) and text. */
interface Option {
  readonly letter: string | null;
  readonly text: string;
}

export function choiceLoss({ options }: { readonly options?: readonly string[] }): Loss {
  const fixed = options && lettered(options);
  return {
    kind: "choice",
    describes:
      "The answer names the right option by its letter, as in (A), A. or A, or by its text; case does not count.",
    score(sample, answer) {
      const known = fixed ?? optionsOf(sample);
      const right = new Set(sample.targets.map((target) => named(target, known)));
      const strict = right.has(named(answer, known));
      const mentioned = lastMentioned(answer, known);
      const lenient = mentioned !== null && right.has(mentioned);
      const hint = lenient && !strict ? "It names the right option, but must consist of nothing else." : "";
      return scoreOf(sample, answer, strict ? 0 : 1, lenient ? 0 : 1, hint);
    },
  };
}

/** The options that a sample's inputs list: `(A) text` or `A. text` lines, bullets under "Options:", or a JSON list. */
function optionsOf({ inputs }: Sample): Option[] {
  for (const value of Object.values(inputs)) {
    const list = value.trimStart().startsWith("[") ? parseJson(value)?.value : undefined;
    if (Array.isArray(list) && list.every((entry) => typeof entry === "string")) return lettered(list);
    const lines = Array.from(value.matchAll(/^[ \t]*\(?([A-Z])[).:][ \t]+(.+)$/gm));
    const ordered = lines.every((line, index) => line[1] === letterAt(index));
    if (lines.length > 1 && ordered) return lettered(lines.map((line) => line[2] ?? ""));
    const bullets = /^options:[ \t]*\n((?:[ \t]*[-*•][ \t]+.+(?:\n|$))+)/im.exec(value)?.[1];
    if (bullets) {
      const texts = bullets.trim().split("\n");
      return texts.map((line) => ({ letter: null, text: normalize(line.replace(/^[ \t]*[-*•][ \t]+/, "")) }));
    }
  }
  return [];
}

function lettered(texts: readonly string[]): Option[] {
  return texts.map((text, index) => ({ letter: letterAt(index), text: normalize(text) }));
}

function letterAt(index: number): string {
  return String.fromCharCode(65 + index);
}

/** One name for what a text chooses: `(B)` for a letter or the text of a lettered option, else the normalized text. */
function named(text: string, options: readonly Option[]): string {
  const said = normalize(text).replace(
    /^(?:the )?(?:correct |right |best |final )?(?:answer|option|choice)(?: is)?:? +/,
    "",
  );
  const byText = options.find((option) => option.text === normalize(said));
  if (byText) return nameOf(byText);
  const match = /^\(?([a-z])(?:[).:]+(?:\s+(.*))?)?$/su.exec(said);
  const letter = match?.[1]?.toUpperCase();
  if (letter === undefined || !isLetter(letter, options)) return normalize(said);
  const rest = match?.[2] && options.find((option) => option.text === normalize(match[2] ?? ""));
  return rest ? (rest.letter === letter ? `(${letter})` : "two options") : `(${letter})`;
}

function nameOf({ letter, text }: Option): string {
  return letter === null ? text : `(${letter})`;
}

function isLetter(letter: string, options: readonly Option[]): boolean {
  return options.length === 0 || options.some((option) => option.letter === letter);
}

/** What the last mention of an option in running text names; null where there is none. */
function lastMentioned(answer: string, options: readonly Option[]): string | null {
  const letters = Array.from(answer.matchAll(/\(([A-Z])\)|\b(?:answer|option|choice)(?: is)?:?[ *(]*([A-Z])\b/g))
    .map((match) => match[1] ?? match[2] ?? "")
    .filter((letter) => isLetter(letter, options));
  const letter = letters.at(-1);
  if (letter) return `(${letter})`;
  const whole = named(answer, options);
  if (options.length === 0) return whole;
  const said = normalize(answer);
  const held = options.filter(({ text }) => holdsWords(said, text));
  return held.length === 1 && held[0] ? nameOf(held[0]) : whole;
}
