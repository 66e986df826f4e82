import { parseJson } from "./json.ts";

/**
 * Demonstrations as their text: one JSON object a line, spaced as this program writes it, so that they can be put back
 * as rows. Takes lines, a JSON list in whatever layout, or the list itself; null where it is something else.
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

function linesIn(text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => parseJson(line.trim().replace(/,$/, ""))?.value ?? line);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
