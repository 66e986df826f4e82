import type { FaultCode, Fixes } from "../graph/fault.ts";
import type { JsonDocument, JsonPath } from "../graph/syntax/document.ts";

/** Adds one fault for all findings of one kind: it shows the first and counts the others. @param found sentences */
export function addFindings(
  document: JsonDocument,
  code: FaultCode,
  path: JsonPath,
  found: readonly string[],
  remedy: string,
  fixes?: Fixes,
): void {
  const [first, ...others] = found;
  if (first === undefined) return;
  const { t, locale } = document;
  const more = others.length === 1 ? t("There is 1 more.") : t("There are {0} more.", locale.integer(others.length));
  document.addAt(code, path, others.length === 0 ? first : `${first} ${more}`, remedy, fixes);
}
