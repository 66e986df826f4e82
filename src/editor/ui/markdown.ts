import { MarkdownString } from "vscode";
import { plain, oneLine as plainLine } from "../../i18n/plain-text.ts";

/**
 * Text from models and data as Markdown that shows it literally, without HTML, images, links or commands. VS Code's own
 * escaping leaves `<command:x>` and bare addresses clickable, so `<` is escaped and addresses are split by an invisible
 * character.
 */
export function literal(text: string): string {
  const parted = plain(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("://", ":\u200b//")
    .replaceAll(/\bwww\./gi, "www\u200b.")
    .replaceAll("@", "@\u200b");
  // Non-breaking spaces would prevent wrapping; those that indent or start a list are kept.
  return new MarkdownString().appendText(parted).value.replaceAll(SINGLE_SPACE, " ");
}

const SINGLE_SPACE = /(?<!^|^\d+[.)]|&nbsp;)&nbsp;(?!&nbsp;|$)/gm;

/** The start of a text for labels and dialogs: on one line, without control characters and text direction marks. */
export function oneLine(text: string, length = 120): string {
  return plainLine(text, length);
}

/** Maximum lines and characters of a code block. */
const LINES = 12;
const CHARACTERS = 800;

/** The start of a text as a code block whose fence is longer than any in the text. */
export function codeBlock(text: string): string {
  const lines = text.slice(0, CHARACTERS).split(/\r\n|\r|\n/);
  const shown = lines.slice(0, LINES).join("\n");
  const isCut = text.length > CHARACTERS || lines.length > LINES;
  const fence = "`".repeat(Math.max(3, ...Array.from(shown.matchAll(/`+/g), ([run]) => run.length + 1)));
  return `${fence}text\n${shown}${isCut ? "…" : ""}\n${fence}`;
}
