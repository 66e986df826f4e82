import { modify } from "jsonc-parser";
import type { JsonDocument, JsonPath } from "./document.ts";
import type { Fix, Range } from "./fault.ts";

/** Puts another name in the place of a string. */
export function rename({ start, end }: Range, to: string): Fix {
  return { title: `Change to "${to}"`, edits: [{ offset: start, length: end - start, text: JSON.stringify(to) }] };
}

/** Sets a value in the file, in the file's own indentation; undefined where the file is too broken for it. */
export function setValue(document: JsonDocument, title: string, path: JsonPath, value: unknown): Fix | undefined {
  const { text } = document;
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  const tabs = indent.startsWith("\t");
  const formattingOptions = {
    insertSpaces: !tabs,
    tabSize: tabs ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
  try {
    const edits = modify(text, [...path], value, { formattingOptions, isArrayInsertion: true });
    return { title, edits: edits.map(({ offset, length, content }) => ({ offset, length, text: content })) };
  } catch {
    return undefined;
  }
}
