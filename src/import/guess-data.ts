import { basename } from "node:path";
import { DataUnreadable } from "../data/row.ts";
import { decodeData, formatOf } from "../data/rows.ts";
import type { Files } from "../deps.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { isMapping, mappingOf } from "./documents.ts";
import type { Row } from "./importer.ts";

/** Maximum bytes: a larger file is only named in the graph file. */
const MOST = 32 * 2 ** 20;
/** Maximum depth of objects whose members are columns. */
const DEEPEST = 3;

/** The rows of a data file; null if it can't be read. @param path absolute */
export async function readRows(path: string, files: Files): Promise<readonly Row[] | null> {
  const format = formatOf(path);
  if (!format) return null;
  try {
    const { bytes } = await files.stat(path);
    const text = bytes > MOST ? null : decodeData(await files.read(path));
    if (text === null) return null;
    const context = { name: basename(path), locale: ENGLISH, yieldNow: async () => {} };
    const { rows } = await format(text, context);
    return rows.length > 0 ? leavesOf(rows.map(({ fields }) => fields)) : null;
  } catch (error) {
    if (error instanceof DataUnreadable || (error instanceof Error && "code" in error)) return null;
    throw error;
  }
}

/** Rows whose objects are columns with dots, as `data.fields` names them; an answer with several members stays one. */
function leavesOf(rows: readonly Row[]): readonly Row[] {
  const isWhole = (name: string) =>
    isTarget(name) && rows.some((row) => isMapping(row[name]) && Object.keys(mappingOf(row[name])).length > 1);
  const whole = new Set(Object.keys(rows[0] ?? {}).filter(isWhole));
  const leaves = (row: Row, prefix: string): [string, unknown][] =>
    Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
      const name = prefix + key;
      const isInner = isMapping(value) && !whole.has(name) && name.split(".").length <= DEEPEST && !key.includes(".");
      return isInner ? leaves(value, `${name}.`) : [[name, value]];
    });
  return rows.map((row) => (Object.values(row).some(isMapping) ? Object.fromEntries(leaves(row, "")) : row));
}

/** Columns in the order of the first rows. */
export function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.slice(0, 50).flatMap((row) => Object.keys(row)))];
}

const TARGETS =
  "answer target expected expected_output expected_answer ground_truth groundtruth gold ideal reference reference_answer label labels category class sentiment intent output completion response result solution correct correct_answer final_answer summary translation".split(
    " ",
  );

function isTarget(name: string): boolean {
  return TARGETS.includes(name.toLowerCase().replaceAll(/[\s.-]+/g, "_"));
}

/** The column that most likely contains the answer, and other candidates. */
export function targetsAmong(columns: readonly string[], read: ReadonlySet<string>): string[] {
  const free = columns.filter(
    (name) =>
      !read.has(name) &&
      !/^(?:id|idx|index|row|uuid|split|source|feedback|comment|notes?|date|time|timestamp|(?:created|updated)(?:_at)?|url)$/.test(
        plainName(name.split(".").at(-1) ?? ""),
      ),
  );
  const rank = (name: string) => {
    const known = name.toLowerCase().replaceAll(/[\s.-]+/g, "_");
    const at = TARGETS.indexOf(known);
    if (at >= 0) return at;
    const within = TARGETS.findIndex((target) => known.split("_").includes(target));
    return TARGETS.length + (within < 0 ? TARGETS.length : within);
  };
  return [...free].sort((a, b) => rank(a) - rank(b) || free.indexOf(b) - free.indexOf(a));
}

/** `Created at`, `ID#` and `_id` as `created_at` and `id`. */
export function plainName(column: string): string {
  return column
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_|_$/g, "");
}

/** Which set a file is for, by its name. */
export function setOf(path: string): "train" | "validation" | "test" | null {
  const name = basename(path).toLowerCase();
  if (/(?:^|[^a-z])train(?:ing)?(?:[^a-z]|$)/.test(name)) return "train";
  if (/(?:^|[^a-z])(?:dev|val|valid|validation)(?:[^a-z]|$)/.test(name)) return "validation";
  return /(?:^|[^a-z])(?:test|eval|holdout)(?:[^a-z]|$)/.test(name) ? "test" : null;
}

/** Order of files in which to look for rows: those for tests come last, because rows are split into sets. */
export function setRank(path: string): number {
  return setOf(path) === "test" ? 2 : setOf(path) === "validation" ? 1 : 0;
}
