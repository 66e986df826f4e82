import { Range, type TextDocument } from "vscode";
import type { Range as PlainRange } from "../../graph/fault.ts";
import { JsonDocument } from "../../graph/syntax/document.ts";
import { type Outline, outlineOf } from "../../graph/syntax/outline.ts";
import { type Use, usesIn } from "../../graph/syntax/symbols.ts";
import { LOCALE } from "../editor-locale.ts";

/** A graph file's text, parsed as far as possible. */
export class ParsedGraph {
  readonly document: JsonDocument;
  #outline: Outline | null = null;
  #uses: readonly Use[] | null = null;

  constructor(path: string, text: string) {
    this.document = new JsonDocument(path, text, { recover: true, locale: LOCALE });
  }

  get outline(): Outline {
    this.#outline ??= outlineOf(this.document);
    return this.#outline;
  }

  get uses(): readonly Use[] {
    this.#uses ??= usesIn(this.document, this.outline);
    return this.#uses;
  }

  /** Converts offsets to a range, also for files that are not open. */
  range({ start, end }: PlainRange): Range {
    const [from, to] = [this.document.position(start), this.document.position(end)];
    return new Range(from.line - 1, from.column - 1, to.line - 1, to.column - 1);
  }
}

/** A value derived from a document's text, computed once per version. */
export class PerVersion<T> {
  readonly #known = new WeakMap<TextDocument, { readonly version: number; readonly value: T }>();

  constructor(private readonly make: (document: TextDocument) => T) {}

  of(document: TextDocument): T {
    const known = this.#known.get(document);
    if (known?.version === document.version) return known.value;
    const value = this.make(document);
    this.#known.set(document, { version: document.version, value });
    return value;
  }
}
