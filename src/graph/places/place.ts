import { ENGLISH } from "../../i18n/locale.ts";
import { textBetween, unfitBetween } from "./between.ts";
import { jsonText } from "./json-key.ts";
import type { TextPart } from "./part.ts";
import type { NoText, PlacedText } from "./placed-text.ts";
import { endsSection, levelOf, sectionOf } from "./section.ts";
import { tomlText } from "./toml-key.ts";
import { wholeFile } from "./whole.ts";
import { yamlText } from "./yaml-key.ts";

const KEYED = { yaml: yamlText, json: jsonText, toml: tomlText } as const;

/**
 * The text at a place in a file.
 * @param part absent: a whole prompt file
 * @param t language of the problem and the remedy
 */
export function placedText(content: string, part: TextPart | undefined, t = ENGLISH.t): PlacedText | NoText {
  switch (part?.kind) {
    case undefined:
      return wholeFile(content);
    case "section":
      return sectionOf(content, part.section, t);
    case "between":
      return textBetween(content, part, t);
    case "key": {
      if (part.format) return KEYED[part.format](content, part.key, t);
      const remedy = t("Use a file with the extension .yaml, .yml, .json or .toml.");
      return { problem: t("has no keys that can be read"), remedy };
    }
  }
}

/** Rules for a new text because of its place, for a model; null if there are none. */
export function ruleFor(part: TextPart | undefined): string | null {
  if (part?.kind === "section") {
    const level = levelOf(part.section);
    return `The text stands under a Markdown heading: no heading of level ${level} or higher (${"#".repeat(level)}), and every code fence is closed.`;
  }
  if (part?.kind !== "between") return null;
  const escapes = part.code ? " It stands in a program's source: no new backslashes." : "";
  return `The text does not contain ${JSON.stringify(part.end)}.${escapes}`;
}

/**
 * Why a text can't replace a node's text in its file; null if it can. A clause to follow
 * "the text".
 * @param base the text that is there now
 */
export function unfitFor(part: TextPart | undefined, base: string, text: string): string | null {
  if (part?.kind === "section") return endsSection(text, levelOf(part.section));
  return part?.kind === "between" ? unfitBetween(part, base, text) : null;
}
