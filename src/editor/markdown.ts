import { MarkdownString } from "vscode";

/**
 * Text from models and data as Markdown that shows it letter by letter: no HTML, image, link or command comes of it.
 * Escaping alone leaves bare addresses clickable, so an invisible character parts them.
 */
export function literal(text: string): string {
  const parted = text
    .replaceAll("://", ":\u200b//")
    .replaceAll(/\bwww\./gi, "www\u200b.")
    .replaceAll("@", "@\u200b");
  return new MarkdownString().appendText(parted).value;
}

/** The start of a text, on one line, for labels. */
export function oneLine(text: string, length = 120): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
