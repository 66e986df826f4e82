import type { Sample } from "../data/sample.ts";
import { parseJson } from "../graph/replies/json.ts";
import { normalize } from "./normalize.ts";

/** One of the answers to choose from: its letter (null if the options have none) and its text, normalized. */
export interface Option {
  /** A capital letter, or the number that precedes it. */
  readonly letter: string | null;
  readonly text: string;
  /** The text as written. */
  readonly written: string;
}

function option(letter: string | null, written: string): Option {
  return { letter, text: normalize(written), written: written.trim() };
}

/**
 * The options in a sample's inputs: `(A) text`, `A. text` or `a) text` on separate lines, `(A) … (B) …` on one line,
 * lines under "Options:", a JSON list, or one input each: `A`, `B`, `C`. Letters must be in order, from A.
 */
export function optionsOf({ inputs }: Sample): Option[] {
  for (const read of [inList, inLines, underHeading, inOneLine]) {
    for (const value of Object.values(inputs)) {
      const found = read(value);
      if (found) return found;
    }
  }
  return inColumns(inputs) ?? [];
}

/**
 * Options in the fields of a row: a list named `choices` or `options`, or one field each: `A`, `B`; `option_1`,
 * `option_2`.
 */
export function optionsIn(fields: Readonly<Record<string, unknown>>): Option[] {
  for (const [name, value] of Object.entries(fields)) {
    if (!/^(?:choices?|options?|candidates|alternatives|endings)$/i.test(name)) continue;
    const found = Array.isArray(value)
      ? texts(value)
      : inList(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
    if (found) return found;
  }
  return inColumns(fields) ?? [];
}

/** Assigns letters from A; options after Z have none. */
export function lettered(texts: readonly string[]): Option[] {
  const marks = texts.map((text) => /^\s*\(?([A-Za-z])[).:]\s*(?=\S)/.exec(text));
  const bear = texts.length > 1 && marks.every((mark, index) => mark?.[1]?.toUpperCase() === letterAt(index));
  return texts.map((text, index) => option(letterAt(index), bear ? text.slice(marks[index]?.[0].length) : text));
}

/** `["red", "blue"]`, also in Python's notation, or `{ "text": ["red", "blue"], "label": ["A", "B"] }`. */
function inList(value: string): Option[] | null {
  const start = value.trimStart();
  if (!/^[[{]/.test(start)) return null;
  const parsed = (parseJson(start) ?? parseJson(pythonList(start)))?.value;
  if (Array.isArray(parsed)) return texts(parsed);
  if (typeof parsed !== "object" || parsed === null) return null;
  const list: unknown = Reflect.get(parsed, "text");
  const labels: unknown = Reflect.get(parsed, "label");
  if (!Array.isArray(list) || !Array.isArray(labels) || list.length !== labels.length) return null;
  return list.map((text, at) => option(String(labels[at]), String(text)));
}

/** Converts `['red', "it's"]` to JSON. */
function pythonList(text: string): string {
  return text.replace(/'((?:[^'\\]|\\.)*)'(?=\s*[,\]])/g, (_, inner: string) =>
    JSON.stringify(inner.replace(/\\'/g, "'")),
  );
}

function texts(list: readonly unknown[]): Option[] | null {
  const plain = list.map((entry) => (typeof entry === "object" ? null : String(entry)));
  return plain.length > 1 && plain.every((text) => text !== null) ? lettered(plain) : null;
}

/** Fields with consecutive letters or numbers as names, after the same word: `A`, `option_b`, `choice3`. */
function inColumns(fields: Readonly<Record<string, unknown>>): Option[] | null {
  const groups = new Map<string, Map<string, string>>();
  for (const [name, value] of Object.entries(fields)) {
    const [, word = "", mark = ""] = /^((?:option|choice|opt|op|candidate)?[ _-]?)([a-j]|\d)$/i.exec(name) ?? [];
    if (mark === "" || value === null || value === "" || (word === "" && /\d/.test(mark))) continue;
    const group = groups.get(word) ?? new Map<string, string>();
    groups.set(word, group.set(mark.toUpperCase(), String(value)));
  }
  for (const group of groups.values()) {
    const marks = [...group.keys()].sort();
    const first = marks[0] ?? "";
    const isRow =
      marks.length > 1 &&
      /^[A01]$/.test(first) &&
      marks.every((mark, at) => mark.charCodeAt(0) === first.charCodeAt(0) + at);
    if (isRow) return marks.map((mark) => option(mark, group.get(mark) ?? ""));
  }
  return null;
}

/** Maximum number of lines between two options that belong to the first. */
const LONGEST_OPTION = 4;

function inLines(value: string): Option[] | null {
  const lines = value.split("\n");
  return (
    lastRun(lines, /^[ \t]*(?:[-*•][ \t]+)?\**\(?([A-Z])[).:]\**[ \t]+(.+)$/) ??
    lastRun(lines, /^[ \t]*\(?([a-z])\)[ \t]+(.+)$/)
  );
}

/** The last lines marked A, B, C … in order: initials in earlier text are not options. */
function lastRun(lines: readonly string[], mark: RegExp): Option[] | null {
  let run: Option[] = [];
  let last: Option[] | null = null;
  let between = 0;
  for (const line of lines) {
    const [, letter, text = ""] = mark.exec(line) ?? [];
    if (letter === undefined) between++;
    else {
      const next = letter.toUpperCase();
      if (next === letterAt(run.length) && (run.length === 0 || between <= LONGEST_OPTION))
        run.push(option(next, text));
      else run = next === "A" ? [option(next, text)] : [];
      between = 0;
      if (run.length > 1) last = run;
    }
  }
  return last;
}

/** `(A) red (B) blue`, or `A) red B) blue`; the last of several sequences. */
function inOneLine(value: string): Option[] | null {
  return (
    runOfMarks([...value.matchAll(/(?<![\p{L}\p{N}])\(([A-Z])\)[ \t]*((?:(?!\([A-Z]\)).)+)/gu)]) ??
    runOfMarks([...value.matchAll(/(?:^|(?<=\s))([A-Z])\)[ \t]+((?:(?!\s[A-Z]\)\s).)+)/gm)])
  );
}

function runOfMarks(marks: readonly RegExpExecArray[]): Option[] | null {
  let run: Option[] = [];
  let last: Option[] | null = null;
  for (const [, letter = "", text = ""] of marks) {
    if (letter !== letterAt(run.length)) run = [];
    if (letter === letterAt(run.length)) run.push(option(letter, text));
    if (run.length > 1) last = run;
  }
  return last;
}

/** Bullets or numbered lines under "Options:" or "Choices:". */
function underHeading(value: string): Option[] | null {
  const block =
    /^(?:answer )?(?:options|choices):[ \t]*\n((?:[ \t]*(?:[-*•]|\(?\d{1,2}[).:])[ \t]+.+(?:\n|$))+)/im.exec(
      value,
    )?.[1];
  const options = block
    ?.trim()
    .split("\n")
    .map((line): Option => {
      const [, number, text = ""] = /^[ \t]*(?:[-*•]|\(?(\d{1,2})[).:])[ \t]+(.+)$/.exec(line) ?? [];
      return option(number ?? null, text);
    });
  return options && options.length > 1 ? options : null;
}

function letterAt(index: number): string | null {
  return index < 26 ? String.fromCharCode(65 + index) : null;
}
