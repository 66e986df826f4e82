import { once } from "node:events";
import { Script } from "node:vm";
import { Worker } from "node:worker_threads";

/**
 * Time limits of a pattern per text, in milliseconds: on this thread, which it blocks; then in a separate thread;
 * and there, after it was too slow.
 */
const LIMITS = { here: 50, apart: 500, distrusted: 50 };

/**
 * Number of texts on which a pattern can reach its limit before the limit is lowered; and number of times that it is
 * trusted again.
 */
const CHANCES = 3;

/** The first match and its groups; null if there is none. */
export type Match = readonly (string | undefined)[] | null;

/** A regular expression from a file exceeded its time limit: the sample is unscored, never wrong. */
export class PatternTimeout extends Error {
  override readonly name = "PatternTimeout";
  constructor(
    readonly pattern: string,
    readonly milliseconds: number,
  ) {
    super(`the pattern ${pattern} did not end within ${milliseconds} ms on one text. Avoid nested repeats`);
  }
}

/**
 * Runs regular expressions from files, each with a time limit. A slow one then runs in a separate thread, one text
 * after another; one that was too slow on three texts gets little time for the rest.
 */
export class Patterns {
  /** Slow pattern → number of texts on which it reached its limit. */
  readonly #slow = new Map<string, number>();
  /** Pattern → number of times that it only seemed slow. */
  readonly #cleared = new Map<string, number>();
  #worker: Worker | null = null;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limits milliseconds */
  constructor(private readonly limits: Readonly<typeof LIMITS> = LIMITS) {}

  /** @throws PatternTimeout; SyntaxError when `pattern` or `flags` is not a regular expression */
  async match(pattern: string, flags: string, text: string): Promise<Match> {
    const source = sourceOf(pattern, flags, text);
    if (!this.#slow.has(pattern)) {
      const found = matchWithin(this.limits.here, source);
      if (found !== undefined) return found;
      this.#slow.set(pattern, 0);
    }
    this.#waiting++;
    const turn = this.#last.then(() => this.#matchApart(pattern, source));
    this.#last = turn.catch(() => {}).then(() => this.#rest());
    return turn;
  }

  /**
   * Like `match` without waiting, for display.
   * @throws the same, and PatternTimeout at once for a pattern known to be slow
   */
  matchNow(pattern: string, flags: string, text: string): Match {
    const source = sourceOf(pattern, flags, text);
    const found = this.#slow.has(pattern) ? undefined : matchWithin(this.limits.here, source);
    if (found !== undefined) return found;
    this.#slow.set(pattern, this.#slow.get(pattern) ?? 0);
    throw new PatternTimeout(pattern, this.limits.here);
  }

  async #matchApart(pattern: string, source: string): Promise<Match> {
    const spent = this.#slow.get(pattern) ?? 0;
    const cleared = this.#cleared.get(pattern) ?? 0;
    if (spent === 0 && cleared < CHANCES) {
      const found = await this.#ask(source, this.limits.here);
      // The machine was busy, which can affect every pattern.
      if (found !== undefined && this.#slow.delete(pattern)) this.#cleared.set(pattern, cleared + 1);
      if (found !== undefined) return found;
    }
    const limit = spent < CHANCES ? this.limits.apart : this.limits.distrusted;
    const found = await this.#ask(source, limit);
    if (found !== undefined) return found;
    this.#slow.set(pattern, spent + 1);
    throw new PatternTimeout(pattern, limit);
  }

  async #ask(source: string, limit: number): Promise<Match | undefined> {
    this.#worker ??= new Worker(WORKER, { eval: true });
    this.#worker.postMessage({ source, limit });
    try {
      return (await once(this.#worker, "message"))[0];
    } catch (error) {
      this.#worker = null;
      throw error;
    }
  }

  /** Ends the thread when nothing is waiting. */
  async #rest(): Promise<void> {
    this.#waiting--;
    if (this.#waiting > 0) return;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

/** The first match and its groups; null: none; undefined: out of time. A running match can't be stopped, but a script can be given a limit. */
function matchWithin(limit: number, source: string): Match | undefined {
  try {
    const match: RegExpExecArray | null = new Script(source).runInThisContext({ timeout: limit });
    return match && Array.from(match);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}

/** The same in a separate thread, which ends if anything else is thrown. */
const WORKER = `
const { parentPort } = require("node:worker_threads");
const { Script } = require("node:vm");
parentPort.on("message", ({ source, limit }) => {
  try {
    const match = new Script(source).runInThisContext({ timeout: limit });
    parentPort.postMessage(match && Array.from(match));
  } catch (error) {
    if (error.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    parentPort.postMessage(undefined);
  }
});
`;

/** @throws SyntaxError, before it runs */
function sourceOf(pattern: string, given: string, text: string): string {
  const { flags } = new RegExp(pattern, given.replace(/[gy]/g, ""));
  const [regex, of, subject] = [pattern, flags, text].map((part) => JSON.stringify(part));
  return `new RegExp(${regex}, ${of}).exec(${subject})`;
}

/** Why this is not a regular expression, in the words of JavaScript's error; null if it is one. */
export function patternFault(pattern: string, flags = ""): string | null {
  try {
    new RegExp(pattern, flags);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
