import type { Report } from "../report.ts";

/**
 * The whole report for programs. Control characters and text direction marks are escaped, so that printing it is safe.
 */
export function reportJson(report: Report): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const json = JSON.stringify(report, null, 2);
  return `${json.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped)}\n`;
}
