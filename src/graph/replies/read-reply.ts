import { isLabelled, labelledParts } from "./labelled-parts.ts";
import { type Parsed, parseLoose } from "./loose-parser.ts";
import { hasKey, parseUnescaped, plainKey } from "./unescaped-quotes.ts";

/** What a reply was read as. */
export interface Read<T> {
  readonly value: T;
  /** What may also have been meant otherwise; empty: this and nothing else was meant. */
  readonly doubts: readonly string[];
}

export interface Asked<T> {
  /** Of the object that was requested, in any case and spelling (`newText` for `new_text`). Empty: any value. */
  readonly keys: readonly string[];
  /** null for a value that is not the one asked for. */
  readonly read: (value: unknown) => T | null;
  /** Lines and tags that are named like the keys will do, and so will an object that was cut. Default: JSON alone. */
  readonly loosely?: boolean;
  /** Numbers come as `WrittenNumber` where JavaScript's lose a digit. Default: false. */
  readonly written?: boolean;
}

/** The doubt about an object without its end. */
export const CUT = "it was cut";

/** Characters of a reply that are read: no answer is as long, and a hostile one must not hold everything up. */
const LONGEST = 2 ** 20;
/** Places where a value may start that are tried. */
const TRIES = 300;
/** Characters that all tries may read together. */
const MOST_READ = 2 ** 23;
/** Values in values that are looked into. */
const DEEPEST = 6;

/**
 * The one value of a reply that was requested, wherever it is: alone, in prose, in a fence, in a list or an object
 * around it, or in a string. Values of another shape and brackets of the prose are ignored. If there are several different ones, the last one is taken, with a doubt.
 * @returns null if there is none
 */
export function readReply<T>(reply: string, asked: Asked<T>): Read<T> | null {
  const text = reply.replace(/^\uFEFF/, "").slice(0, LONGEST);
  const plain = plainObject(text, asked);
  if (plain !== null) return { value: plain, doubts: [] };
  const found = inBrackets(text, asked);
  if (found !== null && found.length > 0) return lastOf(found);
  if (!asked.loosely) return null;
  if (found === null) return cut(text, asked);
  const parts = labelledParts(text, asked.keys);
  const value = parts && asked.read(parts.value);
  return value === null || !parts ? cut(text, asked) : { value, doubts: parts.doubts };
}

/**
 * The asked value of a reply that is nothing but a flat object, just as `JSON.stringify` writes it: without escapes there is
 * nothing to doubt, and `JSON.parse` is faster than a parser that expects mistakes. null: any other reply.
 */
function plainObject<T>(text: string, { keys, read }: Asked<T>): T | null {
  if (!text.startsWith("{") || !text.endsWith("}") || /[\\\u007f\ufffd]/.test(text)) return null;
  const value = parsedJson(text);
  if (!isRecord(value) || Object.values(value).some((inner) => typeof inner === "object" && inner !== null))
    return null;
  const names = Object.keys(value).map(plainKey);
  if (new Set(names).size < names.length || JSON.stringify(value) !== text) return null;
  return read(canonical(value, keys));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lastOf<T>(found: readonly Read<T>[]): Read<T> | null {
  const last = found.at(-1);
  if (!last) return null;
  const same = JSON.stringify(last.value);
  const isOne = found.every(({ value }) => JSON.stringify(value) === same);
  return isOne ? last : { ...last, doubts: [...last.doubts, "several different values"] };
}

/** Every asked value; null if the asked object starts but can't be read. */
function inBrackets<T>(text: string, asked: Asked<T>): Read<T>[] | null {
  const found: Read<T>[] = [];
  /** What no value was read from. */
  let rest = "";
  let behind = 0;
  let read = 0;
  let at = nextOpening(text, 0);
  for (let tries = 0; at >= 0 && tries < TRIES && read < MOST_READ; tries++) {
    const parsed = parseLoose(text, at, asked);
    read += (parsed?.end ?? text.length) - at;
    const inside = parsed ? within(parsed.value, asked, 0) : [];
    if (parsed && inside.length > 0) {
      const more = placeDoubts(text, at, parsed, asked.keys);
      found.push(...inside.map(({ value, doubts }) => ({ value, doubts: [...parsed.doubts, ...doubts, ...more] })));
      rest += text.slice(behind, at);
      behind = parsed.end;
      at = nextOpening(text, behind);
    } else if (parsed) {
      at = nextOpening(text, text[at] === '"' ? at + 1 : parsed.end);
    } else if (beginsAsked(text, at, asked.keys)) {
      const repaired = unescaped(text, at, asked);
      return repaired && [...found, repaired];
    } else {
      at = nextOpening(text, at + 1);
    }
  }
  const isMore = hasKey(rest + text.slice(behind), asked.keys);
  return isMore ? found.map((one) => ({ ...one, doubts: [...one.doubts, "another object"] })) : found;
}

/** What the place of an object in its reply says against it. */
function placeDoubts(
  text: string,
  start: number,
  { end, hasBreaks }: Pick<Parsed, "end" | "hasBreaks">,
  keys: readonly string[],
): string[] {
  return [
    ...(isUnread(text.slice(end)) ? ["words behind the object"] : []),
    ...(standsAlone(text, start, end) ? [] : ["an object in a sentence"]),
    ...(hasBreaks && isIndented(text, start, end) ? ["lines that are indented together"] : []),
    ...(isLabelled(text.slice(0, start), keys) ? ["an object in a part of the reply"] : []),
  ];
}

/** Nothing but tags and fences is beside it on its lines: an example of a text is in a sentence. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const after = text.slice(end, end + 200).split("\n", 1)[0] ?? "";
  return /^[\s`]*(?:<[\w/ -]+>\s*)*$/.test(before) && /^\s*(?:<[\w/ -]+>\s*)*[`,;}\]]*\s*$/.test(after);
}

/** The object's first line is indented, and so may be the lines inside its strings. */
function isIndented(text: string, start: number, end: number): boolean {
  const line = text.lastIndexOf("\n", start - 1) + 1;
  return /^[ \t]/.test(text.slice(line, start)) && /\n[ \t]/.test(text.slice(start, end));
}

/** Behind what was taken for the end of an object, a string and a bracket are closed again. */
function isUnread(rest: string): boolean {
  const [before = ""] = rest.split(/[{[]/, 1);
  return /["'”`]\s*,?\s*[}\]]/.test(before);
}

/** Where a value may start: a bracket, or a quote around a whole JSON text. */
function nextOpening(text: string, from: number): number {
  const pattern = /[{[]|"(?=(?:\\[nrt]|\s)*[{[](?:\\[nrt]|\s)*\\")/g;
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}

/** Whether the object that starts here has one of the asked keys first. */
function beginsAsked(text: string, at: number, keys: readonly string[]): boolean {
  const key = /^\{\s*["'“`]?([\p{L}_][\p{L}\p{N}_ -]{0,60}?)["'”`]?\s*:/u.exec(text.slice(at, at + 120))?.[1];
  return key !== undefined && keys.some((one) => plainKey(one) === plainKey(key));
}

function unescaped<T>(text: string, at: number, { keys, read }: Asked<T>): Read<T> | null {
  const fence = text.lastIndexOf("\n```");
  const isFenced = /(^|\n)[ \t]*```[^\n`]*\s*$/.test(text.slice(0, at)) && fence > at;
  const ways = parseUnescaped(text.slice(at, isFenced ? fence : text.length), keys);
  const values = ways.flatMap(({ value, doubts }) => {
    const one = read(canonical(value, keys));
    return one === null ? [] : [{ value: one, doubts }];
  });
  const [first, second] = values;
  if (!first) return null;
  const more = [
    ...placeDoubts(text, at, { end: isFenced ? fence : text.length, hasBreaks: true }, keys),
    ...(second ? ["quotes that are not escaped"] : []),
  ];
  return { value: first.value, doubts: [...first.doubts, ...more] };
}

/** The asked value in another: itself, in a list or an object around it, or as JSON in a string. */
function within<T>(value: unknown, asked: Asked<T>, depth: number): Read<T>[] {
  if (depth > DEEPEST) return [];
  if (typeof value === "string") {
    const trimmed = value.trim();
    const parsed = depth === 0 || /^[{[]/.test(trimmed) ? parseLoose(trimmed, 0, asked) : null;
    if (!parsed || typeof parsed.value === "string" || trimmed.slice(parsed.end).trim() !== "") return [];
    return within(parsed.value, asked, depth + 1).map((one) => ({ ...one, doubts: [...parsed.doubts, ...one.doubts] }));
  }
  const itself = asked.read(canonical(value, asked.keys));
  if (itself !== null) {
    const names = isRecord(value) ? Object.keys(value).map(plainKey) : [];
    const isTwice = new Set(names).size < names.length;
    return [{ value: itself, doubts: isTwice ? ["one key twice"] : [] }];
  }
  const inner = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return inner.flatMap((one) =>
    typeof one === "object" || typeof one === "string" ? within(one, asked, depth + 1) : [],
  );
}

/** An object that was cut, as far as it goes: whole entries alone. */
function cut<T>(text: string, asked: Asked<T>): Read<T> | null {
  for (let at = nextOpening(text, 0), tries = 0; at >= 0 && tries < 10; at = nextOpening(text, at + 1), tries++) {
    const parsed = parseLoose(text, at, { ...asked, partly: true });
    const value = parsed && asked.read(canonical(parsed.value, asked.keys));
    if (parsed && value !== null) return { value, doubts: [...parsed.doubts, CUT] };
  }
  return null;
}

/** Its keys as they were asked for. */
function canonical(value: unknown, keys: readonly string[]): unknown {
  if (!isRecord(value) || keys.length === 0) return value;
  const names = new Map(keys.map((key) => [plainKey(key), key]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [names.get(plainKey(key)) ?? key, inner]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
