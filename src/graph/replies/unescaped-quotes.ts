import { decodeBetween, type Parsed, parseLoose, QUOTES } from "./loose-parser.ts";

/** Ends of strings that are tried: a hostile reply is made of quotes. */
const TRIES = 2000;

/**
 * Reads an object whose strings hold quotes that are not escaped (`"Say "yes" or "no"."`). Such a quote may be the end of
 * the string or a part of it, so the object must have only the keys asked for, and must end where its text ends.
 * @param source from the opening brace to the end of what may belong to the object
 * @returns every way to read it, up to two: only one is what was meant
 */
export function parseUnescaped(source: string, keys: readonly string[]): Parsed[] {
  const found: Parsed[] = [];
  const normalized = new Set(keys.map(plainKey));
  let tries = 0;
  entries(skip(1), [], []);
  return found;

  function entries(at: number, read: readonly (readonly [string, unknown])[], doubts: readonly string[]): void {
    if (found.length > 1 || tries > TRIES) return;
    if (source[at] === "}") {
      if (read.length > 0 && isRest(source.slice(at + 1))) {
        found.push({ value: Object.fromEntries(read), end: source.length, hasBreaks: true, doubts });
      }
      return;
    }
    const key = keyAt(at);
    if (!key || read.some(([other]) => plainKey(other) === plainKey(key.name))) return;
    const start = skip(key.end);
    const marks = QUOTES.find(([open]) => source.startsWith(open, start));
    if (!marks) {
      const parsed = parseLoose(source, start);
      if (parsed) follow(parsed.end, [...read, [key.name, parsed.value]], [...doubts, ...parsed.doubts]);
      return;
    }
    const [open, close] = marks;
    const from = start + open.length;
    for (let end = nextQuote(from, close); end >= 0; end = nextQuote(end + 1, close)) {
      if (found.length > 1 || ++tries > TRIES) return;
      const raw = source.slice(from, end);
      const { text, doubts: more } = decodeBetween(raw, marks);
      // Who does not escape quotes may not escape backslashes either.
      const mixed = /\\["'\\]/.test(raw) ? ["backslashes beside quotes that are not escaped"] : [];
      // A comma or a quote may be missing, or strings are joined as in a program.
      const joined = hasKey(raw, keys) || JOINED.test(raw) ? ["a quote or a comma that is missing"] : [];
      follow(end + close.length, [...read, [key.name, text]], [...doubts, ...more, ...mixed, ...joined]);
    }
  }

  /** Behind a value: a comma and the next key, or the end. */
  function follow(at: number, read: readonly (readonly [string, unknown])[], doubts: readonly string[]): void {
    const next = skip(at);
    if (source[next] === ",") entries(skip(next + 1), read, doubts);
    else if (source[next] === "}") entries(next, read, doubts);
  }

  function keyAt(at: number): { readonly name: string; readonly end: number } | null {
    const match = /^(["'“”`]?)([\p{L}_][\p{L}\p{N}_ -]{0,60}?)["'”`]?\s*:/u.exec(source.slice(at, at + 80));
    const name = match?.[2];
    return name !== undefined && normalized.has(plainKey(name)) ? { name, end: at + (match?.[0].length ?? 0) } : null;
  }

  function nextQuote(from: number, close: string): number {
    for (let at = from; at < source.length; at++) {
      if (source[at] === "\\") at += 1;
      else if (source.startsWith(close, at)) return at;
    }
    return -1;
  }

  function skip(at: number): number {
    let next = at;
    while (next < source.length && /\s/.test(source[next] ?? "")) next++;
    return next;
  }
}

/** A string and the next one, with a plus or a line break between them, or as the key of another entry. */
const JOINED = /["'`]\s*(?:\+|\n)\s*["'`]|["'`]\s*,\s*["'`]?[\w -]{1,40}["'`]?\s*:/;

/** What may be behind an object: closing brackets of what it is in, then words without quotes or braces. */
function isRest(text: string): boolean {
  return /^[\s}\]`]*[^{}"“”]*$/.test(text);
}

/** Whether one of the keys is there as in an object. */
export function hasKey(text: string, keys: readonly string[]): boolean {
  const found = text.matchAll(
    /["'“`]([\w .-]{1,60}?)\\*["'”`]\s*[:,=\]]|(?:[{,(]\s*)?\b([\w-]{1,60})\s*=|[{,(]\s*([\w-]{1,60})\s*:/g,
  );
  return Array.from(found).some(([, quoted, given, bare]) =>
    keys.some((key) => plainKey(key) === plainKey(quoted ?? given ?? bare ?? "")),
  );
}

/** `new_text`, `newText`, `New Text`: one key. */
export function plainKey(key: string): string {
  return key.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
