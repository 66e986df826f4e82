import Fraction from "fraction.js";
import { type Locale, translatable } from "../i18n/locale.ts";
import { finalNumber, markedTarget } from "./final-answer.ts";
import type { Loss } from "./loss.ts";
import { scoreOf } from "./normalize.ts";
import { type Numeral, numeralsIn, plainNumbers } from "./numerals.ts";

/** Number of characters at the end of an answer that are searched. */
const LOOKED_AT = 20_000;

export function numberLoss({ tolerance }: { readonly tolerance: number }): Loss {
  const range = tolerance > 0 ? numeralsIn(String(tolerance))[0]?.values[0] : undefined;
  return {
    kind: "number",
    describe: ({ t }) =>
      [
        tolerance > 0
          ? t("The number in the answer differs from the target by at most {0}.", tolerance)
          : t("The number in the answer equals the target exactly."),
        t("Thousands separators, units, % and currency signs are ignored. 3/4, 1e3 and 10^3 are numbers."),
      ].join(" "),
    score(sample, answer) {
      const targets = sample.targets.flatMap((target) => numeralOf(target) ?? []);
      const isRight = (said: Numeral) => targets.some((target) => equal(said, target, range));
      const text = plainNumbers(answer.slice(-LOOKED_AT));
      const { numerals, marked } = finalNumber(text);
      const right = numerals.some(isRight);
      const all = right ? [] : numeralsIn(text);
      const among = right || all.some(isRight);
      return scoreOf(sample, answer, right ? 0 : 1, among ? 0 : 1, hintFor(numerals, marked, all.length > 0, among));
    },
  };
}

function hintFor([taken]: readonly Numeral[], marked: boolean, hasNumbers: boolean, among: boolean): string {
  if (!taken) return hasNumbers ? "It gives no single number as its answer." : "It holds no number.";
  if (!among) return "";
  const which = marked ? taken.written : `its last number, ${taken.written},`;
  return `The right number stands in it, but ${which} is taken for the answer.`;
}

/** The number of a target; null if it has none. */
function numeralOf(target: string): Numeral | null {
  const text = plainNumbers(target.slice(-LOOKED_AT));
  return numeralsIn(markedTarget(text) ?? text).at(-1) ?? null;
}

const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]{0,6}\\.?";
const OTHER_FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  [translatable("a date"), /(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?!\d)/],
  [translatable("a date"), new RegExp(`\\b${MONTH} \\d{1,4}\\b|\\b\\d{1,2}(?:st|nd|rd|th)? ${MONTH}(?![a-z])`)],
  [translatable("a time"), /(?<![\d:])\d{1,2}:[0-5]\d(?::[0-5]\d)?(?![\d:])|\d\s?[ap]\.?m\b/i],
  [translatable("a ratio"), /\d\s*:\s*\d/],
  [translatable("a range"), /\d[\s%]*(?:-|–|—|~|\.{2,3}|…|\b(?:to|bis|until)\b)\s*[$€£¥]?\s*\d/],
  [translatable("a comparison"), /^\s*(?:[<>≤≥]|at (?:least|most)\b|(?:more|less|fewer) than\b)/i],
  [translatable("an expression"), /[√π±∞]|\d ?!(?!\p{L})|\b(?:log|ln|sin|cos|tan|sqrt)\b/u],
];

/** What most targets are: one number, and none of the other forms. */
const DIGITS = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/** Why a target isn't a number to compare with, as a clause; null if it is one. */
export function numberTargetFault(target: string, locale: Locale): string | null {
  if (DIGITS.test(target)) return null;
  const { t } = locale;
  const plain = plainNumbers(target.slice(-LOOKED_AT));
  const text = (markedTarget(plain) ?? plain).trim();
  const numerals = numeralsIn(text);
  if (numerals.length === 0) return t("it has no number");
  const shown = JSON.stringify(target.length > 60 ? `${target.slice(0, 60)}…` : target);
  const other = OTHER_FORMS.find(([, form]) => form.test(text))?.[0];
  if (other !== undefined) return t("{0} is {1}, not a number", shown, t(other));
  return numerals.length > 1 ? t("{0} has {1}", shown, locale.count(numerals.length, "number")) : null;
}

/**
 * Minimum number of significant digits of a decimal that stands for a fraction without an end, as computers print
 * it.
 */
const ENDLESS = 12;

function equal(said: Numeral, target: Numeral, tolerance: Fraction | undefined): boolean {
  const [wanted] = target.values;
  if (!wanted) return false;
  return said.values.some(
    (value) =>
      value.equals(wanted) ||
      (tolerance !== undefined && value.sub(wanted).abs().lte(tolerance)) ||
      isRounded(value, said, wanted) ||
      isRounded(wanted, target, value) ||
      (value === said.values[0] && (isNoise(said, target) || isNoise(target, said))),
  );
}

/** 0.3333333333333333 is 1/3. */
function isRounded(value: Fraction, { places, significant }: Numeral, other: Fraction): boolean {
  if (places === null || places <= 0 || significant < ENDLESS || hasEnd(other)) return false;
  const last = new Fraction(1n, 10n ** BigInt(places));
  const lost = other.abs().div(2 ** 50);
  const difference = value.sub(other).abs();
  return difference.lte(last) || difference.lte(lost);
}

/** Whether the fraction is a finite decimal: 1/8, not 1/3. */
function hasEnd({ d }: Fraction): boolean {
  let rest = d;
  for (const prime of [2n, 5n]) while (rest % prime === 0n) rest /= prime;
  return rest === 1n;
}

/** Whether the difference is floating-point noise: 0.30000000000000004 is 0.3. */
function isNoise(long: Numeral, short: Numeral): boolean {
  const isPrinted = (long.places ?? 0) > 0 && [16, 17].includes(long.significant) && /^-?\d+\.\d+$/.test(long.written);
  if (!isPrinted || short.places === null || short.significant > 15) return false;
  const [a, b] = [Number(long.written), Number(short.values[0])];
  return String(a) === long.written && Math.abs(a - b) <= 2 ** -51 * Math.abs(b);
}
