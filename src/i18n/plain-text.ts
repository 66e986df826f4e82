import { stripVTControlCharacters } from "node:util";

/**
 * Makes text from models and data safe for a terminal: without escape sequences, control characters except tabs and
 * line ends, and text direction marks.
 */
export function plain(text: string): string {
  return (
    stripVTControlCharacters(text)
      .replace(/\r\n?/g, "\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go.
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}

/** JSON whose control characters and text direction marks are escaped, so that printing it is safe. */
export function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * `plain` with a name for each character that no one sees, such as `<U+202E>`: what someone accepts must show all that is written. Those
 * that join letters and emoji stay.
 */
export function visible(text: string): string {
  const named = text.replace(
    /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu,
    (character) => `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`,
  );
  return plain(named);
}

/** `plain` on one line, cut to `length` characters. */
export function oneLine(text: string, length: number): string {
  const line = plain(text).replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
