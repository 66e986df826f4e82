import type { Decision } from "../../../engine/events.ts";
import type { Locale } from "../../../i18n/locale.ts";
import type { Change, SampleRow } from "../report.ts";

/** A table of a report, for HTML and Markdown. Cells are plain text, not yet escaped. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Number of rows left out; the JSON version has all. */
  readonly left: number;
  /** A column whose words are coloured by what they mean, row by row. */
  readonly tones?: { readonly column: number; readonly of: readonly Tone[] };
}

type Tone = Decision | SampleRow["change"] | "";

/** Maximum number of rows in a table, and of changes in a report. */
const ROWS = 100;

/** Figures that belong on one line. */
export function tight(figures: string): string {
  return figures.replaceAll(" ", "\u00a0");
}

/** A table of the first items, up to the maximum number of rows. */
export function firstOf<T>(
  head: readonly string[],
  items: readonly T[],
  row: (item: T) => readonly string[],
  tones?: { readonly column: number; readonly of: (item: T) => Tone },
): Table {
  const shown = items.slice(0, ROWS);
  return {
    head,
    rows: shown.map(row),
    left: items.length - shown.length,
    ...(tones && { tones: { column: tones.column, of: shown.map(tones.of) } }),
  };
}

/** The changes that a report shows: all, or of very many the first ones, with accepted ones before others. */
export function firstChanges(changes: readonly Change[]): { readonly shown: readonly Change[]; readonly left: number } {
  if (changes.length <= ROWS) return { shown: changes, left: 0 };
  const isAccepted = ({ verdict }: Change) => verdict.decision === "accepted";
  const shown = [...changes.filter(isAccepted), ...changes.filter((one) => !isAccepted(one))].slice(0, ROWS);
  return { shown, left: changes.length - ROWS };
}

/** What a report leaves out; empty if it shows everything. */
export function leftOut(left: number, noun: "row" | "proposal", locale: Locale): string {
  return left > 0 ? locale.t("The JSON version of this report also has {0}.", locale.count(left, noun)) : "";
}
