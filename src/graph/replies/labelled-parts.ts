import { decodeBetween, QUOTES } from "./loose-parser.ts";

/** Parts of a reply that are named like the keys of the object that was requested. */
export interface LabelledParts {
  readonly value: Readonly<Record<string, string>>;
  /** What may also have been meant otherwise; empty: the parts are as they were meant. */
  readonly doubts: readonly string[];
}

/**
 * Reads what small models write in place of JSON: `<text>…</text>`, or lines that start with a key (`text: …`,
 * `**Text:** …`, `## Text`, YAML). Where the last part ends is known only of a block with words behind it, and of a fence.
 */
export function labelledParts(reply: string, keys: readonly string[]): LabelledParts | null {
  if (keys.length === 0) return null;
  const parts = inTags(reply, keys) ?? inLines(reply, keys);
  // Broken JSON, whose text may contain such lines.
  const isBroken = keys.some((key) => new RegExp(`["'“]${escaped(key)}["'”]\\s*:`, "i").test(reply));
  if (!parts) return null;
  const missing = keys.filter((key) => !Object.hasOwn(parts.value, key)).map((key) => `no ${key}`);
  return { ...parts, doubts: [...parts.doubts, ...missing, ...(isBroken ? ["broken JSON"] : [])] };
}

/** Whether a line or a tag is named like one of the keys. */
export function isLabelled(reply: string, keys: readonly string[]): boolean {
  return (
    keys.some((key) => reply.includes(":") && linePattern(key).test(reply)) ||
    (keys.includes("text") && /<text>/i.test(reply))
  );
}

function inTags(reply: string, keys: readonly string[]): LabelledParts | null {
  const parts: [string, string][] = [];
  const doubts: string[] = [];
  for (const key of keys) {
    const all = [...reply.matchAll(new RegExp(`<(/?)${escaped(key)}\\s*>`, "gi"))];
    const [open, close] = all;
    if (!open || !close || open[1] !== "" || close[1] !== "/") continue;
    const inner = reply.slice(open.index + open[0].length, close.index);
    if (all.length > 2) doubts.push(`more than one <${key}>`);
    if (/&(?:lt|gt|amp|quot|apos|#\d+);|<!\[CDATA\[/.test(inner)) doubts.push("entities");
    parts.push([key, inner.trim()]);
  }
  if (parts.length === 0) return null;
  const tags = keys.map(escaped).join("|");
  const beside = reply
    .replace(new RegExp(`<(${tags})\\s*>[\\s\\S]*</\\1\\s*>`, "gi"), "")
    .replace(/^\s*```\w*\s*$/gm, "");
  if (beside.trim() !== "") doubts.push("words beside the tags");
  return { value: Object.fromEntries(parts), doubts };
}

/** It may have been cut, or have words behind it. */
const OPEN_END = "no end of the last part";

interface Part {
  readonly key: string;
  readonly lines: string[];
}

function inLines(reply: string, keys: readonly string[]): LabelledParts | null {
  const fenced = wholeFence(reply, keys);
  const lines = (fenced ?? reply).replace(/\r\n?/g, "\n").split("\n");
  const patterns = keys.map((key) => ({
    key,
    line: linePattern(key),
    heading: headingPattern(key),
  }));
  const parts: Part[] = [];
  for (const line of lines) {
    const found = patterns.find((one) => one.line.test(line) || one.heading.test(line));
    if (found) {
      const rest = found.heading.test(line) ? "" : line.replace(found.line, "");
      parts.push({ key: found.key, lines: [rest] });
    } else {
      parts.at(-1)?.lines.push(line);
    }
  }
  if (parts.length === 0) return null;
  const doubts: string[] = [];
  const value = new Map<string, string>();
  for (const [index, { key, lines: own }] of parts.entries()) {
    const isEndKnown = index < parts.length - 1 || fenced !== null;
    const part = contentOf(own, isEndKnown);
    const before = value.get(key);
    if (before !== undefined) doubts.push(`more than one ${key}`);
    value.set(key, before === undefined ? part.text : `${before}\n${part.text}`);
    doubts.push(...part.doubts);
  }
  return { value: Object.fromEntries(value), doubts };
}

function headingPattern(key: string): RegExp {
  return new RegExp(`^#+\\s+${escaped(key).replaceAll(/[_-]/g, "[ _-]?")}\\s*$`, "im");
}

function linePattern(key: string): RegExp {
  return new RegExp(`^[\\s*_#>-]*${escaped(key).replaceAll(/[_-]/g, "[ _-]?")}[\\s*_]*:[*_]*`, "im");
}

/** What is in the one fence of a reply; null if there is none, or more, or where parts start outside of it. */
function wholeFence(reply: string, keys: readonly string[]): string | null {
  const marks = [...reply.matchAll(/^```[^\n`]*$/gm)];
  const [open, close] = marks;
  if (marks.length !== 2 || !open || !close) return null;
  const outside = `${reply.slice(0, open.index)}\n${reply.slice(close.index + close[0].length)}`;
  if (keys.some((key) => linePattern(key).test(outside) || headingPattern(key).test(outside))) return null;
  const inside = reply.slice(open.index + open[0].length + 1, close.index);
  return /^[\s*_#>-]*[\w -]+[\s*_]*:/.test(inside) ? inside : null;
}

function contentOf(lines: readonly string[], isEndKnown: boolean): { text: string; doubts: readonly string[] } {
  const [first = "", ...rest] = lines;
  if (/^\s*\|[-+]?\s*$/.test(first)) return blockOf(rest, isEndKnown);
  if (/^\s*>[-+]?\s*$/.test(first)) return { text: rest.join("\n").trim(), doubts: ["a folded text"] };
  const text = lines.join("\n").trim();
  const fence = /^(`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n\1[ \t]*(?:\n([\s\S]*))?$/.exec(text);
  if (fence) {
    const isMore = (fence[3] ?? "").trim() !== "";
    return { text: fence[2] ?? "", doubts: isMore ? ["words behind the fence"] : [] };
  }
  const marks = QUOTES.find(([open, close]) => text.length > 1 && text.startsWith(open) && text.endsWith(close));
  if (marks) {
    const [open, close] = marks;
    const raw = text.slice(open.length, text.length - close.length);
    const decoded = decodeBetween(raw, marks);
    const isInner = raw.replace(/\\[\s\S]/g, "").includes(close);
    return { text: decoded.text, doubts: [...decoded.doubts, ...(isInner ? ["quotes inside quotes"] : [])] };
  }
  return { text, doubts: isEndKnown ? [] : [OPEN_END] };
}

/** A block of YAML: every line is indented as far as the first. */
function blockOf(lines: readonly string[], isEndKnown: boolean): { text: string; doubts: readonly string[] } {
  const indent = /^[ \t]*/.exec(lines.find((line) => line.trim() !== "") ?? "")?.[0] ?? "";
  const end = lines.findIndex((line) => line.trim() !== "" && !line.startsWith(indent));
  const own = end < 0 ? lines : lines.slice(0, end);
  const doubts = [
    ...(indent === "" || (end >= 0 && isEndKnown) ? ["a block whose end is not clear"] : []),
    ...(end < 0 && !isEndKnown ? [OPEN_END] : []),
  ];
  return {
    text: own
      .map((line) => line.slice(indent.length))
      .join("\n")
      .trim(),
    doubts,
  };
}

/** Node ids and input names hold nothing that a pattern reads otherwise but `-`, which stands for itself outside a class. */
function escaped(key: string): string {
  return key.replace(/[^\w-]/g, "\\$&");
}
