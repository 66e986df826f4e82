import type { Extractor } from "../graph.ts";
import type { Match, Patterns } from "../pattern.ts";
import { parseLoose, WrittenNumber } from "./loose-parser.ts";
import { readReply } from "./read-reply.ts";

export interface Extracted {
  /** Trimmed; the whole trimmed reply on a format error. */
  readonly value: string;
  /** Whether the reply does not match the node's `output`, or the match is empty. */
  readonly formatError: boolean;
}

/**
 * The part of a reply that is a node's value. If a mark occurs more than once, the last one counts, because models
 * reason before they answer.
 * @param extractor null: the whole reply
 * @throws PatternTimeout
 */
export async function extract(reply: string, extractor: Extractor | null, patterns: Patterns): Promise<Extracted> {
  const match = extractor?.kind === "pattern" ? await patterns.match(extractor.pattern, "", reply) : null;
  return extracted(reply, extractor, match);
}

/** The value for display, without waiting: the whole reply if a pattern takes long. */
export function shownValue(reply: string, extractor: Extractor | null, patterns: Patterns): string {
  try {
    const match = extractor?.kind === "pattern" ? patterns.matchNow(extractor.pattern, "", reply) : null;
    return extracted(reply, extractor, match).value;
  } catch {
    return reply;
  }
}

/** @param match of the extractor's pattern */
function extracted(reply: string, extractor: Extractor | null, match: Match): Extracted {
  const whole = reply.trim();
  if (!extractor) return { value: whole, formatError: false };
  const value = find(reply, extractor, match)?.trim() ?? "";
  return value === "" ? { value: whole, formatError: true } : { value, formatError: false };
}

function find(reply: string, extractor: Extractor, match: Match): string | null {
  switch (extractor.kind) {
    case "after":
      return after(reply, extractor.after);
    case "tag":
      return inTag(reply, extractor.tag);
    case "pattern":
      return match && (match[1] ?? match[0] ?? null);
    case "json":
      return jsonAt(reply, extractor.json);
  }
}

/** The text after a mark, without the rest of emphasis around the mark: `**Answer:** 4` and `**Answer: 4**` are 4. */
function after(reply: string, mark: string): string | null {
  const at = reply.lastIndexOf(mark);
  if (at < 0) return null;
  const rest = reply.slice(at + mark.length);
  const [opened] = /(?:\*{1,3}|_{1,3}|`)$/.exec(reply.slice(0, at)) ?? [];
  const closed = opened === undefined ? -1 : rest.indexOf(opened);
  return opened === undefined || closed < 0 ? rest : rest.slice(0, closed) + rest.slice(closed + opened.length);
}

function inTag(reply: string, tag: string): string | null {
  const end = reply.lastIndexOf(`</${tag}>`);
  const open = `<${tag}>`;
  const start = end < 0 ? -1 : reply.lastIndexOf(open, end);
  return start < 0 ? null : reply.slice(start + open.length, end);
}

/**
 * The last value in a reply that has the path; a number as written.
 * @param path keys and array positions separated by dots, `answer.items.0`; empty: the whole value
 */
function jsonAt(reply: string, path: string): string | null {
  const keys = path === "" ? [] : path.split(".");
  const [first = ""] = keys;
  const read = (value: unknown) => atPath(value, keys);
  const whole = parseLoose(reply.trim(), 0, { written: true });
  const ofWhole = whole && whole.end === reply.trim().length ? read(whole.value) : null;
  if (ofWhole !== null) return ofWhole;
  return readReply(reply, { keys: first === "" ? [] : [first], read, written: true })?.value ?? null;
}

function atPath(whole: unknown, keys: readonly string[]): string | null {
  let value = whole;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
    value = Reflect.get(value, key);
  }
  if (value === null || value === undefined) return null;
  if (value instanceof WrittenNumber) return value.text;
  return typeof value === "string" ? value : JSON.stringify(value);
}
