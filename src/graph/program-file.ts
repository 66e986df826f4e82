import { escapeRegExp } from "./text/escape-reg-exp.ts";

/** Extensions of code that the sandbox runs. `code` ends the name of code inside a graph file. */
const SANDBOXED = new Set(["js", "mjs", "cjs", "ts", "mts", "cts", "code"]);

/** The extension for the user's command, in lower case; null if the sandbox runs the file. */
export function programExtension(file: string): string | null {
  const extension = /[^/\\]\.([A-Za-z0-9]+)$/.exec(file)?.[1]?.toLowerCase();
  return extension === undefined || SANDBOXED.has(extension) ? null : extension;
}

/** Maximum characters of a program's error message. */
const PROBLEM = 400;

/** The last line of standard error that names an error, else the last line; empty if there is none. */
export function lastProblem(errors: string): string {
  const lines = errors.trimEnd().split("\n");
  const line = lines.findLast((one) => /^\s*(?:\w+\.)*\w*(?:Error|Exception)\b/.test(one)) ?? lines.at(-1) ?? "";
  return line.trim().slice(0, PROBLEM);
}

/** The last line number of a file in standard error: `File "steps/total.py", line 3`, `total.rb:3`. null: none. */
export function lineIn(errors: string, file: string): number | null {
  const name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  const named = [...errors.matchAll(new RegExp(`${escapeRegExp(name)}(?:", line |:)(\\d+)`, "g"))];
  const line = Number(named.at(-1)?.[1] ?? Number.NaN);
  return Number.isInteger(line) && line > 0 ? line : null;
}
