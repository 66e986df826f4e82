import { parseJson } from "./replies/json.ts";

/**
 * Demonstrations as text: one JSON object per line with fixed spacing, so that they can be written back as rows.
 * Accepts lines, a JSON list in any layout, or the list itself; null for anything else.
 */
export function rowsText(text: unknown): string | null {
  const rows = Array.isArray(text) ? text : (listIn(String(text)) ?? linesIn(String(text)));
  if (rows.every((row) => typeof row === "string")) return Array.isArray(text) ? rowsText(rows.join("\n")) : null;
  return rows.every(isObject) ? rows.map((row) => JSON.stringify(row)).join("\n") : null;
}

function listIn(text: string): unknown[] | null {
  const value = parseJson(text)?.value;
  return Array.isArray(value) && value.length > 0 && !value.every((row) => typeof row === "string") ? value : null;
}

/** The rows in lines of JSON; none if one line is not a row. */
function linesIn(text: string): object[] {
  const rows: object[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "") continue;
    const row = parseJson(line.replace(/,$/, ""))?.value;
    if (!isObject(row)) return [];
    rows.push(row);
  }
  return rows;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
