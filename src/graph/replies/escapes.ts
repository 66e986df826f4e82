/** Characters before an escape that say what it means: a path may be as long. */
const CONTEXT = 260;

/** A string as it was meant, with what speaks against it. */
export interface Decoded {
  readonly text: string;
  /** What may also have been meant otherwise; empty: it is read as it was meant. */
  readonly doubts: readonly string[];
}

/** Letters behind `\n` and `\t` that make a LaTeX command which is not a word behind a line break or a tab. */
const COMMANDS: Readonly<Record<string, RegExp>> = {
  n: /^n(abla|otin|ewline|ewcommand|ewenvironment|olimits|onumber|subseteq|leq|geq|eq|eg|ot)(?![A-Za-z])/,
  t: /^t(imes|ext(bf|it|tt|rm|sf|sc|style)?|heta|au|herefore|frac|ilde|riangle(q|left|right)?)(?![A-Za-z])/,
};
/** The same where the rest is a word, or a letter: only what is around tells. */
const PERHAPS: Readonly<Record<string, RegExp>> = {
  n: /^n(u|i|e|mid|exists|prec|succ|sim|parallel|ormalsize|oindent|ewpage)(?![A-Za-z])/,
  t: /^t(o|op|an|anh|extbackslash|iny|bigstar)(?![A-Za-z])/,
};

const SIMPLE: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", "/": "/" };

/**
 * Decodes the content of a string that a model wrote. Models write LaTeX, regular expressions and paths
 * with one backslash where JSON wants two, so an escape that JSON knows may not have been meant: no instruction contains a
 * form feed, a backspace or half of a carriage return. An unknown escape keeps its backslash and its letter.
 * @param raw without its quotes
 * @param quote the quote around it
 */
export function decodeString(raw: string, quote: string): Decoded {
  const doubts = new Set<string>();
  let text = "";
  let at = 0;
  const isRaw = hasSingleBackslashes(raw);
  while (at < raw.length) {
    const next = raw.indexOf("\\", at);
    if (next < 0) break;
    text += raw.slice(at, next);
    const rest = raw.slice(next + 1, next + 40);
    const { value, length, doubt } = decodeEscape(rest, raw.slice(Math.max(0, next - CONTEXT), next), quote, isRaw);
    if (doubt !== undefined) doubts.add(doubt);
    if (isForeign(rest, raw, next)) doubts.add("\\u beside other characters");
    text += value;
    at = next + 1 + length;
  }
  text += raw.slice(at);
  if (/[^\P{Cc}\t\n\r\u0080-\u009f]/u.test(text)) doubts.add("a control character");
  // Who does not escape line breaks may not escape backslashes either.
  if (/[\n\t]/.test(raw) && raw.includes("\\\\")) doubts.add("backslashes beside line breaks");
  if (/\p{Surrogate}/u.test(text)) doubts.add("half of a character");
  if (text.includes("\ufffd")) doubts.add("a character that was lost");
  return { text: text.replace(/\r\n?/g, "\n"), doubts: [...doubts] };
}

/** How often a text says `\n` where a line break would make sense: not in LaTeX, a path or a pattern. */
export function literalBreaks(text: string): number {
  return Array.from(text.matchAll(/\\n/g)).filter(({ index }) => {
    const before = text.slice(Math.max(0, index - CONTEXT), index);
    if (/[.;!?)]$/.test(before) || /^n(?:[-*•#]|\d+[.)])\s/.test(text.slice(index + 1))) return true;
    return (
      decodeSpace("n", text.slice(index + 1, index + 40), before, false).doubt === undefined &&
      !isCommand("n", text.slice(index + 1))
    );
  }).length;
}

/** `\u00e9` where other letters like it are as they are, or in a range: a writer escapes all of them, or none. */
function isForeign(rest: string, raw: string, at: number): boolean {
  if (!/^u(?!00[0-9]|00[0-7]|202[89]|[dD][89a-fA-F])[0-9a-fA-F]{4}/.test(rest)) return false;
  return /[\u00a0-\uffff]/.test(raw) || raw[at - 1] === "[" || /^u[0-9a-fA-F]{4}-\\u/.test(rest);
}

/** Whether some backslash of a string is none that JSON knows: its writer does not escape them. */
function hasSingleBackslashes(raw: string): boolean {
  const plain = raw.replace(/\\\\/g, "");
  return /\\(?!["\\/bfnrtu'])/.test(plain) || /\\u(?![0-9a-fA-F]{4})/.test(plain) || /\\[bf]/.test(plain);
}

interface Escape {
  readonly value: string;
  /** Characters behind the backslash that it takes. */
  readonly length: number;
  readonly doubt?: string;
}

function decodeEscape(rest: string, before: string, quote: string, isRaw: boolean): Escape {
  const [letter = ""] = rest;
  const kept = { value: `\\${letter}`, length: letter.length };
  if (letter === quote && quote !== '"') return { value: quote, length: 1 };
  if (SIMPLE[letter] !== undefined) {
    // Who writes `\d` for `\d` may have meant two backslashes by two.
    const doubt = letter === "\\" && isRaw ? { doubt: "two backslashes beside single ones" } : {};
    return { value: SIMPLE[letter], length: 1, ...doubt };
  }
  switch (letter) {
    case "u":
      return decodeUnicode(rest) ?? kept;
    case "n":
    case "t":
      return decodeSpace(letter, rest, before, isRaw);
    case "r":
      if (/^r\\n/.test(rest)) return { value: "", length: 1 };
      return /^r[A-Za-z]/.test(rest) ? kept : { value: "\n", length: 1, doubt: "\\r" };
    case "'":
    case "’":
    case "”":
    case "“":
      return { ...kept, doubt: `a backslash before ${letter}` };
    case "\n":
    case "\r":
    case "":
      return { ...kept, doubt: "a backslash at the end of a line" };
    case "x":
      return /^x[0-9a-fA-F]{2}/.test(rest) ? { ...kept, doubt: "\\x" } : kept;
    default:
      return kept;
  }
}

function decodeUnicode(rest: string): Escape | null {
  const hex = /^u([0-9a-fA-F]{4})/.exec(rest)?.[1];
  return hex === undefined ? null : { value: String.fromCharCode(Number.parseInt(hex, 16)), length: 5 };
}

/** A line break or a tab, or a backslash before a word that starts with n or t. */
function decodeSpace(letter: "n" | "t", rest: string, before: string, isRaw: boolean): Escape {
  const kept = { value: `\\${letter}`, length: 1 };
  const space = { value: letter === "n" ? "\n" : "\t", length: 1 };
  if (isCommand(letter, rest)) return kept;
  if (PERHAPS[letter]?.test(rest) && (isRaw || /[\\$^_{}]/.test(before + rest)))
    return { ...space, doubt: `\\${letter}` };
  // `C:\new`, `\\server\tools`, `C:\Users\name`
  if (
    /(^|[^A-Za-z])[A-Za-z]:(\\[^\\\n]{1,60})*$|(?<!\\)\\\\[A-Za-z][\w$-]*(\\[\w .$-]+)*$/.test(before) &&
    /^[nt][\w.-]/.test(rest)
  ) {
    return /^n[A-Z\d\-*#]/.test(rest) && !/\\[^\\]*$/.test(before) ? space : { ...space, doubt: "a path" };
  }
  // `[^\n]`, `\s\t`, `'\n'`: a regular expression, or words about the escape itself.
  const [after = ""] = rest.slice(1);
  if (/\[\^$|[^\\]\\[sdwWSDbB][+*]?$/.test(before) || isBetweenQuotes(before, rest.slice(1))) {
    return { ...space, doubt: `\\${letter} in a pattern or in quotes` };
  }
  if (/[\\]"$/.test(before) && rest.slice(1).startsWith('\\"')) return { ...space, doubt: `\\${letter} in quotes` };
  if (before.endsWith("[") && /^[\]+*?nrtsdw\\]/.test(after)) return { ...space, doubt: `\\${letter} in a pattern` };
  if (letter === "t" && isRaw && /^t[A-Za-z]/.test(rest)) return { ...space, doubt: "\\t" };
  if (letter === "n" && isRaw && /^n[a-z]/.test(rest)) return { ...space, doubt: "\\n" };
  return space;
}

/** Between two single marks: three backticks are a fence. */
function isBetweenQuotes(before: string, after: string): boolean {
  const mark = /(?<!["'`])(["'`])$/.exec(before)?.[1];
  return mark !== undefined && after.startsWith(mark) && !after.startsWith(mark + mark);
}

function isCommand(letter: "n" | "t", rest: string): boolean {
  return COMMANDS[letter]?.test(rest) ?? false;
}
