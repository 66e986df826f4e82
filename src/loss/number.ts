import type { Loss } from "./loss.ts";
import { scoreOf } from "./words.ts";

/** Digits with or without thousands commas (also LaTeX's `{,}`), a fraction, an exponent; or a fraction alone. */
const NUMBER = /(?:\d{1,3}(?:(?:,|\{,\})\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/g;

export function numberLoss({ tolerance }: { readonly tolerance: number }): Loss {
  const by = tolerance > 0 ? ` within ${tolerance}` : "";
  return {
    kind: "number",
    describes: `The last number of the answer equals the target${by}; thousands commas, units and signs of currency do not count.`,
    score(sample, answer) {
      const targets = sample.targets.flatMap((target) => numbersIn(target).slice(-1));
      const isRight = (said: number) => targets.some((target) => equal(said, target, tolerance));
      const numbers = numbersIn(answer);
      const last = numbers.at(-1);
      const right = last !== undefined && isRight(last);
      const among = numbers.some(isRight);
      return scoreOf(sample, answer, right ? 0 : 1, among ? 0 : 1, hintFor(last, among));
    },
  };
}

function hintFor(last: number | undefined, among: boolean): string {
  if (last === undefined) return "It holds no number.";
  return among ? `The right number stands in it, but its last number, ${last}, is taken for the answer.` : "";
}

/** All numbers of a text, in its order. A hyphen after a letter, a digit or a bracket is no sign: "3-4", "COVID-19". */
export function numbersIn(text: string): number[] {
  return Array.from(text.matchAll(NUMBER)).map((match) => {
    const before = text.slice(Math.max(0, match.index - 4), match.index).replace(/[$€£¥] ?$/u, "");
    const sign = /(?:^|[^\p{L}\p{N})\]}])[-−–]$/u.test(before) ? -1 : 1;
    return sign * Number(match[0].replace(/[{},]/g, ""));
  });
}

/** Within the tolerance; beyond it, only what binary fractions lose is forgiven. */
function equal(a: number, b: number, tolerance: number): boolean {
  return a === b || Math.abs(a - b) <= tolerance + 1e-12 * Math.max(1, Math.abs(b));
}
