import { isZip } from "../graph/containment.ts";

/** Text that is read in pieces, as often as it is needed: of a file, no more than a piece is held. */
export interface DataText {
  /** A piece never ends between the halves of a character. */
  pieces(): AsyncIterable<string>;
}

/** Characters of a piece of a text in memory. */
const PIECE = 2 ** 16;

/** A text that is held anyway. */
export function inMemory(text: string): DataText {
  return {
    async *pieces() {
      for (let start = 0; start < text.length; ) {
        const isPair = (text.codePointAt(start + PIECE - 1) ?? 0) > 0xffff;
        const end = start + PIECE + (isPair ? 1 : 0);
        yield text.slice(start, end);
        start = end;
      }
    },
  };
}

/** All of it: for messages about what is wrong, and for formats that can't be read otherwise. */
export async function wholeText(text: DataText): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of text.pieces()) pieces.push(piece);
  return pieces.join("");
}

/** The first characters; fewer if there are no more. */
export async function startOf(text: DataText, length: number): Promise<string> {
  let start = "";
  for await (const piece of text.pieces()) {
    start += piece;
    if (start.length >= length) break;
  }
  return start.slice(0, length);
}

/** The same without its first characters. */
export function withoutStart(text: DataText, length: number): DataText {
  if (length === 0) return text;
  return {
    async *pieces() {
      let left = length;
      for await (const piece of text.pieces()) {
        if (left < piece.length) yield piece.slice(left);
        left = Math.max(0, left - piece.length);
      }
    },
  };
}

/** The lines, without their ends (`\n`), those of a piece together: to await each of 100,000 takes longer than to read it. */
export async function* linesIn(text: DataText): AsyncGenerator<readonly string[]> {
  /** Start of a line that the next piece continues. */
  let rest: string[] = [];
  for await (const piece of text.pieces()) {
    const [first = "", ...others] = piece.split("\n");
    const last = others.pop();
    if (last === undefined) {
      rest.push(first);
      continue;
    }
    yield [[...rest, first].join(""), ...others];
    rest = [last];
  }
  yield [rest.join("")];
}

/**
 * The text of a file. UTF-8, or UTF-16 with a byte order mark or ASCII letters.
 * @param refuse makes the error for other encodings, of which the pieces throw it
 */
export function decoded(parts: () => AsyncIterable<Uint8Array>, refuse: (start: Uint8Array) => Error): DataText {
  return {
    async *pieces() {
      let decoder: TextDecoder | null = null;
      let start = new Uint8Array();
      const decode = (part?: Uint8Array) => {
        try {
          return decoder?.decode(part, { stream: part !== undefined }) ?? "";
        } catch {
          throw refuse(start);
        }
      };
      for await (const part of parts()) {
        if (!decoder) {
          start = part.slice(0, 4);
          if (isZip(start)) throw refuse(start);
          // A byte order mark is kept in UTF-8 alone, as in other texts.
          decoder = new TextDecoder(encodingOf(start), { fatal: true, ignoreBOM: encodingOf(start) === "utf-8" });
        }
        const piece = decode(part);
        if (piece !== "") yield piece;
      }
      const rest = decode();
      if (rest !== "") yield rest;
    },
  };
}

/** @param start the first bytes of a file */
export function encodingOf([a, b, c, d]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  // The mark of UTF-32 begins with that of UTF-16. As UTF-8, it is refused.
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? "utf-8" : "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a && b === 0 && c && d === 0) return "utf-16le";
  if (a === 0 && b && c === 0 && d) return "utf-16be";
  return "utf-8";
}
