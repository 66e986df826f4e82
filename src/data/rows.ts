import { Readable } from "node:stream";
import { parse } from "csv-parse";
import { isNestedTooDeep } from "../graph/json.ts";

/** One object of a data file. */
export interface Row {
  /** From 1: the line of a JSONL file, else the position among the rows (a CSV header is none). */
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface BrokenRow {
  readonly number: number;
  /** What is wrong with it, to follow a colon. */
  readonly reason: string;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly broken: readonly BrokenRow[];
}

/** Lets others have a turn when there was much to do: a large file is read in many. */
export type Breathe = () => Promise<void>;

type Format = (text: string, breathe: Breathe) => Promise<Rows>;

const FORMATS: Readonly<Record<string, Format>> = {
  ".jsonl": readJsonl,
  ".ndjson": readJsonl,
  ".json": readJson,
  ".csv": (text, breathe) => readTable(text, delimiterOf(text), breathe),
  ".tsv": (text, breathe) => readTable(text, "\t", breathe),
};

export const EXTENSIONS = Object.keys(FORMATS);

/** How to read a data file of this name; null where its ending says nothing. */
export function formatOf(name: string): Format | null {
  const ending = EXTENSIONS.find((extension) => name.toLowerCase().endsWith(extension));
  return ending === undefined ? null : (FORMATS[ending] ?? null);
}

/** Rows that stand in the graph file itself. */
export function inlineRows(values: readonly Readonly<Record<string, unknown>>[]): Rows {
  return { rows: values.map((fields, index) => ({ number: index + 1, fields })), broken: [] };
}

/** Rows that cannot be read, after which the rest is not looked at: each takes as long as a hundred that can. */
const MOST_BROKEN = 1_000;

async function readJsonl(text: string, breathe: Breathe): Promise<Rows> {
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  const lines = withoutMark(text).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    if (broken.length >= MOST_BROKEN) break;
    try {
      addRow(parsed(line), index + 1, rows, broken);
    } catch (error) {
      broken.push({ number: index + 1, reason: `it is no JSON (${messageOf(error)})` });
    }
    await breathe();
  }
  return { rows, broken };
}

/** A list of objects, or an object with one such list in it. */
async function readJson(text: string): Promise<Rows> {
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  try {
    const value = parsed(withoutMark(text));
    const list = Array.isArray(value) ? value : onlyList(value);
    if (!list) return { rows, broken: [{ number: 1, reason: "the file holds no list of objects" }] };
    for (const [index, entry] of list.entries()) addRow(entry, index + 1, rows, broken);
  } catch (error) {
    broken.push({ number: 1, reason: `the file is no JSON (${messageOf(error)})` });
  }
  return { rows, broken };
}

const LONGEST_HEADER = 2 ** 16;

/** A comma, or the semicolon or tab that spreadsheets write in much of the world: what stands most often in the header. */
function delimiterOf(text: string): string {
  const header =
    /^(?:"(?:[^"]|"")*"|[^"\r\n])*/
      .exec(withoutMark(text.slice(0, LONGEST_HEADER)))?.[0]
      .replace(/"(?:[^"]|"")*"/g, "") ?? "";
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

/** Names of columns, without spaces around them. @throws Error where a name stands twice */
function columnsOf(header: readonly string[]): string[] {
  const names = header.map((name) => name.trim());
  const seen = new Set<string>();
  const twice = names.find((name) => name !== "" && seen.size === seen.add(name).size);
  if (twice !== undefined) throw new Error(`the header names the column ${JSON.stringify(twice)} twice`);
  return names;
}

async function readTable(text: string, delimiter: string, breathe: Breathe): Promise<Rows> {
  const broken: BrokenRow[] = [];
  const parser = parse({
    bom: true,
    columns: columnsOf,
    delimiter,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (broken.length >= MOST_BROKEN) throw error;
      broken.push({ number: Number(error?.records ?? 0) + broken.length + 1, reason: messageOf(error) });
    },
  });
  try {
    const records: Record<string, unknown>[] = [];
    for await (const record of Readable.from(piecesOf(text)).pipe(parser)) {
      records.push(record);
      await breathe();
    }
    return { rows: numbered(records, broken), broken };
  } catch (error) {
    return { rows: [], broken: [...broken, { number: 1, reason: messageOf(error) }] };
  }
}

/** Bytes that are parsed in one go. */
const PIECE = 2 ** 16;

function* piecesOf(text: string): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

/** Positions that count the skipped records, too. */
function numbered(records: readonly Record<string, unknown>[], broken: readonly BrokenRow[]): Row[] {
  const skipped = new Set(broken.map(({ number }) => number));
  let number = 0;
  return records.map((fields) => {
    do number++;
    while (skipped.has(number));
    return { number, fields };
  });
}

/** @throws Error in words for a person */
function parsed(json: string): unknown {
  if (isNestedTooDeep(json)) throw new Error("its brackets stand too deep in each other");
  return JSON.parse(json);
}

function addRow(value: unknown, number: number, rows: Row[], broken: BrokenRow[]): void {
  if (isObject(value)) rows.push({ number, fields: value });
  else broken.push({ number, reason: "it is no object { … }" });
}

function onlyList(value: unknown): unknown[] | null {
  if (!isObject(value)) return null;
  const lists = Object.values(value).filter((entry) => Array.isArray(entry));
  return lists.length === 1 ? (lists[0] ?? null) : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
