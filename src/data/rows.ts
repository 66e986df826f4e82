import type { Files } from "../deps.ts";
import { type ContainmentRoot, decodeUtf8, isZip, notText, openReference } from "../graph/containment.ts";
import { readJson, readJsonLines } from "./json-rows.ts";
import { DataUnreadable, type ReadContext, type Rows } from "./row.ts";
import { CSV_DELIMITERS, readTable, TSV_DELIMITERS } from "./table.ts";
import { type DataText, decoded, encodingOf, inMemory, startOf, wholeText, withoutStart } from "./text.ts";

/** @throws DataUnreadable */
type Format = (text: DataText, context: ReadContext) => Promise<Rows>;

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
export function formatOf(name: string): ((text: string | DataText, context: ReadContext) => Promise<Rows>) | null {
  const ending = EXTENSIONS.find((extension) => name.toLowerCase().endsWith(extension));
  const format = ending === undefined ? undefined : FORMATS[ending];
  if (!format) return null;
  return async (given, context) => {
    const text = typeof given === "string" ? inMemory(given) : given;
    const start = await startOf(text, START);
    refuseForeign(start, context);
    const watched = new ConflictWatch(text, context);
    const marked = withoutStart(watched, start.startsWith("\uFEFF") ? 1 : 0);
    try {
      const rows = await format(marked, context);
      await watched.refuseConflict(rows.broken.length > 0);
      return rows;
    } catch (error) {
      await watched.refuseConflict(true);
      throw error;
    }
  };
}

/** Characters at the start of a file that tell what it is. */
const START = 2_000;

/** Detects pointers and web pages in place of data. @throws DataUnreadable */
function refuseForeign(start: string, { name, locale: { t } }: ReadContext): void {
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
}

const MARK = "<<<<<<< ";

/** A text that notes marks of a merge conflict while it is read. */
class ConflictWatch implements DataText {
  #isMarked = false;
  #isRead = false;

  constructor(
    private readonly text: DataText,
    private readonly context: ReadContext,
  ) {}

  async *pieces(): AsyncGenerator<string> {
    let end = "";
    for await (const piece of this.text.pieces()) {
      const seen = end + piece;
      this.#isMarked ||= seen.includes(MARK);
      end = seen.slice(1 - MARK.length);
      yield piece;
    }
    this.#isRead = true;
  }

  /**
   * @param isSuspect whether something is wrong, so that what has not been read matters
   * @throws DataUnreadable
   */
  async refuseConflict(isSuspect: boolean): Promise<void> {
    if (!this.#isMarked && (this.#isRead || !isSuspect)) return;
    const { name, locale, yieldNow } = this.context;
    const { t } = locale;
    await yieldNow();
    const text = await wholeText(this.text);
    const conflict = startOfConflict(text);
    if (conflict < 0 || !/^={7}\r?$/m.test(text) || !/^>{7} /m.test(text)) return;
    const line = text.slice(0, conflict).split("\n").length;
    throw new DataUnreadable(
      t("{0} has a merge conflict at line {1}.", name, line),
      t("Resolve the conflict, then save the file."),
    );
  }
}

/** Index of the line that starts a merge conflict; -1 if there is none. */
function startOfConflict(text: string): number {
  // A regular expression would look at each line of a large file.
  let at = text.indexOf(MARK);
  while (at > 0 && !"\r\n\u2028\u2029\uFEFF".includes(text[at - 1] ?? "")) at = text.indexOf(MARK, at + 1);
  return at;
}

/** Decodes UTF-8, or UTF-16 with a byte order mark or ASCII letters; null for other encodings. */
export function decodeData(bytes: Uint8Array): string | null {
  if (isZip(bytes)) return null;
  const encoding = encodingOf(bytes.subarray(0, 4));
  return encoding === "utf-8" ? decodeUtf8(bytes) : decodeAs(encoding, bytes);
}

/** The text of a data file, in pieces. @throws ReferenceRefused, also while it is read */
export async function openData(
  root: ContainmentRoot,
  reference: string,
  files: Files,
  maxBytes: number,
): Promise<DataText> {
  const { parts } = await openReference(root, reference, files, maxBytes);
  return decoded(parts, (start) => notText(reference, start));
}

function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
