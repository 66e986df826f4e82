import { applyEdits, type TextEdit } from "../fault.ts";
import { looksLikeFrontMatter, promptForm, promptText } from "../text/text.ts";
import type { PlacedText } from "./placed-text.ts";
import { editSpan, isMixed, span, verbatimRange } from "./verbatim.ts";

/** A prompt file: all of it but front matter and the last line end. */
export function wholeFile(content: string): PlacedText {
  const { start, end } = promptForm(content);
  return {
    text: promptText(content),
    range: { start, end },
    rangeOf: (offset, length) => verbatimRange(content, { start, end }, offset, length),
    edits: (text) => editWhole(content, text),
  };
}

/** Only the lines that differ, where the file's line ends allow that; its final one stays as it is. */
function editWhole(content: string, text: string): TextEdit[] {
  const form = promptForm(content);
  const { start, end } = form;
  const mixed = isMixed(content);
  const lineEnd = mixed ? "\r\n" : form.lineEnd;
  const lines = text.split("\n");
  const edits = editSpan(content, { ...form, lineEnd }, lines);
  // Next to each other, the CR of one line and the LF of another would be one line end.
  if (mixed && promptText(applyEdits(content, edits)) !== text)
    edits.splice(0, edits.length, span(start, end, lines.join(lineEnd)));
  // Without a final line end of its own, the file would lose the text's last empty line.
  if (end === content.length && text.endsWith("\n")) edits.push(span(end, end, lineEnd));
  // Front matter may end with the file.
  if (start > 1 && start === content.length && !/[\r\n]$/.test(content)) edits.unshift(span(start, start, lineEnd));
  // A text that looks like front matter would be taken for it.
  if (start <= 1 && looksLikeFrontMatter(text)) edits.unshift(span(start, start, `---${lineEnd}---${lineEnd}`));
  return edits;
}
