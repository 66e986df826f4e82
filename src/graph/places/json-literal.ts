import type { Node } from "jsonc-parser";
import type { TextEdit } from "../fault.ts";
import { rangeOf } from "../syntax/document.ts";
import { literalUnits } from "../syntax/literal.ts";

/** Only what differs between the old and the new string, escaped as JSON asks. */
export function editLiteral(source: string, literal: Node, text: string): TextEdit[] {
  const units = literalUnits(source, rangeOf(literal));
  const shorter = Math.min(units.length, text.length);
  let start = 0;
  while (start < shorter && units[start]?.character === text[start]) start++;
  let end = 0;
  while (end < shorter - start && units[units.length - 1 - end]?.character === text[text.length - 1 - end]) end++;
  // A pair of surrogates is one character: half of it, raw, would not survive in UTF-8.
  if (/[\uD800-\uDBFF]/.test(text.charAt(start - 1))) start--;
  if (/[\uDC00-\uDFFF]/.test(text.charAt(text.length - end))) end--;
  const offset = units[start]?.offset ?? literal.offset + literal.length - 1;
  const last = units[units.length - 1 - end];
  const length = units.length - end > start && last ? last.offset + last.length - offset : 0;
  return [{ offset, length, text: JSON.stringify(text.slice(start, text.length - end)).slice(1, -1) }];
}
