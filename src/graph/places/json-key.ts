import type { Node } from "jsonc-parser";
import type { Translate } from "../../i18n/locale.ts";
import { editLines, plainLine } from "../edits/lines-edit.ts";
import { JsonDocument, rangeOf } from "../syntax/document.ts";
import { literalRange } from "../syntax/literal.ts";
import { plainText } from "../text/text.ts";
import { editLiteral } from "./json-literal.ts";
import { stepsTo } from "./part.ts";
import { type NoText, type PlacedText, withoutLineEnds } from "./placed-text.ts";

/** A text under a key of a JSON file, with or without comments. */
export function jsonText(content: string, key: string, t: Translate): PlacedText | NoText {
  const document = new JsonDocument("", content);
  const [fault] = document.faults;
  if (fault && !document.isSound) {
    return {
      problem: t("is not valid JSON (line {0}: {1})", fault.line, fault.message),
      remedy: t("Correct the file."),
    };
  }
  const walk = (steps: readonly string[]) => document.at(pathOf(document, steps));
  const steps = stepsTo(key, (before, name) => {
    const holder = walk(before);
    return holder?.type === "object" && document.members(holder).has(name);
  });
  const node = walk(steps);
  if (!node) {
    const holder = walk(steps.slice(0, -1)) ?? document.root;
    const near = holder ? [...document.members(holder).keys()].slice(0, 8).map((name) => JSON.stringify(name)) : [];
    const remedy = near.length > 0 ? t("Name one of its keys: {0}.", near.join(", ")) : t("Correct the key.");
    return { problem: t("has no key {0}", JSON.stringify(key)), remedy };
  }
  const lines = node.type === "array" ? (node.children ?? []) : [];
  if (lines.length > 0 && lines.every(({ type }) => type === "string")) return placedLines(content, node, lines);
  const value: unknown = node.value;
  if (node.type !== "string" || typeof value !== "string") {
    const problem = t("has no text under the key {0}", JSON.stringify(key));
    return { problem, remedy: t("Name a key whose value is a text.") };
  }
  return placed(content, node, plainText(value));
}

function placed(content: string, node: Node, value: string): PlacedText {
  const text = withoutLineEnds(value);
  return {
    text,
    range: rangeOf(node),
    rangeOf: (offset, length) => literalRange(content, node, offset, length),
    edits: (wanted) => editLiteral(content, node, withoutLineEnds(wanted) + value.slice(text.length)),
  };
}

/** A text as a list of its lines. */
function placedLines(content: string, list: Node, lines: readonly Node[]): PlacedText {
  const text = lines.map(plainLine).join("\n");
  return {
    text,
    range: rangeOf(list),
    rangeOf(offset, length) {
      let from = offset;
      const line = lines.find((one) => {
        const size = plainLine(one).length;
        if (from <= size) return true;
        from -= size + 1;
        return false;
      });
      return line ? literalRange(content, line, from, length) : rangeOf(list);
    },
    edits: (wanted) => editLines(content, list, wanted.split("\n")),
  };
}

/** In a list, a number is a position. */
function pathOf(document: JsonDocument, steps: readonly string[]): (string | number)[] {
  const path: (string | number)[] = [];
  for (const step of steps) {
    const isPosition = document.at(path)?.type === "array" && /^\d+$/.test(step);
    path.push(isPosition ? Number(step) : step);
  }
  return path;
}
