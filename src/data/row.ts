import type { Locale } from "../i18n/locale.ts";

/** One object of a data file. */
export interface Row {
  /** From 1: the line of a JSON Lines file, else the position among the rows, without a CSV header. */
  readonly number: number;
  /** A JSON number that JavaScript would write differently is a `LosslessNumber`, which keeps its digits. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface BrokenRow {
  readonly number: number;
  /** Why it can't be read, in the reader's language, to follow a colon. */
  readonly reason: string;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly broken: readonly BrokenRow[];
  /** Names that occur more than once in a table's header, so that their columns are ambiguous. */
  readonly repeated?: readonly string[];
  /** A problem of the file as a whole: a sentence in the reader's language. */
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
  /** Awaited after each row, so that a large file doesn't block the process. */
  readonly yieldNow: () => Promise<void>;
  /** Path of the list of rows in a JSON file, separated by dots. */
  readonly list?: string | undefined;
  /** Names of lists in a JSON file that can be chosen: those of the set that is read. */
  readonly names?: readonly string[];
}

/** Number of unreadable rows after which reading stops: each takes as long as a hundred others. */
export const MOST_BROKEN = 1_000;
