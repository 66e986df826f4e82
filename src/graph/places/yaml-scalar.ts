import { type CST, parseDocument, type Scalar } from "yaml";
import type { TextEdit } from "../fault.ts";
import { diffLines } from "../text/line-diff.ts";
import { doubleQuoted, UNPRINTABLE } from "./escapes.ts";
import { refold } from "./fold.ts";
import { lineEndIn, lineSpans, span } from "./verbatim.ts";

/** A text of a YAML file. */
export interface ScalarPlace {
  readonly scalar: Scalar;
  /** Between brackets, where no block is possible. */
  readonly inFlow: boolean;
}

/**
 * Possible edits of a scalar's value, the smallest first. They can be wrong: the caller verifies each by parsing the
 * result.
 */
export function* scalarEdits(content: string, place: ScalarPlace, value: string): Generator<readonly TextEdit[]> {
  const { scalar } = place;
  const { type } = scalar;
  const [start = 0, end = 0] = scalar.range ?? [];
  const isPrintable = !UNPRINTABLE.test(value.replaceAll("\r", ""));
  if (isPrintable) {
    if (type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED") yield* blockEdits(content, scalar, value);
    else yield* inlineEdits(content, place, value);
  }
  const quoted = doubleQuoted(value);
  const isBlock = type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED";
  // A block ends with its last line end, which must stay.
  const lineEnd = isBlock ? (/(\r\n|\n)$/.exec(content.slice(start, end))?.[0] ?? "") : "";
  const comment = isBlock ? (/^\S+([ \t]+#[^\r\n]*)/.exec(content.slice(start, end))?.[1] ?? "") : "";
  yield [span(start, end, quoted + comment + lineEnd)];
}

function* inlineEdits(content: string, place: ScalarPlace, value: string): Generator<readonly TextEdit[]> {
  const { scalar, inFlow } = place;
  const [start = 0, end = 0] = scalar.range ?? [];
  const isOneLine = !value.includes("\n");
  const isFolded = content.slice(start, end).includes("\n");
  const old = String(scalar.value);
  if (scalar.type === "PLAIN" && isFolded && !isOneLine) {
    yield* unitEdits(unescapedUnits(content, start, end), end, old, value, foldedForm(content, start, end));
  }
  if (scalar.type === "QUOTE_SINGLE" && isFolded) {
    const form = foldedForm(content, start, end);
    const units = unescapedUnits(content, start + 1, end - 1);
    yield* unitEdits(units, end - 1, old, value, (text) => form(text.replaceAll("'", "''")));
  }
  if (scalar.type === "PLAIN" && isOneLine && isPlain(value)) {
    if (isFolded) yield foldedLines(content, start, end, old, value);
    yield [span(start, end, value)];
  }
  if (scalar.type === "QUOTE_SINGLE" && isOneLine) yield [span(start, end, `'${value.replaceAll("'", "''")}'`)];
  if (scalar.type === "QUOTE_DOUBLE" && isFolded)
    yield* unitEdits(quotedUnits(content, start + 1, end - 1), end - 1, old, value, escapedForm);
  if (scalar.type === "QUOTE_DOUBLE" && (isOneLine || !isFolded)) yield [span(start, end, doubleQuoted(value))];
  if (!isOneLine && !inFlow) yield* newBlock(content, place, value);
  if (scalar.type === "PLAIN" && isOneLine && !/['\\]/.test(value)) yield [span(start, end, `'${value}'`)];
}

/**
 * Edits the differences in a text over several lines of the file: by line of the value, and within a line between common
 * ends.
 * @param end offset of its end
 * @param form how a new piece of the text is written
 */
function* unitEdits(
  units: readonly Unit[],
  end: number,
  old: string,
  value: string,
  form: (text: string) => string,
): Generator<readonly TextEdit[]> {
  if (units.map(({ text }) => text).join("") !== old) return;
  const pieces: Unit[][] = [[]];
  for (const unit of units) {
    pieces.at(-1)?.push(unit);
    if (unit.text.includes("\n")) pieces.push([]);
  }
  const linesOf = (text: string) => text.split(/(?<=\n)/).filter((line) => line !== "");
  const hunks = diffLines(
    pieces.map((piece) => linesOf(piece.map(({ text }) => text).join(""))),
    linesOf(value),
  );
  yield hunks.map(({ from, to, lines }) => {
    const place = pieces[from]?.[0]?.start ?? end;
    return unitEdit(pieces.slice(from, to).flat(), lines.join(""), place, form);
  });
}

/** @param place of an insertion, where no unit goes */
function unitEdit(units: readonly Unit[], value: string, place: number, form: (text: string) => string): TextEdit {
  let head = 0;
  let at = 0;
  while (head < units.length && value.startsWith(units[head]?.text ?? "", at)) at += units[head++]?.text.length ?? 0;
  let tail = units.length;
  let until = value.length;
  const ends = (text: string) => until - text.length >= at && value.slice(at, until).endsWith(text);
  while (tail > head && ends(units[tail - 1]?.text ?? "")) until -= units[--tail]?.text.length ?? 0;
  const from = units[head]?.start ?? units[head - 1]?.end ?? place;
  const to = tail > head ? (units[tail - 1]?.end ?? from) : from;
  return span(from, to, form(value.slice(at, until)));
}

/** A piece of a text in double quotes. A space beside a fold would be folded away. */
function escapedForm(text: string): string {
  return doubleQuoted(text).slice(1, -1).replace(/^ | $/g, "\\ ");
}

/** How a piece of a text without escapes is written: one line end more than it has, and the indentation of its lines. */
function foldedForm(content: string, start: number, end: number): (text: string) => string {
  const pad = /\n([ \t]*)\S/.exec(content.slice(start, end))?.[1] ?? "";
  const lineEnd = lineEndIn(content);
  return (text) => text.replace(/\n+/g, (ends) => lineEnd.repeat(ends.length + 1) + pad);
}

interface Unit {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Pieces of a text in double quotes: characters, escapes and folds, with what they stand for. */
function quotedUnits(content: string, start: number, end: number): Unit[] {
  const pattern =
    /\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r?\n[ \t]*|[^\n])|[ \t]*(?:\r?\n[ \t]*)+|[^\\]/gu;
  return Array.from(content.slice(start, end).matchAll(pattern), ({ 0: raw, index }) => ({
    text: unquoted(raw),
    start: start + index,
    end: start + index + raw.length,
  }));
}

/** Pieces of a text in single quotes or without quotes. */
function unescapedUnits(content: string, start: number, end: number): Unit[] {
  const found = content.slice(start, end).matchAll(/''|[ \t]*(?:\r?\n[ \t]*)+|[\s\S]/gu);
  return Array.from(found, ({ 0: raw, index }) => ({
    text: raw === "''" && content[start - 1] === "'" ? "'" : unquoted(raw),
    start: start + index,
    end: start + index + raw.length,
  }));
}

function unquoted(raw: string): string {
  if (/^\\\r?\n/.test(raw)) return "";
  if (raw.startsWith("\\") && raw.length > 1) {
    const { contents } = parseDocument(`"${raw}"`, { logLevel: "silent" });
    return String(contents && "value" in contents ? contents.value : raw);
  }
  if (!raw.includes("\n")) return raw;
  return "\n".repeat(raw.split("\n").length - 2) || " ";
}

/** Whether a text without quotes is a text for programs that read YAML 1.1, too: `yes` and `12:30` are none there. */
function isPlain(value: string): boolean {
  if (value === "" || value.trim() !== value) return false;
  return (["1.1", "1.2"] as const).every((version) => {
    const { contents, errors } = parseDocument(`k: ${value}\n`, { version, logLevel: "silent" });
    return errors.length === 0 && contents !== null && "items" in contents && isText(contents.items[0], value);
  });
}

function isText(pair: unknown, value: string): boolean {
  const node: unknown = typeof pair === "object" && pair !== null ? Reflect.get(pair, "value") : null;
  return typeof node === "object" && node !== null && Reflect.get(node, "value") === value;
}

/** A text of several lines where one line was: a literal block, one step in. */
function* newBlock(content: string, { scalar }: ScalarPlace, value: string): Generator<readonly TextEdit[]> {
  const [start = 0, end = 0] = scalar.range ?? [];
  const token: CST.Token | undefined = scalar.srcToken;
  const parent = token && "indent" in token ? Math.max(0, token.indent) : 0;
  const lineEnd = lineEndIn(content);
  const body = value.replace(/\n$/, "");
  const chomp = value.endsWith("\n\n") ? "+" : value.endsWith("\n") ? "" : "-";
  const isRest = /^[ \t]*(?:\r|\n|$)/.test(content.slice(end));
  if (!isRest) return;
  for (const step of [2, 4]) {
    const indent = " ".repeat(parent + step);
    const mark = needsMark(body) ? String(step) : "";
    const lines = body.split("\n").map((line) => (line === "" ? "" : indent + line));
    yield [span(start, end, [`|${mark}${chomp}`, ...lines].join(lineEnd))];
  }
}

/** Whether the first line of a block that is not empty starts with a space: then the indentation must be said. */
function needsMark(text: string): boolean {
  const first = text.split("\n").find((line) => line !== "");
  return first === undefined || /^[ \t]/.test(first) || (/^\n/.test(text) === true && /^\n*[ \t]/.test(text));
}

/** The lines of a block that differ, in its style and indentation. */
function* blockEdits(content: string, scalar: Scalar, value: string): Generator<readonly TextEdit[]> {
  const [start = 0, end = 0] = scalar.range ?? [];
  const [header = ""] = /^[^\r\n]*/.exec(content.slice(start, end)) ?? [];
  const bodyStart =
    start + header.length + (/^(?:\r\n|\r|\n)/.exec(content.slice(start + header.length))?.[0].length ?? 0);
  const spans = lineSpans(content, bodyStart, end);
  // The last line end ends the block, and no line follows it.
  if (spans.length > 1 && spans.at(-1)?.start === end) spans.pop();
  const source = spans.map((one) => content.slice(one.start, one.end));
  const firstFull = source.find((line) => line.trim() !== "") ?? "";
  const token: CST.Token | undefined = scalar.srcToken;
  const parent = token && "indent" in token ? Math.max(0, token.indent) : 0;
  const said = Number(/^[|>][-+]?([1-9])/.exec(header)?.[1] ?? 0);
  const spaces = /^ */.exec(firstFull)?.[0].length ?? 0;
  const indent = said > 0 ? parent + said : spaces > 0 || firstFull !== "" ? spaces : parent + 2;
  const tail = /\n*$/.exec(value)?.[0] ?? "";
  const body = value.slice(0, value.length - tail.length);
  const mark = said === 0 && needsMark(body) ? String(indent - parent) : "";
  const newHeader = header.replace(/^([|>])/, `$1${mark}`);
  const isFolded = scalar.type === "BLOCK_FOLDED";
  const pad = " ".repeat(indent);
  // Empty lines at the end are the file's: they stay as they are.
  let last = source.length;
  while (last > 0 && source[last - 1]?.trim() === "" && (source[last - 1]?.length ?? 0) <= indent) last--;
  const kept = source
    .slice(0, last)
    .map((line) => (line.trim() === "" && line.length <= indent ? "" : line.slice(indent)));
  const wanted = isFolded ? refold(kept, body) : body.split("\n");
  const lineEnd = lineEndIn(content);
  const edits: TextEdit[] = mark === "" ? [] : [span(start, start + header.length, newHeader)];
  if (last === 0 || bodyStart > end || source.length === 0) {
    const lines = wanted.map((line) => (line === "" ? "" : pad + line)).join(lineEnd);
    yield [
      span(
        start,
        bodyStart,
        `${newHeader}${lineEnd}${lines}${bodyStart < content.length || source.length > 0 ? lineEnd : ""}`,
      ),
    ];
    return;
  }
  for (const { from, to, lines } of diffLines(
    kept.map((line) => [line]),
    wanted,
  )) {
    const text = lines.map((line) => (line === "" ? "" : pad + line)).join(lineEnd);
    const [first, final, next, previous] = [spans[from], spans[to - 1], spans[to], spans[from - 1]];
    if (first && final && to > from && lines.length > 0) edits.push(span(first.start, final.end, text));
    else if (lines.length > 0) {
      if (next) edits.push(span(next.start, next.start, text + lineEnd));
      else if (previous) edits.push(span(previous.end, previous.end, lineEnd + text));
    } else if (next && first) edits.push(span(first.start, next.start, ""));
    else edits.push(span(previous?.end ?? bodyStart, final?.end ?? end, ""));
  }
  yield edits;
}

/** A text without quotes over several lines: its lines are folded like those of a block. */
function foldedLines(content: string, start: number, end: number, old: string, value: string): TextEdit[] {
  const spans = lineSpans(content, start, end);
  const source = spans.map((one) => content.slice(one.start, one.end));
  const pad = /^[ \t]*/.exec(source[1] ?? "")?.[0] ?? "";
  const kept = source.map((line) => line.trim());
  if (kept.join(" ") !== old) return [span(start, end, value)];
  const wanted = refold(kept, value);
  const lineEnd = lineEndIn(content);
  return diffLines(
    kept.map((line) => [line]),
    wanted,
  ).map(({ from, to, lines }) => {
    const text = lines.join(lineEnd + pad);
    const [first, final, next, previous] = [spans[from], spans[to - 1], spans[to], spans[from - 1]];
    const inside = (at: number) => (spans[at]?.start ?? start) + (/^[ \t]*/.exec(source[at] ?? "")?.[0].length ?? 0);
    if (first && final && to > from && lines.length > 0) return span(inside(from), final.end, text);
    if (lines.length > 0) {
      return next ? span(inside(to), inside(to), text + lineEnd + pad) : span(end, end, lineEnd + pad + text);
    }
    return next && first ? span(inside(from), inside(to), "") : span(previous?.end ?? start, final?.end ?? end, "");
  });
}
