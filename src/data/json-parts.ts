import { endOfString } from "../graph/replies/json.ts";
import type { DataText } from "./text.ts";

/** Characters of a part: it takes under a millisecond to read. */
const PART = 2 ** 16;
/** Maximum depth of lists and objects that are longer than a part. */
const DEEPEST = 20;

/** Reads JSON; null if it can't. */
export type ParseJson = (json: string) => { readonly value: unknown } | null;

/**
 * The value of a JSON text, read in parts: the platform's parser, which is ten times as fast as parsers written in JavaScript, reads
 * a text only as a whole, and so would block the process for as long as a large file takes.
 * @param parse reads each part: a list or an object, or a value of one
 * @param yieldNow awaited after each part
 * @returns null if the text is no list or object, is faulty, or gives a key twice: read as a whole, it tells what is wrong
 */
export async function parseInParts(
  text: DataText,
  parse: ParseJson,
  yieldNow: () => Promise<void>,
): Promise<{ readonly value: unknown } | null> {
  const pieces = text.pieces()[Symbol.asyncIterator]();
  const parts = new Parts(pieces, parse, yieldNow);
  try {
    return { value: await parts.whole() };
  } catch (error) {
    if (error instanceof NotInParts) return null;
    throw error;
  } finally {
    await pieces.return?.();
  }
}

class NotInParts extends Error {}

class Parts {
  /** What has been read of the text and is still needed. */
  private text = "";
  /** Position of the next character in it. */
  #at = 0;
  /** Whether nothing follows it. */
  #isLast = false;

  constructor(
    private readonly pieces: AsyncIterator<string>,
    private readonly parse: ParseJson,
    private readonly yieldNow: () => Promise<void>,
  ) {}

  async whole(): Promise<unknown> {
    await this.#skipSpace();
    const value = await this.#container(0);
    await this.#skipSpace();
    if (this.#at < this.text.length) throw new NotInParts();
    return value;
  }

  /** Reads on until this many characters are left, or the end. */
  async #fill(length: number): Promise<void> {
    if (this.#isLast || this.text.length - this.#at >= length) return;
    const pieces = [this.text.slice(this.#at)];
    for (let left = pieces[0]?.length ?? 0; left < length; ) {
      const next = await this.pieces.next();
      this.#isLast = next.done === true;
      if (next.done) break;
      pieces.push(next.value);
      left += next.value.length;
    }
    this.text = pieces.join("");
    this.#at = 0;
  }

  /** The list or object that starts here. */
  async #container(depth: number): Promise<unknown> {
    const open = this.text[this.#at];
    if ((open !== "[" && open !== "{") || depth > DEEPEST) throw new NotInParts();
    this.#at += 1;
    const close = open === "[" ? "]" : "}";
    const list: unknown[] = [];
    const members = new Map<string, unknown>();
    const add = (json: string) => {
      const value = this.#parsed(open + json + close);
      if (Array.isArray(value)) for (const one of value) list.push(one);
      else for (const [key, one] of Object.entries(value ?? {})) put(key, one);
    };
    const put = (key: string, value: unknown) => {
      if (members.has(key)) throw new NotInParts();
      members.set(key, value);
    };
    for (let isFirst = true; ; isFirst = false) {
      await this.yieldNow();
      // One more, to know whether a part ends with the text.
      await this.#fill(PART + 1);
      const start = this.#at;
      const { comma, end } = this.#scan();
      const stop = end ?? comma;
      if (stop === null) {
        const key = open === "{" ? await this.#key() : "";
        const value = await this.#long(depth);
        if (open === "{") put(key, value);
        else list.push(value);
        await this.#skipSpace();
        const next = this.text[this.#at];
        if (next !== "," && next !== close) throw new NotInParts();
        this.#at += 1;
        if (next === close) break;
        continue;
      }
      if (end !== null && this.text[end] !== close) throw new NotInParts();
      const json = this.text.slice(start, stop);
      // Nothing is between brackets, but not beside a comma.
      if (json.trim() === "" && !(isFirst && end !== null)) throw new NotInParts();
      add(json);
      this.#at = stop + 1;
      if (end !== null) break;
    }
    return open === "[" ? list : Object.fromEntries(members);
  }

  /**
   * Looks for the end of the list or object, and for the last comma between its elements that is within a part.
   * @returns both null: the first element is longer than a part
   */
  #scan(): { readonly comma: number | null; readonly end: number | null } {
    const { text } = this;
    const last = Math.min(text.length, this.#at + PART);
    let comma: number | null = null;
    let depth = 0;
    for (let at = this.#at; at < last; at++) {
      switch (text.charCodeAt(at)) {
        case QUOTE:
          at = endOfString(text, at);
          break;
        case COMMA:
          if (depth === 0) comma = at;
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          depth += 1;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          if (depth === 0) return { comma: null, end: at };
          depth -= 1;
          break;
      }
    }
    if (last === text.length) throw new NotInParts();
    return { comma, end: null };
  }

  /** The name of a member, of which the value follows. */
  async #key(): Promise<string> {
    const key = await this.#string();
    await this.#skipSpace();
    if (this.text[this.#at] !== ":") throw new NotInParts();
    this.#at += 1;
    return String(key);
  }

  /** A value that is longer than a part. */
  async #long(depth: number): Promise<unknown> {
    await this.#skipSpace();
    return this.text[this.#at] === '"' ? this.#string() : this.#container(depth + 1);
  }

  async #string(): Promise<unknown> {
    await this.#skipSpace();
    if (this.text[this.#at] !== '"') throw new NotInParts();
    let end = endOfString(this.text, this.#at);
    while (end === this.text.length && !this.#isLast) {
      await this.#fill(2 * (this.text.length - this.#at));
      end = endOfString(this.text, this.#at);
    }
    const start = this.#at;
    this.#at = end + 1;
    return this.#parsed(this.text.slice(start, this.#at));
  }

  #parsed(json: string): unknown {
    const parsed = this.parse(json);
    if (!parsed) throw new NotInParts();
    return parsed.value;
  }

  async #skipSpace(): Promise<void> {
    do {
      await this.#fill(1);
      while (SPACE.includes(this.text[this.#at] ?? "·")) this.#at += 1;
    } while (this.#at === this.text.length && !this.#isLast);
  }
}

const SPACE = " \t\r\n";
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
