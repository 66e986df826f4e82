import { decodeUtf8, isZip } from "../graph/containment.ts";
import { readJson, readJsonLines } from "./json-rows.ts";
import { DataUnreadable, type ReadContext, type Rows } from "./row.ts";
import { CSV_DELIMITERS, readTable, TSV_DELIMITERS } from "./table.ts";

/** @throws DataUnreadable */
type Format = (text: string, context: ReadContext) => Promise<Rows>;

const FORMATS: Readonly<Record<string, Format>> = {
  ".jsonl": readJsonLines,
  ".ndjson": readJsonLines,
  ".json": readJson,
  ".csv": (text, context) => readTable(text, context, CSV_DELIMITERS),
  ".tsv": (text, context) => readTable(text, context, TSV_DELIMITERS),
  ".tab": (text, context) => readTable(text, context, TSV_DELIMITERS),
};

export const EXTENSIONS = Object.keys(FORMATS);

/** The reader for a data file with this name; null if its extension is unknown. */
export function formatOf(name: string): Format | null {
  const ending = EXTENSIONS.find((extension) => name.toLowerCase().endsWith(extension));
  const format = ending === undefined ? undefined : FORMATS[ending];
  if (!format) return null;
  return async (text, context) => {
    await context.yieldNow();
    refuseForeign(text, context);
    await context.yieldNow();
    return format(text.replace(/^\uFEFF/, ""), context);
  };
}

/** Detects pointers, merge conflicts and web pages in place of data. @throws DataUnreadable */
function refuseForeign(text: string, { name, locale: { t } }: ReadContext): void {
  const start = text.slice(0, 2_000);
  if (/^\uFEFF?version https:\/\/git-lfs\.github\.com\//.test(start)) {
    throw new DataUnreadable(
      t("{0} is a Git LFS pointer, not the data.", name),
      t('Run "git lfs pull" to fetch the data.'),
    );
  }
  if (/^\uFEFF?\/annex\/objects\//.test(start)) {
    throw new DataUnreadable(
      t("{0} is a git-annex pointer, not the data.", name),
      t('Run "git annex get" to fetch the data.'),
    );
  }
  if (/^\uFEFF?\s*<(?:!doctype\s+html|html)\b/i.test(start)) {
    throw new DataUnreadable(t("{0} is a web page, not data.", name), t("Download the raw file."));
  }
  const conflict = startOfConflict(text);
  if (conflict >= 0 && /^={7}\r?$/m.test(text) && /^>{7} /m.test(text)) {
    const line = text.slice(0, conflict).split("\n").length;
    throw new DataUnreadable(
      t("{0} has a merge conflict at line {1}.", name, line),
      t("Resolve the conflict, then save the file."),
    );
  }
}

/** Index of the line that starts a merge conflict; -1 if there is none. */
function startOfConflict(text: string): number {
  const mark = "<<<<<<< ";
  // A regular expression would look at each line of a large file.
  let at = text.indexOf(mark);
  while (at > 0 && !"\r\n\u2028\u2029\uFEFF".includes(text[at - 1] ?? "")) at = text.indexOf(mark, at + 1);
  return at;
}

/** Decodes UTF-8, or UTF-16 with a byte order mark or ASCII letters; null for other encodings. */
export function decodeData(bytes: Uint8Array): string | null {
  if (isZip(bytes)) return null;
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return decodeAs("utf-16le", bytes);
  if (a === 0xfe && b === 0xff) return decodeAs("utf-16be", bytes);
  if (a && b === 0 && c && d === 0) return decodeAs("utf-16le", bytes);
  if (a === 0 && b && c === 0 && d) return decodeAs("utf-16be", bytes);
  return decodeUtf8(bytes);
}

function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
