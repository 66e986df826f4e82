import type { Node } from "jsonc-parser";
import { LosslessNumber, parse } from "lossless-json";
import { endOfString, isNestedTooDeep } from "../graph/json.ts";
import {
  type Breathe,
  type BrokenRow,
  DataUnreadable,
  MOST_BROKEN,
  type ReadOptions,
  type Row,
  type Rows,
} from "./row.ts";

/** One JSON value a line; a file that is one JSON value after all is read as such. */
export async function readJsonLines(text: string, breathe: Breathe, options?: ReadOptions): Promise<Rows> {
  const lines = text.split("\n");
  const first = lines.find((line) => line.trim() !== "") ?? "";
  if (!("value" in parsed(first)) && "value" in parsed(text)) return readJson(text, breathe, options);
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    if (broken.length >= MOST_BROKEN) break;
    const one = parsed(line);
    if ("value" in one) addRow(one.value, index + 1, rows, broken);
    else broken.push({ number: index + 1, reason: one.fault });
    await breathe();
  }
  return { rows, broken };
}

/** A list of objects, an object with such lists in it, columns, or JSON Lines under another name. */
export async function readJson(text: string, breathe: Breathe, options: ReadOptions = {}): Promise<Rows> {
  const whole = parsed(text);
  if (!("value" in whole)) {
    const first = text.split("\n").find((line) => line.trim() !== "") ?? "";
    const one = text.trim().includes("\n") ? parsed(first) : whole;
    if ("value" in one && isObject(one.value)) return readJsonLines(text, breathe);
    return { rows: [], broken: [{ number: 1, reason: whole.fault }] };
  }
  const { list, note } = listOf(whole.value, options);
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  for (const [index, entry] of list.entries()) {
    addRow(entry, index + 1, rows, broken);
    await breathe();
  }
  return { rows, broken, ...(note !== undefined && { note }) };
}

interface List {
  readonly list: readonly unknown[];
  readonly note?: string;
}

/** Where the rows of a JSON file stand. @throws DataUnreadable where that is not clear */
function listOf(value: unknown, { list: path, names = [] }: ReadOptions): List {
  if (path !== undefined) {
    const found = path.split(".").reduce(member, value);
    if (Array.isArray(found)) return { list: found };
    const lists = listsIn(value).map(([name]) => name);
    throw new DataUnreadable(
      `has no list at ${JSON.stringify(path)}`,
      lists.length > 0 ? `Name one of its lists: ${lists.join(", ")}.` : "Correct the path.",
    );
  }
  if (Array.isArray(value)) return { list: value };
  const served = servedRows(value);
  if (served) return served;
  const lists = listsIn(value);
  const [only, ...others] = lists;
  if (only && others.length === 0) return { list: only[1] };
  const named = lists.filter(([name]) => names.includes(name.toLowerCase()));
  if (named.length === 1 && named[0]) return { list: named[0][1] };
  if (only) {
    const shown = lists.slice(0, 6).map(([name, list]) => `${JSON.stringify(name)} (${list.length} rows)`);
    throw new DataUnreadable(
      `holds several lists: ${shown.join(", ")}`,
      `Name one: { "file": "…", "list": ${JSON.stringify(only[0])} }.`,
    );
  }
  const table = isObject(value) ? columns(value) : null;
  if (table) return { list: table };
  throw new DataUnreadable("holds no list of objects", "Use a list of objects as rows: [{ … }, { … }].");
}

/** What the rows API of Hugging Face returns: `{ "rows": [{ "row_idx": 0, "row": { … }, "truncated_cells": [] }] }`. */
function servedRows(value: unknown): List | null {
  const rows = member(value, "rows");
  if (!Array.isArray(rows) || rows.length === 0 || !rows.every((entry) => isObject(member(entry, "row")))) return null;
  const cut = rows.findIndex((entry) => {
    const cells = member(entry, "truncated_cells");
    return Array.isArray(cells) && cells.length > 0;
  });
  if (cut >= 0) {
    throw new DataUnreadable(
      `holds cells that were cut short, the first in row ${cut + 1}`,
      "Download the full data set instead of its preview.",
    );
  }
  const total = Number(String(member(value, "num_rows_total") ?? rows.length));
  const list = rows.map((entry) => member(entry, "row"));
  return total > rows.length ? { list, note: `It holds ${rows.length} of the data set's ${total} rows.` } : { list };
}

/** Lists that hold objects, by their paths, of the outermost level that has any. */
function listsIn(value: unknown): [path: string, list: unknown[]][] {
  let level: [string, unknown][] = isObject(value) ? Object.entries(value) : [];
  for (let depth = 0; depth < 3 && level.length > 0; depth++) {
    const lists = level.flatMap(([path, one]): [string, unknown[]][] =>
      Array.isArray(one) && one.some(isObject) ? [[path, one]] : [],
    );
    if (lists.length > 0) return lists;
    level = level.flatMap(([path, one]) =>
      isObject(one) ? Object.entries(one).map(([key, inner]): [string, unknown] => [`${path}.${key}`, inner]) : [],
    );
  }
  return [];
}

/** Tables as pandas and datasets write them: by columns, with or without an index, or `{ columns, data }`. */
function columns(value: Readonly<Record<string, unknown>>): unknown[] | null {
  const { columns: names, data } = value;
  if (Array.isArray(names) && Array.isArray(data) && data.every(Array.isArray)) {
    return data.map((cells) => Object.fromEntries(names.map((name, at) => [String(name), cells[at]])));
  }
  const entries = Object.entries(value);
  const lengths = new Set(entries.map(([, column]) => (Array.isArray(column) ? column.length : -1)));
  const [length] = lengths;
  if (lengths.size === 1 && length !== undefined && length >= 0) {
    return Array.from({ length }, (_, at) =>
      Object.fromEntries(entries.map(([name, column]) => [name, member(column, String(at))])),
    );
  }
  const [first] = entries;
  if (!first || !entries.every(([, column]) => isObject(column))) return null;
  const keys = Object.keys(first[1] ?? {});
  if (keys.length === 0 || !keys.every((key) => /^\d+$/.test(key))) return null;
  return keys.map((key) => Object.fromEntries(entries.map(([name, column]) => [name, member(column, key)])));
}

/** A value of the graph file, with its numbers as they are written. */
export function losslessValue(node: Node, text: string): unknown {
  if (node.type === "number") return new LosslessNumber(text.slice(node.offset, node.offset + node.length));
  if (node.type === "array") return (node.children ?? []).map((child) => losslessValue(child, text));
  if (node.type !== "object") return node.value;
  const members = (node.children ?? []).flatMap(({ children }): [string, unknown][] => {
    const [key, value] = children ?? [];
    return key && value ? [[String(key.value), losslessValue(value, text)]] : [];
  });
  return Object.fromEntries(members);
}

/** The value, or what keeps the text from being JSON. */
function parsed(json: string): { readonly value: unknown } | { readonly fault: string } {
  if (isNestedTooDeep(json)) return { fault: "its brackets are nested too deeply" };
  try {
    const value: unknown = JSON.parse(json);
    // Ten times as fast as the parser below, for what it reads without loss.
    if (keysWritten(json) === keysIn(value)) return { value };
  } catch {
    // The parser below says what is wrong.
  }
  let twice: string | null = null;
  const onDuplicateKey = ({ key }: { key: string }) => {
    twice ??= key;
  };
  try {
    const value = parse(json, null, { onDuplicateKey });
    if (twice !== null) return { fault: `it has the key ${JSON.stringify(twice)} twice, with different values` };
    return { value };
  } catch (error) {
    return { fault: `it is not JSON (${faultIn(json, error instanceof Error ? error.message : String(error))})` };
  }
}

/** Keys in a JSON text; null where a number of it is not written as JavaScript writes it: `1.50`, 2⁵³ + 1. */
function keysWritten(json: string): number | null {
  let keys = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === 0x22) at = endOfString(json, at);
    else if (character === 0x3a) keys++;
    else if (character === 0x2d || (character >= 0x30 && character <= 0x39)) {
      NUMBER.lastIndex = at;
      const written = NUMBER.exec(json)?.[0] ?? "-";
      if (String(Number(written)) !== written) return null;
      at += written.length - 1;
    }
  }
  return keys;
}

const NUMBER = /[-+.\deE]+/y;

function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  let keys = Array.isArray(value) ? 0 : inner.length;
  for (const one of inner) if (typeof one === "object") keys += keysIn(one);
  return keys;
}

/** What other languages write and JSON does not have is named; else the parser's words, with the line. */
function faultIn(json: string, message: string): string {
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  const word = /^(?:-?Infinity|NaN|None|True|False|undefined|nan)\b/.exec(json.slice(at))?.[0];
  const line = json.slice(0, at).split("\n").length;
  const place = line > 1 ? ` in line ${line}` : "";
  if (word !== undefined) return `${word}${place} is not a JSON value`;
  if (json[at] === "'") return `JSON requires double quotes${place}`;
  return line > 1 ? `${message}${place}` : message;
}

function addRow(value: unknown, number: number, rows: Row[], broken: BrokenRow[]): void {
  if (isObject(value)) rows.push({ number, fields: value });
  else if (broken.length < MOST_BROKEN) broken.push({ number, reason: "it is not an object { … }" });
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}
