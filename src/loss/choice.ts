import type { Loss } from "./loss.ts";
import { holdsWords, normalize, scoreOf } from "./normalize.ts";
import { lettered, type Option, optionsOf } from "./options.ts";

export function choiceLoss({ options }: { readonly options?: readonly string[] }): Loss {
  const fixed = options && lettered(options);
  return {
    kind: "choice",
    describes:
      "The answer names the right option by its letter, as in (A), A. or **A**, by its text, or by both; case does not count.",
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

/** One name for what a text chooses: `(B)` for a letter or the text of a lettered option, else the normalized text. */
function named(text: string, options: readonly Option[]): string {
  const whole = normalize(text);
  const byWhole = options.find((option) => option.text === whole);
  if (byWhole) return nameOf(byWhole);
  const said = bare(whole);
  const byText = options.find((option) => option.text === said);
  if (byText) return nameOf(byText);
  const match = /^[([]?([a-z])(?:[)\].:]*(?:(?<=[)\].:])\s*|\s+[-=]\s+)(\S.*)?|[)\]]?)$/su.exec(said);
  const letter = match?.[1]?.toUpperCase();
  if (letter === undefined || !isLetter(letter, options)) return said;
  if (match?.[2] === undefined) return `(${letter})`;
  const rest = normalize(match[2]);
  const isOther = options.some((option) => option.text === rest && nameOf(option) !== `(${letter})`);
  return isOther ? "two options" : `(${letter})`;
}

/** Without LaTeX's boxes, emphasis anywhere, and the words before an answer. */
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

function nameOf({ letter, text }: Option): string {
  return letter === null ? text : `(${letter})`;
}

function isLetter(letter: string, options: readonly Option[]): boolean {
  return options.length === 0 || options.some((option) => option.letter === letter);
}

/** What the last mention of an option in running text names; null where there is none. */
function lastMentioned(answer: string, options: readonly Option[]): string | null {
  const lines = answer.trim().split("\n");
  const last = named(lines.at(-1) ?? "", options);
  if (options.some((option) => nameOf(option) === last)) return last;
  const letters = Array.from(
    answer.matchAll(
      /\(([A-Z])\)|\\boxed\{(?:\\text\{)?\(?([A-Z])\b|\b(?:[Aa]nswer|[Oo]ption|[Cc]hoice)(?: is)?:?[ *(]*([A-Z])\b/g,
    ),
  )
    .map((match) => match[1] ?? match[2] ?? match[3] ?? "")
    .filter((letter) => isLetter(letter, options));
  const letter = letters.at(-1);
  if (letter) return `(${letter})`;
  const whole = named(answer, options);
  if (options.length === 0) return whole;
  const said = normalize(answer);
  const held = options.filter(({ text }) => holdsWords(said, text));
  // "a blue fox" holds "fox", which is not what was said.
  const meant = held.filter((one) => !held.some((other) => other !== one && holdsWords(other.text, one.text)));
  return meant.length === 1 && meant[0] ? nameOf(meant[0]) : whole;
}
