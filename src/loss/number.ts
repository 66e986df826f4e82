import type { Loss } from "./loss.ts";
import { scoreOf } from "./normalize.ts";

export function numberLoss({ tolerance }: { readonly tolerance: number }): Loss {
  const by = tolerance > 0 ? ` within ${tolerance}` : "";
  return {
    kind: "number",
    describes: `The last number of the answer equals the target${by}; separators of thousands, units, % and signs of currency do not count; 3/4, 1e3 and 10^3 are read as numbers.`,
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

/** Between groups of digits: `1,000`, `1'000`, narrow spaces, LaTeX's `{,}` and `\,`; three digits at the end, else two or three. */
const SEPARATOR = "(?:[,'’\\u00a0\\u2009\\u202f]|\\{,\\}|\\\\,)";
const GROUPED = `[1-9]\\d{0,2}(?:${SEPARATOR}\\d{2,3})*${SEPARATOR}\\d{3}(?!\\d)(?:\\.\\d+)?`;
/** `1,5` and `1.234,5`, as much of the world writes it; `1,2,3` is a list. */
const COMMA = "(?<![\\d,])(?:\\d{1,3}(?:\\.\\d{3})+|\\d+),\\d+(?!,?\\d)";
const PLAIN = "(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:[eE][+-]?\\d+)?";
const DIGITS = `(?:(?<grouped>${GROUPED})|(?<comma>${COMMA})|(?<single>${PLAIN}))`;
const POWER = "(?:\\^|\\*\\*)\\{?(?<exponent>[-−+]?\\d{1,3})\\}?";
const TIMES = "(?: ?(?:[×x*·]|\\\\times|\\\\cdot) ?10 ?)";

const NUMBER = new RegExp(
  [
    "(?<![\\d.,/])(?:(?<whole>\\d{1,3}) )?(?<over>\\d+) ?/ ?(?<under>[1-9]\\d*)(?![\\d/]|[.,]\\d)",
    `${DIGITS}(?:(?<times>${TIMES})?${POWER})?`,
  ].join("|"),
  "gu",
);

/** `m2` and `m^2` are units. */
const UNIT = /(?:^|[^\p{L}])(?:[kcmd]?m|ft|in|yd|mi)$|\p{L}(?:\^|\*\*)\{?$/u;

/**
 * All numbers of a text, in its order. A hyphen after a letter, a digit or a bracket is no sign: "3-4", "COVID-19".
 */
export function numbersIn(text: string): number[] {
  const written = plain(text);
  return Array.from(written.matchAll(NUMBER)).flatMap((match) => {
    const before = written.slice(Math.max(0, match.index - 6), match.index);
    if (UNIT.test(before) && /^[23]$/.test(match[0])) return [];
    const sign = /(?:^|[^\p{L}\p{N})\]}])[-−–]$/u.test(before.replace(/\\?[$€£¥₹] ?$/u, "")) ? -1 : 1;
    const value = read(match.groups ?? {});
    return Number.isFinite(value) ? [sign * value] : [];
  });
}

/** Fractions of one character or of LaTeX with a slash, and digits of full width as digits. */
function plain(text: string): string {
  return text
    .replace(/[０-９．，－]/g, (wide) => wide.normalize("NFKC"))
    .replace(/(\d?)([¼½¾⅐-⅞])/g, (_, digit: string, fraction: string) => spaced(digit, fraction.normalize("NFKC")))
    .replace(/(\d?)\\[dt]?frac\{(\d+)\}\{(\d+)\}/g, (_, digit: string, a: string, b: string) =>
      spaced(digit, `${a}/${b}`),
    )
    .replaceAll("⁄", "/");
}

function spaced(digit: string, fraction: string): string {
  return digit === "" ? fraction : `${digit} ${fraction}`;
}

function read(parts: Readonly<Record<string, string | undefined>>): number {
  const { whole = 0, over, under, grouped, comma, single, times, exponent } = parts;
  if (under !== undefined) return Number(whole) + Number(over) / Number(under);
  const digits = grouped?.replace(/[^\d.]/g, "") ?? comma?.replaceAll(".", "").replace(",", ".") ?? single;
  const value = Number(digits);
  if (exponent === undefined) return value;
  const power = Number(exponent.replace("−", "-"));
  return times === undefined ? value ** power : value * 10 ** power;
}

/** Within the tolerance; beyond it, only what binary fractions lose is forgiven. */
function equal(a: number, b: number, tolerance: number): boolean {
  return a === b || Math.abs(a - b) <= tolerance + 1e-12 * Math.max(1, Math.abs(b));
}
