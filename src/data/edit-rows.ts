import { type Node, parseTree } from "jsonc-parser";
import { stringify } from "lossless-json";
import { memberOf } from "../graph/replies/json.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { type Values, withElement, withMembers } from "./json-edit.ts";
import { DataUnreadable, type Row, type Rows } from "./row.ts";
import { formatOf } from "./rows.ts";
import { tableLayout } from "./table.ts";
import { withCells, withLine } from "./table-edit.ts";

/** A data file can't be edited without changing more than the requested values. */
export class RowsUneditable extends Error {
  override readonly name = "RowsUneditable";
}

export interface EditedFile {
  /** Name as in the graph file: its extension determines the format. */
  readonly name: string;
  readonly text: string;
  /** Path of the list of rows in a JSON file, separated by dots. */
  readonly list?: string | undefined;
}

/**
 * The text of a data file with new values in one row. Verifies that reading the result differs only in these values.
 * @param number of the row, as its reader counts
 * @param values as JSON; a table gets texts
 * @throws RowsUneditable
 */
export async function editRow(file: EditedFile, number: number, values: Values): Promise<string> {
  const text = isTable(file.name)
    ? editTable(file, (body, by) => withCells(body, by, number, texts(values)))
    : editJson(file, number, values);
  const [before, after] = [await read(file), text === null ? null : await read({ ...file, text })];
  const isOnlyThis = (row: Row, at: number) => {
    const old = before?.rows[at];
    return (
      old?.number === row.number &&
      same(row, old, row.number === number ? values : isTable(file.name) ? blanks(old, values) : {})
    );
  };
  if (text === null || !before || !after || before.rows.length !== after.rows.length || !after.rows.every(isOnlyThis)) {
    throw new RowsUneditable();
  }
  return text;
}

/** The text of a data file with one more row at its end, verified in the same way. @throws RowsUneditable */
export async function addRow(file: EditedFile, values: Values): Promise<string> {
  const text = isTable(file.name)
    ? editTable(file, (body, by) => withLine(body, by, texts(values)))
    : appendJson(file, values);
  const [before, after] = [await read(file), text === null ? null : await read({ ...file, text })];
  const last = after?.rows.at(-1);
  const isKept = before?.rows.every((row, at) => stringify(row.fields) === stringify(after?.rows[at]?.fields));
  const isAdded =
    last && Object.entries(values).every(([field, value]) => stringify(valueAt(last, field)) === stringify(value));
  if (text === null || !before || after?.rows.length !== before.rows.length + 1 || !isKept || !isAdded) {
    throw new RowsUneditable();
  }
  return text;
}

async function read({ name, text, list }: EditedFile): Promise<Rows | null> {
  try {
    const rows = await formatOf(name)?.(text, { name, locale: ENGLISH, yieldNow: async () => {}, list });
    return rows && rows.broken.length === 0 ? rows : null;
  } catch (error) {
    if (error instanceof DataUnreadable) return null;
    throw error;
  }
}

/** Whether a row equals the old one with the new values. */
function same(row: Row, old: Row, values: Values): boolean {
  const names = new Set([...Object.keys(row.fields), ...Object.keys(old.fields), ...Object.keys(values)]);
  return [...names].every((name) => {
    const isNested = Object.keys(values).some((field) => field.startsWith(`${name}.`));
    if (isNested && !Object.hasOwn(values, name)) return true;
    const wanted = Object.hasOwn(values, name) ? values[name] : old.fields[name];
    const is = name.includes(".") ? valueAt(row, name) : row.fields[name];
    return stringify(is) === stringify(wanted);
  });
}

/** Empty cells for the new columns of a table, in all other rows. */
function blanks(old: Row, values: Values): Values {
  const added = Object.keys(values).filter((field) => !Object.hasOwn(old.fields, field) && !field.includes("."));
  return Object.fromEntries(added.map((field) => [field, ""]));
}

function valueAt({ fields }: Row, field: string): unknown {
  if (Object.hasOwn(fields, field)) return fields[field];
  return field.split(".").reduce<unknown>(memberOf, fields);
}

/** Whether the rows of a file are texts in cells. */
export function isTable(name: string): boolean {
  return /\.(csv|tsv|tab)$/i.test(name);
}

function texts(values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, String(value)]));
}

/** Applies an edit after the byte order mark and the line that names the delimiter. */
function editTable(
  { name, text }: EditedFile,
  edit: (body: string, delimiter: string) => string | null,
): string | null {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const table = text.slice(mark.length);
  try {
    const { head, delimiter } = tableLayout(table, name);
    const edited = edit(table.slice(head.length), delimiter);
    return edited === null ? null : mark + head + edited;
  } catch (error) {
    if (error instanceof DataUnreadable) return null;
    throw error;
  }
}

function editJson({ name, text, list }: EditedFile, number: number, values: Values): string | null {
  if (/\.(jsonl|ndjson)$/i.test(name)) {
    const lines = text.split("\n");
    const line = lines[number - 1] ?? "";
    const mark = line.startsWith("\uFEFF") ? "\uFEFF" : "";
    const body = line.slice(mark.length);
    const edited = withMembers(body, parseTree(body), values);
    return edited === null ? null : lines.with(number - 1, mark + edited).join("\n");
  }
  const node = listIn(text, list)?.children?.[number - 1];
  return withMembers(text, node, values);
}

function appendJson({ name, text, list }: EditedFile, values: Values): string | null {
  if (!/\.(jsonl|ndjson)$/i.test(name)) {
    const node = listIn(text, list);
    return node ? withElement(text, node, nested(values)) : null;
  }
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const line = JSON.stringify(nested(values));
  if (text.replace(/^\uFEFF/, "") === "") return `${text}${line}\n`;
  return /\n$/.test(text) ? `${text}${line}${lineEnd}` : `${text}${lineEnd}${line}`;
}

/** Splits names with dots into nested objects. */
function nested(values: Values): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) {
    const keys = field.split(".");
    let at = row;
    for (const key of keys.slice(0, -1)) {
      const inner = Object.hasOwn(at, key) ? at[key] : {};
      at[key] = inner;
      at = Object(inner);
    }
    at[keys.at(-1) ?? field] = value;
  }
  return row;
}

/** The list of rows: the whole file, the list at a path, or the only list in an object. */
function listIn(text: string, path: string | undefined): Node | null {
  const root = parseTree(text.replace(/^\uFEFF/, " "));
  const member = (node: Node | undefined, name: string) =>
    node?.children?.find(({ children }) => children?.[0]?.value === name)?.children?.[1];
  const found = path === undefined ? root : path.split(".").reduce<Node | undefined>(member, root);
  if (found?.type === "array") return found;
  const lists = (found?.children ?? []).flatMap(({ children }) =>
    children?.[1]?.type === "array" ? [children[1]] : [],
  );
  return lists.length === 1 ? (lists[0] ?? null) : null;
}
