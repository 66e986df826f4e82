import type { Translate } from "../../i18n/locale.ts";
import type { Range } from "../fault.ts";
import { plainText } from "../text/text.ts";
import type { TextPart } from "./part.ts";
import { type NoText, type PlacedText, TextUnfit } from "./placed-text.ts";
import { editTrimmed, withoutEmptyEdges } from "./section.ts";
import { verbatimRange } from "./verbatim.ts";

type Between = TextPart & { readonly kind: "between" };

/**
 * The text between two marks in a file, without the line ends next to them. The first mark must occur once; the text
 * ends at the next second mark.
 */
export function textBetween(content: string, part: Between, t: Translate): PlacedText | NoText {
  const { start, end } = part;
  const at = content.indexOf(start);
  if (at < 0)
    return { problem: t("does not contain {0}", JSON.stringify(start)), remedy: t('Correct the marks in "between".') };
  const from = at + start.length;
  if (content.includes(start, at + 1)) {
    const problem = t("contains {0} more than once", JSON.stringify(start));
    return { problem, remedy: t('Lengthen the first mark in "between" until the file contains it only once.') };
  }
  const to = content.indexOf(end, from);
  if (to < 0) {
    const problem = t("does not contain {0} after {1}", JSON.stringify(end), JSON.stringify(start));
    return { problem, remedy: t('Correct the marks in "between".') };
  }
  const range = withoutEdges(content, { start: from, end: to });
  const inside = plainText(content.slice(range.start, range.end));
  const text = inside.trim() === "" ? "" : inside;
  return {
    text,
    range,
    rangeOf: (offset, length) => verbatimRange(content, range, offset, length),
    edits(wanted) {
      const reason = unfitBetween(part, text, wanted);
      if (reason !== null) throw new TextUnfit(reason);
      return editTrimmed(content, range, wanted);
    },
  };
}

/** Why a text can't be between the marks; null if it can. @param base the text that is there now */
export function unfitBetween({ start, end, code }: Between, base: string, text: string): string | null {
  if (text.includes(end)) return `contains ${JSON.stringify(end)}, which would end it`;
  if (text.includes(start)) return `contains ${JSON.stringify(start)}, which would begin it anew`;
  // In `a>` before `>>`, the mark starts one character earlier.
  const written = withoutEmptyEdges(text);
  const whole = start + written + end;
  if (whole.indexOf(end, start.length) < start.length + written.length)
    return `ends with a part of ${JSON.stringify(end)}, which would end it`;
  if (whole.includes(start, 1)) return `starts with a part of ${JSON.stringify(start)}, which would begin it anew`;
  if (!code) return null;
  const quote = /^["'`]+/.exec(end)?.[0] ?? "";
  if (/^(?:"|')$/.test(quote) && text.includes("\n")) return "has several lines, but stands in quotes of one line";
  const isRaw =
    /(?:\b[rR][fFbB]?|\b[fFbB][rR]|String\.raw)["'`]+\s*$/.test(start) || (/`$/.test(quote) && /\.go\b/.test(start));
  if (!isRaw && added("\\", base, text)) return "has a backslash, which the program would read as an escape";
  if (quote !== "" && text.endsWith(quote.charAt(0))) return "ends with the quote that ends it";
  if (quote === "`" && added("${", base, text)) return "has ${, which the program would fill in";
  return null;
}

function added(sign: string, base: string, text: string): boolean {
  return text.split(sign).length > base.split(sign).length;
}

function withoutEdges(content: string, { start, end }: Range): Range {
  const inside = content.slice(start, end);
  // Spaces alone are no text, and give way to one.
  if (inside.trim() === "") return { start, end: start + (/^[ \t]*/.exec(inside)?.[0].length ?? 0) };
  const before = /^(?:[ \t]*(?:\r\n|\r|\n))+/.exec(inside)?.[0].length ?? 0;
  const after = /(?:(?:\r\n|\r|\n)[ \t]*)+$/.exec(inside)?.[0].length ?? 0;
  return { start: start + before, end: end - after };
}
