import { columnName } from "./table.ts";

interface Cell {
  readonly start: number;
  readonly end: number;
}

interface Line {
  readonly cells: readonly Cell[];
  readonly end: number;
}

/**
 * The table with new values in one row. New columns are last, and empty in the other rows. Unchanged cells keep
 * their quotes, and lines their ends. null if there is no such row.
 * @param body without a byte order mark and a line that names the delimiter
 * @param number of the row, from 1, not counting the header and empty lines
 */
export function withCells(
  body: string,
  delimiter: string,
  number: number,
  values: Readonly<Record<string, string>>,
): string | null {
  const [header, ...rows] = linesOf(body, delimiter);
  const row = rows[number - 1];
  if (!header || !row) return null;
  const names = header.cells.map((cell) => columnName(textOf(body, cell)));
  const edits: { start: number; end: number; text: string }[] = [];
  const added: string[] = [];
  for (const [field, value] of Object.entries(values)) {
    const at = names.indexOf(field);
    const cell = row.cells[at];
    if (at < 0) added.push(field);
    else if (!cell) return null;
    else edits.push({ ...cell, text: cellOf(value, delimiter, body[cell.start] === '"') });
  }
  for (const line of added.length > 0 ? [header, ...rows] : []) {
    const cells = added.map((field) => {
      if (line === header) return cellOf(field, delimiter);
      return line === row ? cellOf(values[field] ?? "", delimiter) : "";
    });
    edits.push({ start: line.end, end: line.end, text: cells.map((cell) => delimiter + cell).join("") });
  }
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: cell }) => text.slice(0, start) + cell + text.slice(end), body);
}

/** The table with one more row. null if it lacks a column of the row. */
export function withLine(body: string, delimiter: string, values: Readonly<Record<string, string>>): string | null {
  const [header] = linesOf(body, delimiter);
  if (!header) return null;
  const names = header.cells.map((cell) => columnName(textOf(body, cell)));
  if (Object.keys(values).some((field) => !names.includes(field))) return null;
  const cells = new Map(Object.entries(values));
  const line = names.map((name) => cellOf(cells.get(name) ?? "", delimiter)).join(delimiter);
  const lineEnd = /\r\n|\n|\r/.exec(body)?.[0] ?? "\n";
  const isEnded = /[\r\n]$/.test(body);
  return isEnded ? body + line + lineEnd : body + lineEnd + line;
}

/** Lines with any character, each with its cells. Quotes are doubled inside quotes. */
function linesOf(text: string, delimiter: string): Line[] {
  const lines: Line[] = [];
  let cells: Cell[] = [];
  let start = 0;
  let at = 0;
  const endLine = () => {
    if (cells.length > 0 || at > start) lines.push({ cells: [...cells, { start, end: at }], end: at });
    cells = [];
  };
  while (at < text.length) {
    const character = text[at];
    if (character === '"' && at === start) at = endOfQuotes(text, at);
    else if (character === delimiter) {
      cells.push({ start, end: at });
      start = ++at;
    } else if (character === "\n" || character === "\r") {
      endLine();
      at += text.startsWith("\r\n", at) ? 2 : 1;
      start = at;
    } else at++;
  }
  endLine();
  return lines;
}

/** Index after the closing quote. */
function endOfQuotes(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at + 1;
    at++;
  }
  return text.length;
}

function textOf(text: string, { start, end }: Cell): string {
  const cell = text.slice(start, end);
  return cell.startsWith('"') && cell.endsWith('"') && cell.length > 1 ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

function cellOf(value: string, delimiter: string, isQuoted = false): string {
  const needs = isQuoted || value.includes(delimiter) || /["\r\n]|^\s|\s$/.test(value);
  return needs ? `"${value.replaceAll('"', '""')}"` : value;
}
