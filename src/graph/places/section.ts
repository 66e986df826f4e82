import type { Translate } from "../../i18n/locale.ts";
import type { Range, TextEdit } from "../fault.ts";
import { plainText, promptForm } from "../text/text.ts";
import type { NoText, PlacedText } from "./placed-text.ts";
import { TextUnfit } from "./placed-text.ts";
import { editSpan, isMixed, lineEndIn, lineSpans, span, verbatimRange } from "./verbatim.ts";

interface Heading {
  readonly level: number;
  readonly title: string;
  /** Range of its line, without the line end. */
  readonly range: Range;
}

/**
 * The text under a heading of a Markdown file, up to the next heading of the same or a higher level, without the empty
 * lines around it. Front matter and fenced code have no headings.
 * @param section the heading as it is written, `## Review`; without number signs, of any level
 */
export function sectionOf(content: string, section: string, t: Translate): PlacedText | NoText {
  const form = promptForm(content);
  const found = headings(content, form.start, content.length);
  const [wanted = { level: 0, title: section.trim() }] = headings(section, 0, section.length);
  const named = found.filter(
    ({ level, title }) => title === wanted.title && (wanted.level === 0 || level === wanted.level),
  );
  const [heading, ...others] = named;
  if (!heading) {
    const shown = found.slice(0, 8).map(({ level, title }) => JSON.stringify(`${"#".repeat(level)} ${title}`));
    return {
      problem: t("has no section {0}", JSON.stringify(section)),
      remedy: shown.length > 0 ? t("Name one of its sections: {0}.", shown.join(", ")) : t("It has no headings."),
    };
  }
  if (others.length > 0) {
    const problem = t("has {0} sections {1}", named.length, JSON.stringify(section));
    return { problem, remedy: t("Give each of them its own heading.") };
  }
  const next = found.find(({ level, range }) => range.start > heading.range.start && level <= heading.level);
  const range = trimmed(content, heading.range.end, next?.range.start ?? content.length);
  const fault = (text: string) => endsSection(text, heading.level);
  return {
    text: plainText(content.slice(range.start, range.end)),
    range,
    rangeOf: (offset, length) => verbatimRange(content, range, offset, length),
    edits(text) {
      const reason = fault(text);
      if (reason !== null) throw new TextUnfit(reason);
      return range.start < range.end ? editTrimmed(content, range, text) : fillEmpty(content, range.start, text);
    },
  };
}

/** Inserts a first text under a heading, between empty lines. */
function fillEmpty(content: string, at: number, text: string): TextEdit[] {
  const lineEnd = isMixed(content) ? "\r\n" : lineEndIn(content);
  const wanted = withoutEmptyEdges(text);
  if (wanted === "") return [];
  const before = /[\r\n]$/.test(content.slice(0, at)) ? lineEnd : lineEnd + lineEnd;
  const after = /^(?:[ \t]*[\r\n]|$)/.test(content.slice(at)) ? lineEnd : lineEnd + lineEnd;
  return [span(at, at, before + wanted.replaceAll("\n", lineEnd) + after)];
}

/** Why a text can't be in a section; null if it can. */
export function endsSection(text: string, level: number): string | null {
  const heading = headings(text, 0, text.length).find((one) => one.level <= level);
  if (heading) {
    const line = text.slice(heading.range.start, heading.range.end);
    return `has the heading ${JSON.stringify(line)}, which would end its section`;
  }
  return isFenceOpen(text) ? "has a code fence without an end" : null;
}

/** Level of a heading; 6 if it has no number signs. */
export function levelOf(section: string): number {
  return /^#{1,6}(?=\s)/.exec(section.trim())?.[0].length ?? 6;
}

/** A text without the empty lines at both ends, as it is written. */
export function withoutEmptyEdges(text: string): string {
  return text.trim() === "" ? "" : text.replace(/^(?:[ \t]*\n)+|(?:\n[ \t]*)+$/g, "");
}

/** Edits of a text between empty lines, which are not part of it. */
export function editTrimmed(content: string, range: Range, text: string): TextEdit[] {
  const lineEnd = isMixed(content) ? "\r\n" : lineEndIn(content);
  const wanted = withoutEmptyEdges(text);
  if (range.start < range.end) return editSpan(content, { ...range, lineEnd }, wanted.split("\n"));
  return wanted === "" ? [] : [span(range.start, range.start, wanted.replaceAll("\n", lineEnd))];
}

/** Without the empty lines at both ends; for a section of none, the place of its first line. */
function trimmed(content: string, start: number, end: number): Range {
  const spans = lineSpans(content, start, end).slice(1);
  const full = spans.filter((one) => content.slice(one.start, one.end).trim() !== "");
  const [first, last] = [full[0], full.at(-1)];
  if (first && last) return { start: first.start, end: last.end };
  const empty = spans[0]?.start ?? end;
  return { start: empty, end: empty };
}

function headings(content: string, start: number, end: number): Heading[] {
  const found: Heading[] = [];
  eachLine(content, start, end, (line, range) => {
    const [, marks = "", title = ""] = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/.exec(line) ?? [];
    if (marks !== "") found.push({ level: marks.length, title: title.trim(), range });
  });
  return found;
}

function isFenceOpen(text: string): boolean {
  return eachLine(text, 0, text.length, () => {}) !== null;
}

/** Calls with every line outside of fenced code. @returns the fence that is still open at the end */
function eachLine(
  content: string,
  start: number,
  end: number,
  tell: (line: string, range: Range) => void,
): string | null {
  let fence: string | null = null;
  for (const range of lineSpans(content, start, end)) {
    const line = content.slice(range.start, range.end);
    const [, mark = "", rest = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === null) {
      if (mark !== "" && !(mark.startsWith("`") && rest.includes("`"))) fence = mark;
      else tell(line, range);
    } else if (mark.startsWith(fence) && rest.trim() === "") fence = null;
  }
  return fence;
}
