import { createScanner, getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { FAULTS, type Fault, type FaultCode, type Fixes, type Range } from "../fault.ts";
import { recoverQuotes } from "./recover-quotes.ts";

export type JsonPath = readonly (string | number)[];

const MAX_DEPTH = 100;
const MAX_FAULTS = 500;

/**
 * A JSON text with comments, parsed as far as possible, and the faults found in it. Never throws. With `recover`, a
 * missing quote doesn't affect the rest of the file: for help while the user types, never for what is run or
 * written.
 */
export class JsonDocument {
  readonly root: Node | undefined;
  /** Whether the parser found no error. */
  readonly isSound: boolean;
  /** Language of the faults. */
  readonly locale: Locale;
  readonly #faults: Fault[] = [];
  readonly #members = new Map<Node, Map<string, Node>>();
  #lineStarts: readonly number[] | null = null;

  constructor(
    readonly path: string,
    readonly text: string,
    { recover = false, locale = ENGLISH }: { readonly recover?: boolean; readonly locale?: Locale } = {},
  ) {
    this.locale = locale;
    // The parser reports a byte order mark as an error; a space keeps every offset.
    const json = text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text;
    const deep = firstTooDeep(json);
    this.isSound = deep === null;
    if (deep !== null) {
      const message = this.t("The file is nested more than {0} levels deep.", MAX_DEPTH);
      this.add(
        "nested-too-deep",
        { start: deep, end: deep + 1 },
        message,
        this.t("Remove the nesting. No part of a graph file needs it."),
      );
      return;
    }
    if (json.trim() === "") return;
    const errors: ParseError[] = [];
    this.root = parseTree(json, errors, { allowTrailingComma: true });
    this.isSound = errors.length === 0;
    const recovered = recover ? recoverQuotes(json, errors) : null;
    if (recovered !== null) this.root = parseTree(recovered, [], { allowTrailingComma: true });
    for (const [index, error] of errors.entries()) {
      // Of several errors at one offset, only the first is useful.
      if (errors[index - 1]?.offset === error.offset) continue;
      const range = { start: error.offset, end: error.offset + Math.max(1, error.length) };
      this.add(
        "syntax",
        range,
        this.t("This is not valid JSON: {0}.", syntaxProblem(error, locale)),
        this.t("Correct the syntax here."),
      );
    }
  }

  /** Translates a message. */
  get t(): Locale["t"] {
    return this.locale.t;
  }

  /** Sorted by position, at most 500. */
  get faults(): readonly Fault[] {
    return this.#faults.toSorted((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
  }

  /** Whether there are too many faults to compute help for each. */
  get isCrowded(): boolean {
    return this.#faults.length > 30;
  }

  /** Whether no more faults are added. */
  get isFull(): boolean {
    return this.#faults.length > MAX_FAULTS;
  }

  /** Removes the faults so far, to replace them with a more useful one. */
  clear(): void {
    this.#faults.length = 0;
  }

  add(code: FaultCode, range: Range, message: string, remedy: string, fixes?: Fixes): void {
    if (this.isFull) return;
    const full = this.#faults.length === MAX_FAULTS;
    // After an unclosed comment, the parser's offsets exceed the text.
    const inside = (offset: number): number => Math.min(offset, this.text.length);
    this.#faults.push({
      code: full ? "too-many-faults" : code,
      severity: FAULTS[full ? "too-many-faults" : code],
      message: full ? this.t("There are more than {0} problems. The others are not shown.", MAX_FAULTS) : message,
      remedy: full ? this.t("Fix the listed ones first.") : remedy,
      file: this.path,
      range: { start: inside(range.start), end: inside(range.end) },
      ...this.position(inside(range.start)),
      ...(fixes && !full ? { fixes } : {}),
    });
  }

  /** Like `add`, at the value at `path`, or at the nearest existing part around it. */
  addAt(code: FaultCode, path: JsonPath, message: string, remedy: string, fixes?: Fixes): void {
    this.add(code, this.rangeAt(path), message, remedy, fixes);
  }

  /** Whether there is an error at the value that `path` leads to, or inside it. */
  hasErrorAt(path: JsonPath): boolean {
    const { start, end } = this.rangeAt(path);
    return this.#faults.some(({ severity, range }) => severity === "error" && range.start >= start && range.end <= end);
  }

  /** Like `addAt`, at the key: for what a value lacks. */
  addAtKey(code: FaultCode, path: JsonPath, message: string, remedy: string, fixes?: Fixes): void {
    const key = this.keyAt(path);
    this.add(code, key ? rangeOf(key) : this.rangeAt(path), message, remedy, fixes);
  }

  /** The value at `path`; undefined if the file has none. If a key occurs twice, the last one counts. */
  at(path: JsonPath): Node | undefined {
    let node = this.root;
    for (const step of path) {
      if (!node) return undefined;
      node = typeof step === "number" ? node.children?.[step] : this.members(node).get(step)?.children?.[1];
    }
    return node;
  }

  /** The key of the member at `path`. */
  keyAt(path: JsonPath): Node | undefined {
    const key = path.at(-1);
    const parent = this.at(path.slice(0, -1));
    return parent && typeof key === "string" ? this.members(parent).get(key)?.children?.[0] : undefined;
  }

  /** Range of the value at `path`, or of the key of the nearest value around it that the file has. */
  rangeAt(path: JsonPath): Range {
    const exact = this.at(path);
    if (exact) return rangeOf(exact);
    for (let length = path.length - 1; length > 0; length--) {
      const around = path.slice(0, length);
      const node = this.keyAt(around) ?? this.at(around);
      if (node) return rangeOf(node);
    }
    const start = this.root?.offset ?? 0;
    return { start, end: Math.min(this.text.length, start + 1) };
  }

  /** Members of an object by key, each a property node (key, value). */
  members(node: Node): ReadonlyMap<string, Node> {
    let members = this.#members.get(node);
    if (!members) {
      members = new Map();
      if (node.type === "object") {
        for (const member of node.children ?? []) {
          const key: unknown = member.children?.[0]?.value;
          if (typeof key === "string" && member.children?.[1]) members.set(key, member);
        }
      }
      this.#members.set(node, members);
    }
    return members;
  }

  /** The plain value of the whole file. */
  value(): unknown {
    return this.root && getNodeValue(this.root);
  }

  /** Line and column of an offset, from 1. */
  position(offset: number): { line: number; column: number } {
    this.#lineStarts ??= [0, ...Array.from(this.text.matchAll(/\r\n|\r|\n/g), (end) => end.index + end[0].length)];
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }
}

export function rangeOf(node: Node | undefined): Range {
  return node ? { start: node.offset, end: node.offset + node.length } : { start: 0, end: 0 };
}

/** Every string in a value, without the keys of objects. */
export function stringsIn(node: Node): Node[] {
  if (node.type === "string") return [node];
  if (node.type === "property") return node.children?.[1] ? stringsIn(node.children[1]) : [];
  return (node.children ?? []).flatMap(stringsIn);
}

/** Offset of the first bracket beyond the allowed depth: the parser is recursive and would run out of stack. */
function firstTooDeep(json: string): number | null {
  if (isShallow(json)) return null;
  const scanner = createScanner(json, true);
  let depth = 0;
  // Token kinds: 1 `{`, 2 `}`, 3 `[`, 4 `]`, 17 the end (SyntaxKind is a const enum, which isolated modules cannot read).
  for (let token: number = scanner.scan(); token !== 17; token = scanner.scan()) {
    if (token === 1 || token === 3) depth++;
    if (token === 2 || token === 4) depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return scanner.getTokenOffset();
  }
  return null;
}

/**
 * A quick check that only returns true if it is certain: no comments, no text over several lines, few open brackets.
 */
function isShallow(json: string): boolean {
  if (/\r(?!\n)/.test(json)) return false;
  let depth = 0;
  let lineEnd = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === 0x22) {
      const start = at;
      do at = json.indexOf('"', at + 1);
      while (at > 0 && isEscaped(json, at));
      // Searched for on demand: a file can have one line with many texts.
      if (lineEnd >= 0 && lineEnd < start) lineEnd = json.indexOf("\n", start);
      if (at < 0 || (lineEnd >= 0 && lineEnd < at)) return false;
    } else if (character === 0x2f) return false;
    else if (character === 0x7b || character === 0x5b) depth++;
    else if (character === 0x7d || character === 0x5d) depth--;
    if (depth < 0 || depth > MAX_DEPTH) return false;
  }
  return true;
}

function isEscaped(json: string, at: number): boolean {
  let before = at;
  while (json.charCodeAt(before - 1) === 0x5c) before--;
  return (at - before) % 2 === 1;
}

function syntaxProblem({ error }: ParseError, { t }: Locale): string {
  const name = printParseErrorCode(error);
  const problems: Readonly<Record<string, string>> = {
    InvalidSymbol: t("a word other than true, false or null; put text in double quotes"),
    InvalidNumberFormat: t("an invalid number"),
    PropertyNameExpected: t("a key in double quotes is expected"),
    ValueExpected: t("a value is expected"),
    ColonExpected: t("a colon is expected"),
    CommaExpected: t("a comma is expected"),
    CloseBraceExpected: t("a closing } is expected"),
    CloseBracketExpected: t("a closing ] is expected"),
    EndOfFileExpected: t("the end of the file is expected"),
    InvalidCommentToken: t("a comment is not allowed here"),
    UnexpectedEndOfComment: t("a comment without an end"),
    UnexpectedEndOfString: t("a text without a closing double quote"),
    UnexpectedEndOfNumber: t("an incomplete number"),
    InvalidUnicode: t("a \\u escape without four hexadecimal digits"),
    InvalidEscapeCharacter: t("an invalid backslash escape"),
    InvalidCharacter: t("a character that must be escaped, such as a line break or tab inside a text"),
  };
  return problems[name] ?? name;
}
