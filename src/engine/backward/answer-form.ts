/** Maximum number of values to look at: more add no information. */
const LOOKED_AT = 500;
/** Maximum characters of an example. */
const EXAMPLE = 60;
/** Maximum number of units and signs to list. */
const MOST_UNITS = 6;

/**
 * Describes the form of open answers to a model without revealing their content: type, range, unit, pattern or
 * length, and two examples with every letter and digit masked.
 * @param values at least one
 */
export function formOf(values: readonly string[]): string {
  const looked = values.slice(0, LOOKED_AT);
  const form = numbersForm(looked) ?? patternForm(looked) ?? wordsForm(looked);
  const examples = [...new Set(looked.map(masked))].slice(0, 2).map((one) => `"${one}"`);
  return `${form} Written like ${examples.join(" or ")}, where x stands for any letter and 9 for any digit.`;
}

/** Masks a value: capital letters become X, other letters x, digits 9. */
function masked(value: string): string {
  const cut = value.length > EXAMPLE ? `${value.slice(0, EXAMPLE)} …` : value;
  const kindOf = (character: string) => (/\p{N}/u.test(character) ? "9" : /\p{Lu}/u.test(character) ? "X" : "x");
  return cut.replace(/\s+/g, " ").replace(/[\p{L}\p{M}\p{N}]/gu, kindOf);
}

const NUMBER = /^([^\d\s.,+-]{0,8})\s*([-+−]?\d[\d,]*(?:\.\d+)?|[-+−]?\.\d+)\s*([^\d]{0,20})$/u;

function numbersForm(values: readonly string[]): string | null {
  const found = values.map((value) => NUMBER.exec(value));
  if (found.some((match) => match === null)) return null;
  const figures = found.map((match) => (match?.[2] ?? "").replaceAll(",", "").replace("−", "-"));
  const numbers = figures.map(Number);
  if (numbers.some((one) => !Number.isFinite(one))) return null;
  const decimals = Math.max(...figures.map((one) => one.split(".")[1]?.length ?? 0));
  const what = decimals === 0 ? "a whole number" : `a number with up to ${decimals} decimals`;
  const range = `from ${Math.min(...numbers)} to ${Math.max(...numbers)}`;
  const thousands = found.some((match) => match?.[2]?.includes(",")) ? ", with commas between thousands" : "";
  return `${what} ${range}${thousands}${signsOf(found)}.`;
}

function signsOf(found: readonly (RegExpExecArray | null)[]): string {
  const distinct = (group: 1 | 3) => [...new Set(found.map((match) => match?.[group]?.trim() ?? "").filter(Boolean))];
  const [before, after] = [distinct(1), distinct(3)];
  const named = (signs: readonly string[]) =>
    signs
      .slice(0, MOST_UNITS)
      .map((sign) => `"${sign}"`)
      .join(" or ");
  const isUnit = (signs: readonly string[]) => signs.length > 0 && signs.length <= MOST_UNITS;
  return [
    ...(isUnit(before) ? [`, after ${named(before)}`] : []),
    ...(isUnit(after) ? [`, followed by ${named(after)}`] : []),
  ].join("");
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d{2}-\d{2}$/, "a date, written year-month-day."],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/, "a date and time, written year-month-day hour:minute."],
  [/^(0?[1-9]|1[0-2])\/([0-2]?\d|3[01])\/\d{4}$/, "a date, written month/day/year."],
  [/^([0-2]?\d|3[01])\/(0?[1-9]|1[0-2])\/\d{4}$/, "a date, written day/month/year."],
  [/^\d{1,2}\.\d{1,2}\.\d{4}$/, "a date, written day.month.year."],
  [/^\p{Lu}\p{L}+\.? \d{1,2},? \d{4}$/u, "a date, written month day, year, with the month as a word."],
  [/^\d{1,2}\.? \p{L}+ \d{4}$/u, "a date, written day month year, with the month as a word."],
  [/^\d{1,2}:\d{2}(:\d{2})?$/, "a time, written hour:minute."],
  [/^\d{1,2}:\d{2}\s*[ap]\.?m\.?$/i, "a time, written hour:minute with am or pm."],
  [/^https?:\/\/\S+$/i, "a web address."],
  [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address."],
];

function patternForm(values: readonly string[]): string | null {
  return PATTERNS.find(([pattern]) => values.every((value) => pattern.test(value)))?.[1] ?? null;
}

function wordsForm(values: readonly string[]): string {
  const words = values.map((value) => value.split(/\s+/).filter(Boolean).length);
  const lines = Math.max(...values.map((value) => value.split("\n").length));
  const between = (counts: readonly number[]) => {
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    return least === most ? `${most}` : `${least} to ${most}`;
  };
  const several = lines > 1 ? `, on up to ${lines} lines` : "";
  const characters = values.map(({ length }) => length);
  return `text of ${between(words)} ${Math.max(...words) === 1 ? "word" : "words"} (${between(characters)} characters)${several}.`;
}
