import type { Node } from "jsonc-parser";
import { isNumber, LosslessNumber, parse } from "lossless-json";
import { endOfString, isNestedTooDeep, memberOf } from "../graph/replies/json.ts";
import type { Locale, Translate } from "../i18n/locale.ts";
import { parseInParts } from "./json-parts.ts";
import { type BrokenRow, DataUnreadable, MOST_BROKEN, type ReadContext, type Row, type Rows } from "./row.ts";
import { type DataText, linesIn, wholeText } from "./text.ts";

/** Reads one JSON value per line; a file with a single JSON value over several lines is read as such. */
export async function readJsonLines(text: DataText, context: ReadContext): Promise<Rows> {
  const { locale, yieldNow } = context;
  if (!("value" in parsed(await firstLine(text), locale))) {
    const whole = await parsedWhole(text, context);
    if ("value" in whole) return rowsIn(whole.value, context);
    refuseRun(await wholeText(text), context);
  }
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  let number = 0;
  for await (const lines of linesIn(text)) {
    for (const line of lines) {
      number += 1;
      if (line.trim() === "") continue;
      if (broken.length >= MOST_BROKEN) return { rows, broken };
      // Files that were put together keep their marks.
      const one = parsed(line.startsWith("\uFEFF") ? line.slice(1) : line, locale);
      if ("value" in one) addRow(one.value, number, rows, broken, locale);
      else broken.push({ number, reason: one.fault });
      await yieldNow();
    }
  }
  return { rows, broken };
}

/** The first line that is not empty. */
async function firstLine(text: DataText): Promise<string> {
  for await (const lines of linesIn(text)) for (const line of lines) if (line.trim() !== "") return line;
  return "";
}

/** Reads a list of objects, an object that contains such lists, columns, or JSON Lines with another extension. */
export async function readJson(text: DataText, context: ReadContext): Promise<Rows> {
  const { locale } = context;
  const whole = await parsedWhole(text, context);
  if (!("value" in whole)) {
    const first = await firstLine(text);
    const all = await wholeText(text);
    const hasMore = all.trim() !== first.trim();
    const one = hasMore ? parsed(first, locale) : whole;
    if ("value" in one && isObject(one.value)) return readJsonLines(text, context);
    refuseRun(all, context);
    return { rows: [], broken: [{ number: 1, reason: whole.fault }] };
  }
  return rowsIn(whole.value, context);
}

/** Objects one after the other, as `jq` writes them: over several lines, or several on one. @throws DataUnreadable */
function refuseRun(text: string, { name, locale }: ReadContext): void {
  const start = text.search(/\S/);
  const end = text[start] === "{" ? endOfObject(text, start) : -1;
  if (end < 0 || !/^\s*\{/.test(text.slice(end, end + 1_000)) || !("value" in parsed(text.slice(start, end), locale)))
    return;
  throw new DataUnreadable(
    locale.t("{0} has several JSON objects that are not on lines of their own.", name),
    locale.t("Write each object on a line of its own, for example with {0}", "jq -c ."),
  );
}

/** Index after the bracket that closes an object; −1 if none does. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return -1;
}

async function rowsIn(value: unknown, context: ReadContext): Promise<Rows> {
  const { locale, yieldNow } = context;
  const { list, note } = listOf(value, context);
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  for (const [index, entry] of list.entries()) {
    addRow(entry, index + 1, rows, broken, locale);
    await yieldNow();
  }
  return { rows, broken, ...(note !== undefined && { note }) };
}

interface List {
  readonly list: readonly unknown[];
  readonly note?: string;
}

/** Finds the rows of a JSON file. @throws DataUnreadable if several lists can be meant, or none */
function listOf(value: unknown, context: ReadContext): List {
  const { name: file, locale, list: path, names = [] } = context;
  const { t } = locale;
  if (path !== undefined) {
    const found = path.split(".").reduce(memberOf, value);
    if (Array.isArray(found)) return { list: found };
    const lists = listsIn(value).map(([name]) => name);
    throw new DataUnreadable(
      t("{0} has no list at {1}.", file, JSON.stringify(path)),
      lists.length > 0 ? t("Name one of its lists: {0}.", lists.join(", ")) : t("Correct the path."),
    );
  }
  if (Array.isArray(value)) return { list: value };
  const served = servedRows(value, context);
  if (served) return served;
  const lists = listsIn(value);
  const [only, ...others] = lists;
  if (only && others.length === 0) return { list: only[1] };
  const named = lists.filter(([name]) => names.includes(name.toLowerCase()));
  if (named.length === 1 && named[0]) return { list: named[0][1] };
  if (only) {
    const shown = lists
      .slice(0, 6)
      .map(([name, list]) => `${JSON.stringify(name)} (${locale.count(list.length, "row")})`);
    throw new DataUnreadable(
      t("{0} has several lists: {1}.", file, shown.join(", ")),
      t("Name one: {0}.", `{ "file": "…", "list": ${JSON.stringify(only[0])} }`),
    );
  }
  const table = isObject(value) ? columns(value) : null;
  if (table) return { list: table };
  throw new DataUnreadable(
    t("{0} has no list of objects.", file),
    t("Use a list of objects as rows: {0}.", "[{ … }, { … }]"),
  );
}

/** What the rows API of Hugging Face returns: `{ "rows": [{ "row_idx": 0, "row": { … }, "truncated_cells": [] }] }`. */
function servedRows(value: unknown, { name, locale }: ReadContext): List | null {
  const { t } = locale;
  const rows = memberOf(value, "rows");
  if (!Array.isArray(rows) || rows.length === 0 || !rows.every((entry) => isObject(memberOf(entry, "row"))))
    return null;
  const cut = rows.findIndex((entry) => {
    const cells = memberOf(entry, "truncated_cells");
    return Array.isArray(cells) && cells.length > 0;
  });
  if (cut >= 0) {
    throw new DataUnreadable(
      t("{0} has truncated cells, the first in row {1}.", name, cut + 1),
      t("Download the full data set instead of its preview."),
    );
  }
  const total = Number(String(memberOf(value, "num_rows_total") ?? rows.length));
  const list = rows.map((entry) => memberOf(entry, "row"));
  if (total <= rows.length) return { list };
  return { list, note: t("{0} has only {1} of the data set's {2}.", name, rows.length, locale.count(total, "row")) };
}

/** Lists of objects by path, from the outermost level that has any. */
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

/** Tables in the formats of pandas and datasets: by columns, with or without an index, or `{ columns, data }`. */
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
      Object.fromEntries(entries.map(([name, column]) => [name, memberOf(column, String(at))])),
    );
  }
  const [first] = entries;
  if (!first || !entries.every(([, column]) => isObject(column))) return null;
  const keys = Object.keys(first[1] ?? {});
  if (keys.length === 0 || !keys.every((key) => /^\d+$/.test(key))) return null;
  return keys.map((key) => Object.fromEntries(entries.map(([name, column]) => [name, memberOf(column, key)])));
}

/** A value from the graph file, with numbers as written. The reader of the file reports numbers that end early: `0e`. */
export function losslessValue(node: Node, text: string): unknown {
  if (node.type === "number") {
    const written = text.slice(node.offset, node.offset + node.length);
    return isNumber(written) ? new LosslessNumber(written) : node.value;
  }
  if (node.type === "array") return (node.children ?? []).map((child) => losslessValue(child, text));
  if (node.type !== "object") return node.value;
  const members = (node.children ?? []).flatMap(({ children }): [string, unknown][] => {
    const [key, value] = children ?? [];
    return key && value ? [[String(key.value), losslessValue(value, text)]] : [];
  });
  return Object.fromEntries(members);
}

type Parsed = { readonly value: unknown } | { readonly fault: string };

/** The same for a whole file. */
async function parsedWhole(text: DataText, { locale, yieldNow }: ReadContext): Promise<Parsed> {
  const parse = (json: string) => {
    const one = parsed(json, locale);
    return "value" in one ? one : null;
  };
  return (await parseInParts(text, parse, yieldNow)) ?? parsed(await wholeText(text), locale);
}

/** The value, or why the text isn't JSON. */
function parsed(json: string, { t }: Locale): Parsed {
  if (isNestedTooDeep(json)) return { fault: t("its brackets are nested too deeply") };
  try {
    const value: unknown = JSON.parse(json);
    // Ten times as fast as the parser below, if it loses nothing.
    if (keysWritten(json) === keysIn(value)) return { value };
  } catch {
    // The parser below reports the error.
  }
  let twice: string | null = null;
  const onDuplicateKey = ({ key }: { key: string }) => {
    twice ??= key;
  };
  try {
    const value = parse(json, null, { onDuplicateKey });
    if (twice !== null) return { fault: t("it has the key {0} twice, with different values", JSON.stringify(twice)) };
    return { value };
  } catch (error) {
    return {
      fault: t("it is not JSON ({0})", faultIn(json, error instanceof Error ? error.message : String(error), t)),
    };
  }
}

/** Number of keys in a JSON text; null if a number is not written as JavaScript writes it: `1.50`, 2⁵³ + 1. */
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

/** Names values of other languages that JSON doesn't have; otherwise the parser's message, with the line. */
function faultIn(json: string, message: string, t: Translate): string {
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  const word = /^(?:-?Infinity|NaN|None|True|False|undefined|nan)\b/.exec(json.slice(at))?.[0];
  const line = json.slice(0, at).split("\n").length;
  const problem =
    word !== undefined
      ? t("{0} is not a JSON value", word)
      : json[at] === "'"
        ? t("JSON requires double quotes")
        : message;
  return line > 1 ? t("{0}, in line {1}", problem, line) : problem;
}

function addRow(value: unknown, number: number, rows: Row[], broken: BrokenRow[], { t }: Locale): void {
  if (isObject(value)) rows.push({ number, fields: value });
  else if (broken.length < MOST_BROKEN) broken.push({ number, reason: t("it is not an object") });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}
