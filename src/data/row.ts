import type { Locale } from "../i18n/locale.ts";

/** One object of a data file. */
export interface Row {
  /** From 1: the line of a JSON Lines file, else the position among the rows (a CSV header is none). */
  readonly number: number;
  /** A JSON number that JavaScript would write otherwise is a `LosslessNumber`, which keeps its digits. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface BrokenRow {
  readonly number: number;
  /** Why it can't be read, in the reader's language: follows a colon. */
  readonly reason: string;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly broken: readonly BrokenRow[];
  /** Names that the header of a table has more than once: which column is meant is unknown. */
  readonly repeated?: readonly string[];
  /** What the file lacks as a whole: a sentence in the reader's language. */
  readonly note?: string;
}

/** A file without readable data, whatever its rows. */
export class DataUnreadable extends Error {
  override readonly name = "DataUnreadable";
  /**
   * @param message a sentence in the reader's language that names the file
   * @param remedy a sentence
   */
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

/** How a data file is read. */
export interface ReadContext {
  /** The file's name in messages, with its quotes. */
  readonly name: string;
  /** Language of messages. */
  readonly locale: Locale;
  /** Awaited after each row, so that a large file does not block the process. */
  readonly yieldNow: () => Promise<void>;
  /** Path of the list of rows in a JSON file, with dots. */
  readonly list?: string | undefined;
  /** Names that a list in a JSON file may have to be chosen: those of the set that it is read for. */
  readonly names?: readonly string[];
}

/** Rows that can't be read, after which the rest is not looked at: each takes as long as a hundred that can. */
export const MOST_BROKEN = 1_000;
