import type { Files } from "../deps.ts";
import { type ContainmentRoot, ReferenceRefused } from "../graph/containment.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { DataUnreadable } from "./row.ts";
import { formatOf, openData } from "./rows.ts";
import { startOf } from "./text.ts";

/** Maximum bytes: larger files are not read on each keystroke. */
const MOST = 8 * 2 ** 20;
/** Characters to read of a file with one row per line, and number of rows to look at. */
const HEAD = 2 ** 16;
const ROWS = 20;

/**
 * Names of the fields in the first rows of data files, in order.
 * @param references as in the graph file; unreadable ones and other files have no fields
 */
export async function fieldsOf(references: readonly string[], root: ContainmentRoot, files: Files): Promise<string[]> {
  const fields = new Set<string>();
  for (const reference of references) {
    const format = formatOf(reference);
    if (!format) continue;
    try {
      const text = await openData(root, reference, files, MOST);
      const isByLine = !/\.json$/i.test(reference);
      const start = isByLine ? await startOf(text, HEAD + 1) : "";
      const isLong = start.length > HEAD;
      const head = isLong ? start.slice(0, start.lastIndexOf("\n", HEAD)) : isByLine ? start : text;
      const { rows } = await format(head, { name: reference, locale: ENGLISH, yieldNow: async () => {} });
      for (const row of rows.slice(0, ROWS)) for (const field of Object.keys(row.fields)) fields.add(field);
    } catch (error) {
      if (!(error instanceof ReferenceRefused || error instanceof DataUnreadable)) throw error;
    }
  }
  return [...fields];
}
