import Fraction from "fraction.js";

/** A number in a text, with its exact value. */
export interface Numeral {
  /** The usual reading first, then others if the notation is ambiguous: `5K`, `100 200`. */
  readonly values: readonly Fraction[];
  /** Digits after the decimal point; null if it is not a decimal. */
  readonly places: number | null;
  /** Number of digits, without leading zeros. */
  readonly significant: number;
  readonly written: string;
  /** Its position in the text, without the sign. */
  readonly start: number;
  readonly end: number;
}

/** Maximum digits of a number. */
const LARGEST = 1_000;

const GAP = "[ \\u00a0\\u2009\\u202f]";
/**
 * Grouped digits: three in the last group, two or three in others: `1,234.5`, `12,34,567`, `1'234`, `1_234`, `1
 * 234,5` with non-breaking spaces.
 */
const GROUPED = "[1-9]\\d{0,2}(?<separator>[,'’_\\u00a0\\u2009\\u202f])(?:\\d{2,3}\\k<separator>)*\\d{3}(?![\\d_])";
const SPACED = "[1-9]\\d{0,2}(?: \\d{3})+(?!\\d)";
/** `1,5` and `1.234,5`; `1,2,3` is a list. */
const COMMA = "(?<![\\d,])(?:\\d{1,3}(?:\\.\\d{3})+|\\d+),\\d+(?!,?\\d)";
const DOTTED = "(?<![\\d.])[1-9]\\d{0,2}(?:\\.\\d{3}){2,}(?![.\\d])";
const PLAIN = "(?:\\d+(?:\\.\\d+)?|(?<![\\p{L}\\d.])\\.\\d+)(?:[eE](?<e>[+-]?\\d{1,4})(?!\\d))?";
const POWER = "(?:\\^|\\*\\*)[{(]?(?<exponent>[-+]?\\d{1,3})(?![.,]?\\d)[})]?";
const TIMES = "(?: ?[×x*·] ?10 ?)";
const WHOLE = "(?:(?<whole>\\d{1,3})(?: | and )(?=(?<proper>\\d+) ?/))?";
const UNDER = "(?<under>[1-9]\\d{0,2}(?:,\\d{3})+|[1-9]\\d*)";

const NUMBER = new RegExp(
  [
    `(?<![\\d.,/])${WHOLE}(?<over>\\d+(?:\\.\\d+)?) ?/ ?${UNDER}(?![\\d/]|[.,]\\d)`,
    `(?:(?<grouped>${GROUPED}|${SPACED}|${DOTTED})(?<decimals>[.,]\\d+(?![.,]?\\d))?|(?<comma>${COMMA})|(?<plain>${PLAIN}))(?:(?<times>${TIMES})?${POWER})?`,
  ].join("|"),
  "gu",
);

/** Words after a number that multiply it, in several languages. */
const SCALES: readonly (readonly [pattern: string, zeros: number])[] = [
  ["hundred", 2],
  ["thousand|tsd|tausend|mil(?=\\s|$)|mille|тыс(?:\\.|яч\\p{L}*)?", 3],
  ["lakhs?|lacs?", 5],
  ["millions?|mio|mln|millionen|million(?:en|i)|mill(?:ón|ones)|milh(?:ão|ões)|млн|миллион\\p{L}*", 6],
  ["crores?", 7],
  ["billions?|bn|milliarden?|milliards?|mrd|миллиард\\p{L}*|млрд", 9],
  ["trillions?", 12],
];
const SCALE = new RegExp(`^${GAP}?(?:${SCALES.map(([words]) => `(${words})`).join("|")})(?![\\p{L}\\p{N}])`, "iu");
/** Multipliers of Chinese and Japanese; 千米 and 千克 are units. */
const CJK_SCALE = /^ ?([千万萬亿億])(?![米克瓦])/u;
const CJK_ZEROS: Readonly<Record<string, number>> = { 千: 3, 万: 4, 萬: 4, 亿: 8, 億: 8 };
const LETTER_ZEROS: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9, t: 12 };

const CURRENCY = /(?:[$€£¥₹₽₩฿]|\b(?:US\$|USD|EUR|GBP|CHF|INR|JPY|CNY|RMB|CAD|AUD|Rs\.?|R\$)) ?$/u;
/** A number attached to letters is part of a unit (`m2`, `m^2`) or a name (`CO2`, `x1`). */
const GLUED = /(?:[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]|\p{L}(?:\^|\*\*)[{(]?)$/u;
const MINUS =
  /(?:(?:^|[^\p{L}\p{N})\]}])[-–]\(?|[=:(] ?[-–] ?|(?:^|[^\p{L}])(?:minus|negative|moins|menos) \(?|负|負|マイナス)$/iu;

/**
 * All numbers of a text, in order. A hyphen after a letter, a digit or a bracket is not a sign: "3-4", "COVID-19".
 * @param text normalized by `plainNumbers`
 */
export function numeralsIn(text: string): Numeral[] {
  return Array.from(text.matchAll(NUMBER)).flatMap((match) => {
    const before = text.slice(Math.max(0, match.index - 16), match.index);
    const currency = CURRENCY.exec(before)?.[0];
    if (GLUED.test(before) && currency === undefined) return [];
    const value = match[0].length > LARGEST ? null : exactValue(match.groups ?? {});
    if (!value) return [];
    const end = match.index + match[0].length;
    const [scaled, length] = scaledBy(value, text.slice(end, end + 24), currency !== undefined);
    const sign = MINUS.test(before.slice(0, before.length - (currency?.length ?? 0))) ? -1 : 1;
    const last = / (\d{3})$/.exec(match.groups?.grouped ?? "")?.[1];
    const readings = last === undefined ? scaled : [...scaled, new Fraction(last)];
    return [
      {
        values: readings.map((reading) => (sign < 0 ? reading.neg() : reading)),
        places: placesOf(match.groups ?? {}),
        significant: match[0]
          .replace(/[eE^*].*$/, "")
          .replace(/\D/g, "")
          .replace(/^0+/, "").length,
        written: `${sign < 0 ? "-" : ""}${text.slice(match.index, end + length).trim()}`,
        start: match.index,
        end: end + length,
      },
    ];
  });
}

type Parts = Readonly<Record<string, string | undefined>>;

/** null if it is too large to compute. */
function exactValue({ whole, proper, over, under, grouped, decimals, comma, plain, e, times, exponent }: Parts) {
  if (under !== undefined) {
    const part = decimal(over ?? "").div(decimal(under.replaceAll(",", "")));
    return whole !== undefined && proper === over && part.lt(1) ? part.add(decimal(whole)) : part;
  }
  const written =
    grouped !== undefined
      ? grouped.replace(/\D/g, "") + (decimals ?? "").replace(",", ".")
      : (comma?.replaceAll(".", "").replace(",", ".") ?? plain ?? "").replace(/e.*$/i, "");
  const value = decimal(written);
  if (Math.abs(Number(e ?? 0)) > LARGEST) return null;
  if (exponent === undefined) return value.mul(ten(Number(e ?? 0)));
  const power = Number(exponent);
  if (times !== undefined) return value.mul(ten(power));
  if (written.length * Math.abs(power) > LARGEST || (power < 0 && value.equals(0))) return null;
  return value.pow(power);
}

/** @param text digits with at most one point */
function decimal(text: string): Fraction {
  const [whole = "", part = ""] = text.split(".");
  return new Fraction(BigInt(whole + part), 10n ** BigInt(part.length));
}

function ten(power: number): Fraction {
  return power < 0 ? new Fraction(1n, 10n ** BigInt(-power)) : new Fraction(10n ** BigInt(power), 1n);
}

function placesOf({ under, times, exponent, decimals, comma, plain, e }: Parts): number | null {
  if (under !== undefined || (exponent !== undefined && times === undefined)) return null;
  const digits = (decimals ?? comma?.replace(/^.*,/, ",") ?? /\.\d+/.exec(plain ?? "")?.[0] ?? ".").length - 1;
  return digits - Number(e ?? exponent ?? 0);
}

/** The readings with the multiplier after the number, and its length. */
function scaledBy(value: Fraction, after: string, hasCurrency: boolean): [readings: Fraction[], length: number] {
  const word = SCALE.exec(after);
  if (word) {
    const zeros = SCALES[word.slice(1).findIndex((group) => group !== undefined)]?.[1] ?? 0;
    return [[value.mul(ten(zeros))], word[0].length];
  }
  const character = CJK_SCALE.exec(after);
  if (character) return [[value.mul(ten(CJK_ZEROS[character[1] ?? ""] ?? 0))], character[0].length];
  const letter = /^([kKMBmbTt])(?![\p{L}\p{N}^])/u.exec(after)?.[1];
  if (letter === undefined || (!hasCurrency && !"kKMB".includes(letter))) return [[value], 0];
  const scaled = value.mul(ten(LETTER_ZEROS[letter.toLowerCase()] ?? 0));
  // "5K" can mean five kelvin.
  return [hasCurrency || letter === "k" ? [scaled] : [scaled, value], 1];
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const LATEX_SPACE = /\\[,;:! ]|~/g;

/** What `plainNumbers` replaces has one of these in it. */
const UNUSUAL = /[\u0080-\uffff\\_~]|\{,\}/;

/**
 * Converts digits of all scripts, superscripts, one-character fractions and LaTeX into the notation that
 * `numeralsIn` reads.
 */
export function plainNumbers(text: string): string {
  // Most answers and targets are such texts, and all of these replacements take 20 times as long as this look.
  if (!UNUSUAL.test(text)) return text;
  return text
    .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\p{Nd}/gu, (digit) => (digit <= "9" ? digit : asciiDigit(digit)))
    .replaceAll("٫", ".")
    .replaceAll("٬", ",")
    .replaceAll("٪", "%")
    .replaceAll("−", "-")
    .replace(/([⁰¹²³⁴-⁹]+) ?[⁄/] ?([₀-₉]+)/gu, (_, over: string, under: string) => ` ${digits(over)}/${digits(under)}`)
    .replace(/[₀-₉]+/g, "")
    .replace(/[⁺⁻]?[⁰¹²³⁴-⁹]+/gu, (run) => `^{${run.startsWith("⁻") ? "-" : ""}${digits(run)}}`)
    .replace(/(\d?)([¼½¾⅐-⅞])/g, (_, digit: string, fraction: string) => mixed(digit, fraction.normalize("NFKC")))
    .replaceAll("⁄", "/")
    .replace(/\\(?:text|textbf|textrm|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}/g, " $1 ")
    .replace(FRAC, (_, digit: string | undefined, ...parts: (string | undefined)[]) =>
      latexFraction(digit ?? "", parts),
    )
    .replaceAll("{,}", ",")
    .replace(/,\\!/g, ",")
    .replace(/(\d)(?:\\[,;: ]|~)(?=\d{3})/g, "$1\u202f")
    .replace(LATEX_SPACE, " ")
    .replace(/\\([$%#&_])/g, "$1")
    .replace(/\\(?:times|cdot)(?![a-z])/g, "×")
    .replace(/\\(?:approx|simeq|sim)(?![a-z])/g, "≈")
    .replace(/\\pm(?![a-z])/g, "±")
    .replace(/\\sqrt(?![a-z])/g, "√")
    .replace(/\\pi(?![a-z])/g, "π")
    .replace(/\\[()[\]]/g, " ")
    .replace(/\\(?!boxed|fbox)[a-zA-Z]+ ?/g, " ")
    .replace(/(?<=[\p{L}\d}])_(?:\{[^{}]{0,20}\}|\d{1,2}(?!\d))/gu, "");
}

/** `\frac{1}{2}`, `\frac12`, `\dfrac1{2}`, with a digit before it that makes it a mixed number. */
const FRAC = /(?:(\d)\s?)?\\[cdt]?frac\s*(?:\{\s*(-?\s?[\d.]+)\s*\}|(\d))\s*(?:\{\s*(-?\s?[\d.]+)\s*\}|(\d))/g;

function latexFraction(digit: string, [a, b, c, d]: readonly (string | undefined)[]): string {
  const [over, under] = [(a ?? b ?? "").replace(" ", ""), (c ?? d ?? "").replace(" ", "")];
  const sign = over.startsWith("-") !== under.startsWith("-") ? "-" : "";
  return sign + mixed(digit, `${over.replace("-", "")}/${under.replace("-", "")}`);
}

function mixed(digit: string, fraction: string): string {
  return digit === "" ? fraction : `${digit} ${fraction}`;
}

function digits(run: string): string {
  return Array.from(run, (mark) => Math.max(SUPERSCRIPTS.indexOf(mark), SUBSCRIPTS.indexOf(mark)))
    .filter((digit) => digit >= 0)
    .join("");
}

/** Converts a digit of any script: the digits of each are consecutive, starting with zero. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 60 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value++;
  return String(value % 10);
}
