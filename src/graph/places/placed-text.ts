import type { Range, TextEdit } from "../fault.ts";

/** A text in a file, usually with other content around it. */
export interface PlacedText {
  /** Decoded, in plain form; line ends at its end belong to the file. */
  readonly text: string;
  /** Of the text as it is in the file, with its quotes. */
  readonly range: Range;
  /** Where `length` characters of the text, from `offset`, are in the file. */
  rangeOf(offset: number, length: number): Range;
  /**
   * The smallest edits that put another text in its place.
   * @param text in plain form. @throws TextUnfit
   */
  edits(text: string): readonly TextEdit[];
}

/** Why a file has no text at a place, as a clause that follows the name of the file, and what to do: in the reader's language. */
export interface NoText {
  readonly problem: string;
  readonly remedy: string;
}

/** A text that can't be written at its place: it would end a section, or change the text around it. */
export class TextUnfit extends Error {
  override readonly name = "TextUnfit";
  constructor(
    /** A clause to follow "the text". */
    readonly reason: string,
  ) {
    super(`the text ${reason}`);
  }
}

export function isPlaced(found: PlacedText | NoText): found is PlacedText {
  return "text" in found;
}

export function withoutLineEnds(text: string): string {
  return text.replace(/\n+$/, "");
}
