import { type AST, getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import type { Translate } from "../../i18n/locale.ts";
import { applyEdits, type Range, type TextEdit } from "../fault.ts";
import { diffLines } from "../text/line-diff.ts";
import { plainText } from "../text/text.ts";
import { doubleQuoted, rangeBySigns, UNPRINTABLE } from "./escapes.ts";
import { stepsTo } from "./part.ts";
import { type NoText, type PlacedText, TextUnfit, withoutLineEnds } from "./placed-text.ts";
import { lineEndIn, lineSpans, span } from "./verbatim.ts";

/** A text under a key of a TOML file. Its quotes stay where they can contain the text. */
export function tomlText(content: string, key: string, t: Translate): PlacedText | NoText {
  const values = valuesIn(content, t);
  if (!Array.isArray(values)) return values;
  const isThere = (steps: readonly string[]) =>
    values.some(({ path }) => path.length >= steps.length && steps.every((step, at) => path[at] === step));
  const steps = stepsTo(key, (before, name) => isThere([...before, name]));
  const found = values.find(({ path }) => path.length === steps.length && path.every((step, at) => step === steps[at]));
  if (!found) {
    if (isThere(steps)) {
      return {
        problem: t("has no text under the key {0}", JSON.stringify(key)),
        remedy: t("Name a key whose value is a text."),
      };
    }
    const near = values.slice(0, 8).map(({ path }) => JSON.stringify(path.join(".")));
    const remedy = near.length > 0 ? t("It has {0}.", near.join(", ")) : t("Correct the key.");
    return { problem: t("has no key {0}", JSON.stringify(key)), remedy };
  }
  const { node } = found;
  if (node.type !== "TOMLValue" || node.kind !== "string") {
    return {
      problem: t("has no text under the key {0}", JSON.stringify(key)),
      remedy: t("Name a key whose value is a text."),
    };
  }
  const value = plainText(node.value);
  const text = withoutLineEnds(value);
  const [start, end] = node.range;
  return {
    text,
    range: { start, end },
    rangeOf: (offset, length) => partOf(content, { start, end }, text, offset, length),
    edits(wanted) {
      const whole = withoutLineEnds(wanted) + value.slice(text.length);
      for (const edits of stringEdits(content, { start, end }, value, whole)) {
        if (isOnlyChange(content, edits, steps, whole)) return edits;
      }
      throw new TextUnfit("cannot be written under its key without a change to other parts of the file");
    },
  };
}

interface TomlEntry {
  readonly path: readonly string[];
  readonly node: AST.TOMLContentNode;
}

function valuesIn(content: string, t: Translate): TomlEntry[] | NoText {
  try {
    const program = parseTOML(content);
    const found: TomlEntry[] = [];
    for (const part of program.body[0].body) addTo(found, part, []);
    return found;
  } catch (error) {
    const line = typeof error === "object" && error !== null ? Number(Reflect.get(error, "lineNumber")) : 0;
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { problem: t("is not valid TOML (line {0}: {1})", line, message ?? ""), remedy: t("Correct the file.") };
  }
}

function addTo(found: TomlEntry[], part: AST.TOMLKeyValue | AST.TOMLTable, above: readonly string[]): void {
  if (part.type === "TOMLTable") {
    for (const inner of part.body) addTo(found, inner, part.resolvedKey.map(String));
    return;
  }
  addValue(
    found,
    [...above, ...part.key.keys.map((one) => (one.type === "TOMLBare" ? one.name : one.value))],
    part.value,
  );
}

function addValue(found: TomlEntry[], path: readonly string[], node: AST.TOMLContentNode): void {
  if (node.type === "TOMLInlineTable") for (const inner of node.body) addTo(found, inner, path);
  else if (node.type === "TOMLArray")
    node.elements.forEach((one, at) => void addValue(found, [...path, String(at)], one));
  else found.push({ path, node });
}

function quoteOf(source: string): '"' | "'" | '"""' | "'''" {
  if (source.startsWith('"""')) return '"""';
  if (source.startsWith("'''")) return "'''";
  return source.startsWith("'") ? "'" : '"';
}

function partOf(content: string, range: Range, text: string, offset: number, length: number): Range {
  const quote = quoteOf(content.slice(range.start, range.end));
  const inside = { start: range.start + quote.length, end: range.end - quote.length };
  const escapes = quote.startsWith('"') ? "backslash" : "none";
  return rangeBySigns(content, inside, escapes, text, offset, length) ?? range;
}

/** Possible edits, the smallest first; the caller verifies each by parsing the result. */
function* stringEdits(content: string, { start, end }: Range, old: string, value: string): Generator<TextEdit[]> {
  const source = content.slice(start, end);
  const quote = quoteOf(source);
  const isOneLine = !value.includes("\n");
  const isPrintable = !UNPRINTABLE.test(value);
  if (quote === "'" && isOneLine && isPrintable && !value.includes("'")) yield [span(start, end, `'${value}'`)];
  if (quote.length === 3) {
    const inner = { start: start + 3, end: end - 3 };
    const encode = quote === '"""' ? basicLine : (line: string) => line;
    if (quote === '"""' || (isPrintable && !value.includes("'''"))) yield lineEdits(content, inner, old, value, encode);
    const opening = /^(?:\r\n|\n)/.exec(content.slice(inner.start))?.[0] ?? "";
    const lines = value.split("\n").map(basicLine).join(lineEndIn(content));
    yield [span(start, end, `"""${opening}${lines}"""`)];
  }
  yield [span(start, end, doubleQuoted(value))];
}

function basicLine(line: string): string {
  return doubleQuoted(line).slice(1, -1).replaceAll('\\"', '"').replaceAll('""', '"\\"').replace(/"$/, '\\"');
}

/** Lines that differ, between quotes with lines as they are; all of them where a line goes on behind its end. */
function lineEdits(
  content: string,
  { start, end }: Range,
  old: string,
  value: string,
  encode: (line: string) => string,
): TextEdit[] {
  const opening = /^(?:\r\n|\n)/.exec(content.slice(start, end))?.[0].length ?? 0;
  const spans = lineSpans(content, start + opening, end);
  const before = old.split("\n");
  const lineEnd = lineEndIn(content);
  const wanted = value.split("\n");
  if (before.length !== spans.length) return [span(start + opening, end, wanted.map(encode).join(lineEnd))];
  return diffLines(
    before.map((line) => [line]),
    wanted,
  ).map(({ from, to, lines }) => {
    const text = lines.map(encode).join(lineEnd);
    const [first, final, next, previous] = [spans[from], spans[to - 1], spans[to], spans[from - 1]];
    if (first && final && to > from && lines.length > 0) return span(first.start, final.end, text);
    if (lines.length > 0) return next ? span(next.start, next.start, text + lineEnd) : span(end, end, lineEnd + text);
    return next && first ? span(first.start, next.start, "") : span(previous?.end ?? start, final?.end ?? end, "");
  });
}

/** Whether the edited file has the text at its place and is otherwise unchanged. */
function isOnlyChange(content: string, edits: readonly TextEdit[], steps: readonly string[], wanted: string): boolean {
  const after = applyEdits(content, edits);
  try {
    const expected: unknown = getStaticTOMLValue(parseTOML(content));
    put(expected, steps, wanted);
    const one = JSON.stringify(sorted(expected));
    return one === JSON.stringify(sorted(getStaticTOMLValue(parseTOML(after))));
  } catch {
    return false;
  }
}

function put(value: unknown, steps: readonly string[], text: string): void {
  const [step = "", ...rest] = steps;
  if (typeof value !== "object" || value === null) return;
  if (rest.length === 0) Reflect.set(value, step, text);
  else put(Reflect.get(value, step), rest, text);
}

/** Numbers that JSON has no form for stay apart from each other. */
function sorted(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") return `number ${value}`;
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.entries(value).map(([key, inner]) => [key, sorted(inner)]);
}
