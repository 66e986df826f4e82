import { foreignMarks } from "../graph/checks/foreign-templates.ts";
import { roleSections } from "../graph/text/role-marks.ts";
import { findPlaceholders, render } from "../graph/text/templating.ts";
import { promptForm } from "../graph/text/text.ts";
import type { Translate } from "../i18n/locale.ts";
import type { TextReference } from "./importer.ts";

/** Names in a Jinja text, and what else it contains. */
export interface JinjaText {
  readonly names: readonly string[];
  /** A sentence about what is not filled in; null if everything is. */
  readonly note: string | null;
}

export function readJinja(text: string, where: string, t: Translate): JinjaText {
  const names = namesIn(text);
  const marks = foreignMarks(text, new Set(names), "jinja").flatMap(({ shown, isHint }) => (isHint ? [] : [shown]));
  const shown = [...new Set(marks)].slice(0, 4).join(", ");
  const note =
    marks.length > 0
      ? t("{0} has {1}, which is not filled in here. Write it out, or use an input for the value.", where, shown)
      : null;
  return { names, note };
}

/** A template with a loop over earlier messages, without that loop. */
export interface WithoutHistory {
  readonly reference: TextReference;
  readonly text: string;
  /** The frame of the text, with the graph's own placeholders. */
  readonly frame: string[];
  /** Names in the frame. */
  readonly framed: readonly string[];
  readonly loop: string;
}

/**
 * Reads a chat template with a system message, a loop over the history, and the question: the part before the loop
 * becomes the text, and the rest its frame; null for other templates.
 */
export function withoutHistory(content: string, file: string): WithoutHistory | null {
  const { start, end } = promptForm(content);
  const template = content.slice(start, end);
  const [loop, opening = ""] = /(\{%-?\s*for\s[^%]*%\})[\s\S]*?\{%-?\s*endfor\s*-?%\}/.exec(template) ?? [];
  if (loop === undefined) return null;
  const at = template.indexOf(loop);
  const [before, after] = [template.slice(0, at), template.slice(at + loop.length)];
  const mark = /^\s*(?:#[ \t]*)?(?:system|developer)[ \t]*:[ \t]*\r?\n/i.exec(before)?.[0];
  const sections = roleSections(before.replaceAll("\r\n", "\n").trimStart());
  if (mark === undefined || sections?.length !== 1 || foreignMarks(before + after, new Set(), "jinja").length > 0)
    return null;
  const first = uniqueMark(content, start + mark.length);
  if (first === null || content.indexOf(opening) !== start + at) return null;
  const framed = namesIn(after);
  const values = new Map(framed.map((name) => [name, `{{${name}}}`]));
  const rest = render(after, values, "jinja").replaceAll("\r\n", "\n").trim().split("\n");
  return {
    reference: { file, between: [first, opening] },
    text: before.slice(mark.length),
    frame: ["system:", "{{instruction}}", "", ...rest],
    framed,
    loop: opening,
  };
}

/** Replaces the template's names in a frame with those of the graph's inputs. */
export function framed(frame: readonly string[], variables: Readonly<Record<string, string>> = {}): string[] {
  return frame.map((line) =>
    Object.entries(variables).reduce((text, [name, input]) => text.replaceAll(`{{${name}}}`, `{{${input}}}`), line),
  );
}

/** The shortest text of whole lines up to an offset that occurs once in the content. */
function uniqueMark(content: string, end: number): string | null {
  for (let start = content.lastIndexOf("\n", end - 2) + 1; ; start = content.lastIndexOf("\n", start - 2) + 1) {
    const mark = content.slice(start, end).replace(/\r?\n$/, "");
    if (mark.trim() !== "" && content.indexOf(mark) === start && !content.includes(mark, start + 1)) return mark;
    if (start <= 0) return null;
  }
}

function namesIn(text: string): string[] {
  return [...new Set(findPlaceholders(text, "jinja").map(({ name }) => name))];
}

/** Whether lines that name a role split a text into messages. */
export function hasRoles(text: string): boolean {
  return roleSections(text) !== null;
}
