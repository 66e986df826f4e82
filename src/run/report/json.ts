import type { Report } from "./report.ts";

/**
 * The whole report for a program. Characters that a terminal would obey, or that turn the direction of a line, are written
 * as `\u…`: the data is the same, and printing it does nothing.
 */
export function reportJson(report: Report): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const json = JSON.stringify(report, null, 2);
  return `${json.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped)}\n`;
}
