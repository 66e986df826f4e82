import type { Colors } from "picocolors/types.js";
import { visible } from "../../i18n/plain-text.ts";
import { wordChanges } from "../../run/report/tables/word-changes.ts";

/** Lines of unchanged text shown around a change. */
const CONTEXT = 2;

/**
 * Differences between two texts, word by word: removed words in red, added words in green; without colors,
 * `[-removed-]` and `{+added+}` as in git.
 */
export function wordDiff(before: string, after: string, colors: Colors): string {
  const removed = colors.isColorSupported
    ? (text: string) => colors.strikethrough(colors.red(text))
    : (text: string) => `[-${text}-]`;
  const added = colors.isColorSupported ? (text: string) => colors.green(text) : (text: string) => `{+${text}+}`;
  // Named only then, so that no name is taken apart.
  const parts = wordChanges(before, after).map((part) => ({ ...part, text: visible(part.text) }));
  return parts
    .map((part, index) => {
      if (part.kind === "removed") return eachLine(part.text, removed);
      if (part.kind === "added") return eachLine(part.text, added);
      return shortened(part.text, { hasBefore: index > 0, hasAfter: index < parts.length - 1 }, colors);
    })
    .join("");
}

/** A color that continues over a line break would also color the margin. */
function eachLine(text: string, paint: (text: string) => string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : paint(line)))
    .join("\n");
}

function shortened(
  text: string,
  { hasBefore, hasAfter }: { hasBefore: boolean; hasAfter: boolean },
  colors: Colors,
): string {
  const lines = text.split("\n");
  const head = hasBefore ? CONTEXT + 1 : 0;
  const tail = hasAfter ? CONTEXT + 1 : 0;
  if (lines.length <= head + tail + 2) return text;
  const left = lines.length - head - tail;
  const gap = colors.dim(`… ${left} unchanged lines …`);
  return [...lines.slice(0, head), gap, ...lines.slice(lines.length - tail)].join("\n");
}
