import { Script } from "node:vm";

const MILLISECONDS = 200;

/** A regular expression from a file ran longer than its time: the sample is unscored, never wrong. */
export class PatternTimeout extends Error {
  override readonly name = "PatternTimeout";
  constructor(
    readonly pattern: string,
    readonly milliseconds: number,
  ) {
    super(`the pattern ${pattern} did not end within ${milliseconds} ms on one text`);
  }
}

/**
 * The first match, and its groups, of a regular expression that a file brought along; null where there is none.
 * @throws PatternTimeout after 200 ms; SyntaxError when `pattern` or `flags` is no regular expression
 */
export function matchPattern(pattern: string, flags: string, text: string): readonly (string | undefined)[] | null {
  const [regex, of, subject] = [pattern, flags.replace(/[gy]/g, ""), text].map((part) => JSON.stringify(part));
  // A running match cannot be stopped from this thread; a script can be given a time limit.
  const script = new Script(`new RegExp(${regex}, ${of}).exec(${subject})`);
  try {
    const match: RegExpExecArray | null = script.runInThisContext({ timeout: MILLISECONDS });
    return match && Array.from(match);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw new PatternTimeout(pattern, MILLISECONDS);
    }
    throw error;
  }
}

/** Why this is no regular expression, in the language's own words; null when it is one. */
export function patternFault(pattern: string, flags = ""): string | null {
  try {
    new RegExp(pattern, flags);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
