/** Offsets in UTF-16 units, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Replaces `length` units at `offset` with `text`. Edits in a list are in ascending order and don't overlap. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

export type Severity = "error" | "warning" | "information";

/** A problem in a graph file, or in a file that it names. */
export interface Fault {
  readonly code: FaultCode;
  readonly severity: Severity;
  /** The problem and its place: one or two sentences in the reader's language. */
  readonly message: string;
  /** What to do about it: one sentence. */
  readonly remedy: string;
  /** Path of the graph file: faults of a data or prompt file are where the graph file names it. */
  readonly file: string;
  readonly range: Range;
  /** Start of the range, from 1; the column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** Computed on demand: a fix can take longer than finding the fault. */
  readonly fixes?: Fixes;
}

/** A quick fix: applying `edits` to the graph file's text removes the fault. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/** The best first. */
export type Fixes = () => readonly Fix[];

/** All faults, with their severity. An error prevents the graph from running. */
export const FAULTS = {
  syntax: "error",
  "nested-too-deep": "error",
  "not-text": "error",
  "no-such-file": "error",
  "version-newer": "error",
  "wrong-type": "error",
  "missing-key": "error",
  "wrong-value": "error",
  "duplicate-key": "error",
  "unknown-key": "information",
  "bad-name": "error",
  "name-taken": "error",
  "unknown-name": "error",
  "repeated-input": "warning",
  cycle: "error",
  "unreachable-node": "warning",
  "unused-input": "warning",
  "no-effect": "warning",
  "unknown-output": "error",
  "no-trainable-text": "error",
  "reserved-kind": "error",
  "unknown-kind": "error",
  "unknown-placeholder": "warning",
  "foreign-template": "error",
  "unknown-in-code": "warning",
  "kept-text-absent": "warning",
  "bad-pattern": "error",
  "reference-refused": "error",
  "missing-file": "error",
  "unreadable-file": "error",
  "no-text-there": "error",
  "bad-graph": "error",
  "shared-file": "error",
  "front-matter": "information",
  "unclear-front-matter": "warning",
  "file-as-text": "warning",
  "bad-code": "error",
  "unfit-input": "error",
  "empty-corpus": "error",
  "large-corpus": "error",
  "unread-corpus-file": "warning",
  "unclear-roles": "warning",
  "unknown-format": "error",
  "broken-row": "error",
  "missing-field": "error",
  "missing-set": "error",
  "empty-set": "error",
  "rows-out-of-range": "warning",
  "repeated-column": "error",
  "partial-file": "warning",
  overlap: "error",
  "near-overlap": "warning",
  "id-repeated": "error",
  "duplicate-row": "warning",
  "conflicting-row": "warning",
  "no-target": "error",
  "unfit-target": "error",
  "stray-target": "warning",
  "index-targets": "information",
  "chosen-loss": "information",
  "no-model": "information",
  "bad-setting": "error",
  "too-many-faults": "information",
} as const satisfies Record<string, Severity>;

export type FaultCode = keyof typeof FAULTS;

export function hasErrors(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.severity === "error");
}

/** Applies edits to a text. @param edits ascending, not overlapping */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.offset) + edit.text;
    at = edit.offset + edit.length;
  }
  return result + text.slice(at);
}
