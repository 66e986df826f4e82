import type { Node } from "jsonc-parser";
import type { TextEdit } from "../fault.ts";
import { editLiteral } from "../places/json-literal.ts";
import { diffLines } from "../text/line-diff.ts";
import { plainText } from "../text/text.ts";
import { editList, replaceElement } from "./list-edit.ts";

/** The text of an element of a list of lines, in plain form. */
export function plainLine({ type, value }: Node): string {
  return plainText(type === "string" ? String(value) : "");
}

/** Edits that change the lines of a text that is a list in JSON. Other lines stay, byte for byte. */
export function editLines(source: string, list: Node, lines: readonly string[]): TextEdit[] {
  const pieces = (list.children ?? []).map((line) => plainLine(line).split("\n"));
  const changes = diffLines(pieces, lines).map((hunk) => ({
    ...hunk,
    insert: hunk.lines.map((line) => JSON.stringify(line)),
  }));
  return editList(source, list, changes, (line, json) =>
    line.type === "string" ? editLiteral(source, line, String(JSON.parse(json))) : replaceElement(line, json),
  );
}
