import { Readable } from "node:stream";
import { CsvError, type Options, parse } from "csv-parse";
import { parse as parseAtOnce } from "csv-parse/sync";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import { type BrokenRow, DataUnreadable, MOST_BROKEN, type ReadContext, type Row, type Rows } from "./row.ts";
import { type DataText, linesIn, startOf, withoutStart } from "./text.ts";

/** The most lenient options, to detect the layout of a file. */
const LOOSE = { relax_column_count: true, relax_quotes: true, skip_empty_lines: true, skip_records_with_error: true };

/**
 * Reads a table with a header. Empty rows are left out; a delimiter named in the file (`sep=;`) takes precedence.
 * @param candidates delimiters to try, the most common first
 * @throws DataUnreadable if more than one delimiter fits
 */
export async function readTable(text: DataText, context: ReadContext, candidates: readonly string[]): Promise<Rows> {
  const { head, delimiter } = layoutOf(await startOf(text, SAMPLE + 1), candidates, context);
  await context.yieldNow();
  const body = withoutStart(text, head.length);
  let result: Rows | null = null;
  for await (const dialect of dialectsOf(body, delimiter, context)) {
    const read = await readDialect(body, { ...dialect, delimiter }, context);
    if (read.broken.length === 0 && (read.rows.length > 0 || !result)) return read;
    result ??= read;
    if (result.broken.length >= MOST_BROKEN) break;
  }
  return result ?? { rows: [], broken: [] };
}

interface Layout {
  /** The first line, if it is not the header but names the delimiter; else empty. */
  readonly head: string;
  readonly delimiter: string;
}

/** The layout of a table, as `readTable` finds it. @throws DataUnreadable */
export function tableLayout(text: string, name: string): Layout {
  const candidates = /\.csv$/i.test(name) ? CSV_DELIMITERS : TSV_DELIMITERS;
  return layoutOf(text, candidates, { name, locale: ENGLISH, yieldNow: async () => {} });
}

function layoutOf(text: string, candidates: readonly string[], context: ReadContext): Layout {
  const [head = "", own] = /^"?sep=(.)"?\r?(?:\n|$)/.exec(text) ?? [];
  return { head, delimiter: own ?? delimiterOf(text, candidates, context) };
}

/** Delimiters to try, the most common first. */
export const CSV_DELIMITERS = [",", ";", "\t", "|"];
export const TSV_DELIMITERS = ["\t", ",", ";", "|"];

/** Number of characters at the start of a file to analyze. */
const SAMPLE = 2 ** 16;
const SAMPLE_ROWS = 50;

/** The delimiter with which all rows have as many cells as the header; else the most frequent one in the header. */
function delimiterOf(text: string, candidates: readonly string[], context: ReadContext): string {
  const sample = text.length > SAMPLE ? text.slice(0, text.lastIndexOf("\n", SAMPLE) + 1 || SAMPLE) : text;
  const shapes = candidates.map((delimiter) => {
    const records: string[][] = parseAtOnce(sample, { ...LOOSE, delimiter, to: SAMPLE_ROWS });
    const [header = [], ...rows] = records.map(withoutTail);
    const width = header.length;
    return { delimiter, width, fits: width > 1 && rows.every((cells) => cells.length === 0 || cells.length === width) };
  });
  const fitting = shapes.filter(({ fits }) => fits);
  if (fitting.length > 1) throw ambiguous(fitting, context);
  const most = Math.max(...shapes.map(({ width }) => width));
  const widest = shapes.filter(({ width }) => width === most);
  if (fitting.length === 0 && most > 1 && widest.length > 1) throw ambiguous(widest, context);
  return (fitting[0] ?? widest[0])?.delimiter ?? ",";
}

function ambiguous(
  shapes: readonly { readonly delimiter: string }[],
  { name, locale: { t } }: ReadContext,
): DataUnreadable {
  const names: Readonly<Record<string, string>> = {
    ",": t("commas"),
    ";": t("semicolons"),
    "\t": t("tabs"),
    "|": t("vertical bars"),
  };
  const delimiters = shapes.map(({ delimiter }) => delimiter);
  const example = delimiters.find((delimiter) => delimiter !== "\t") ?? ",";
  return new DataUnreadable(
    t(
      "The columns of {0} can be separated by any of these: {1}.",
      name,
      delimiters.map((one) => names[one] ?? one).join(", "),
    ),
    t("Add a first line that names the delimiter: {0}", `sep=${example}`),
  );
}

/** Ways to read quotes, the most likely first: the next one is used only if a row can't be read. */
async function* dialectsOf(text: DataText, delimiter: string, { yieldNow }: ReadContext): AsyncGenerator<Options> {
  if (delimiter === "\t" && (await hasBareQuotes(text, yieldNow))) {
    yield { quote: false };
    return;
  }
  yield {};
  if (await hasLine(text, (line) => line.includes('\\"'), yieldNow)) yield { escape: "\\" };
  if (await hasLine(text, (line) => /[,;|] +"/.test(line), yieldNow)) yield { ltrim: true };
  yield { relax_quotes: true };
}

async function hasLine(
  text: DataText,
  isMeant: (line: string) => boolean,
  yieldNow: () => Promise<void>,
): Promise<boolean> {
  for await (const lines of linesIn(text)) {
    await yieldNow();
    if (lines.some(isMeant)) return true;
  }
  return false;
}

/**
 * Whether quotes are plain characters: in a tab-separated file whose lines all have as many cells as the header,
 * unpaired quotes are.
 */
async function hasBareQuotes(text: DataText, yieldNow: () => Promise<void>): Promise<boolean> {
  let width: number | null = null;
  let found = false;
  for await (const lines of linesIn(text)) {
    await yieldNow();
    for (const line of lines) {
      const cells = line.replace(/\r$/, "").split("\t");
      if (cells.length === 1 && cells[0] === "") continue;
      width ??= cells.length;
      if (cells.length !== width) return false;
      found ||= cells.some((cell) => cell.includes('"') && !/^"(?:[^"]|"")*"$/.test(cell));
    }
  }
  return found;
}

async function readDialect(text: DataText, dialect: Options, { locale, yieldNow }: ReadContext): Promise<Rows> {
  const unread: BrokenRow[] = [];
  const skipped = new Set<number>();
  const parser = parse({
    ...dialect,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (unread.length >= MOST_BROKEN) throw error;
      const number = Math.max(1, Number(error?.records ?? 1) + unread.length);
      unread.push({ number, reason: reasonOf(error, locale) });
      skipped.add(number);
    },
  });
  const records: Row[] = [];
  const broken: BrokenRow[] = [];
  let names: readonly string[] | null = null;
  let number = 0;
  try {
    const source = Readable.from(encoded(text)).on("error", (error) => parser.destroy(error));
    for await (const cells of source.pipe(parser)) {
      await yieldNow();
      if (broken.length >= MOST_BROKEN) break;
      if (names) {
        // Positions include rows that can't be read.
        do number++;
        while (skipped.has(number));
        const row = rowOf(names, cells, number, locale);
        if (row && "reason" in row) broken.push(row);
        else if (row) records.push(row);
      } else names = withoutTail(cells).map(columnName);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { rows: [], broken: [...unread, { number: 1, reason: reasonOf(error, locale) }] };
  }
  const repeated = repeatedIn(names ?? []);
  const all = [...broken, ...unread].toSorted((a, b) => a.number - b.number);
  return { rows: records, broken: all, ...(repeated.length > 0 && { repeated }) };
}

/** null for an empty row. */
function rowOf(
  names: readonly string[],
  record: readonly string[],
  number: number,
  locale: Locale,
): Row | BrokenRow | null {
  const cells = withoutTail(record);
  if (cells.length === 0) return null;
  if (cells.length > names.length || record.length < names.length) {
    const has = locale.count(cells.length > names.length ? cells.length : record.length, "cell");
    const reason = locale.t("it has {0}, but the header has {1}", has, locale.count(names.length, "column"));
    return { number, reason };
  }
  const named = names.flatMap((name, at): [string, string][] => (name === "" ? [] : [[name, record[at] ?? ""]]));
  return { number, fields: Object.fromEntries(named) };
}

/** The name in a cell of the header: without spaces and characters of no width around it, which no one sees. */
export function columnName(cell: string): string {
  return cell.replace(/^[\s\u200B-\u200F\u2060\uFEFF]+|[\s\u200B-\u200F\u2060\uFEFF]+$/g, "");
}

function repeatedIn(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => name !== "" && seen.size === seen.add(name).size);
}

/** Removes empty cells at the end, which spreadsheets add. */
function withoutTail(cells: readonly string[]): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== "") + 1);
}

function reasonOf(error: CsvError | unknown, { t }: Locale): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : "";
  const line = error instanceof Error && "lines" in error ? String(error.lines) : "?";
  if (code === "CSV_QUOTE_NOT_CLOSED") return t("a quote is never closed");
  if (code === "INVALID_OPENING_QUOTE")
    return t("in line {0}, a quote is inside a cell that doesn't start with one", line);
  if (code === "CSV_INVALID_CLOSING_QUOTE")
    return t('in line {0}, text follows a closing quote. A quote inside quotes is written as ""', line);
  return message;
}

/** Bytes to parse at once: the parser looks at each of them. */
const CHUNK = 2 ** 15;

async function* encoded(text: DataText): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of text.pieces()) {
    const bytes = encoder.encode(piece);
    for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
  }
}
