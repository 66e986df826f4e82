import { applyPatch, structuredPatch } from "diff";

/** Units that two people can change independently, from coarse to fine. */
const UNITS: readonly RegExp[] = [/[^\n]*\n|[^\n]+$/g, /[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+$/g, /\S+\s*|\s+/g];
/** Number of units around a change that must be equal on both sides. */
const CONTEXT = 2;

/**
 * Merges a change of a text into another version of it: by lines, else by sentences, else by words.
 * @param base the common ancestor
 * @returns null if both change the same words
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  if (mine === base || mine === theirs) return theirs;
  if (theirs === base) return mine;
  const both = withAdditions(base, mine, theirs);
  if (both !== null) return both;
  for (const unit of UNITS) {
    const merged = mergeBy(unit, base, mine, theirs);
    if (merged !== null) return merged;
  }
  return null;
}

/**
 * Merges versions that both only add lines, or words at the ends of lines, such as at the end of a prompt: mine comes
 * first at each place. null: one of them changes a line.
 */
function withAdditions(base: string, mine: string, theirs: string): string | null {
  const lines = base.replace(/\n+$/, "").split("\n");
  const [first, second] = [additions(lines, mine), additions(lines, theirs)];
  if (!first || !second) return null;
  const whole = lines.map((line, at) => line + (first[at]?.words ?? "") + (second[at]?.words ?? ""));
  const merged = [...whole, null].flatMap((line, at) => [
    ...(first[at]?.before ?? []),
    ...(second[at]?.before ?? []),
    ...(line === null ? [] : [line]),
  ]);
  return merged.join("\n") + (/\n*$/.exec(mine)?.[0] ?? "");
}

/** What a text adds at a line of another: lines before it, and words at its end, with the space before them. */
interface Addition {
  readonly before: string[];
  words: string;
}

/** For each line, and for the end; null where the text lacks a line. */
function additions(lines: readonly string[], text: string): Addition[] | null {
  const added: Addition[] = [{ before: [], words: "" }];
  for (const line of text.replace(/\n+$/, "").split("\n")) {
    const [at, here] = [lines[added.length - 1], added.at(-1)];
    const words = at === undefined ? null : wordsAfter(at, line);
    if (words === null) here?.before.push(line);
    else {
      if (here) here.words = words;
      added.push({ before: [], words: "" });
    }
  }
  return added.length === lines.length + 1 ? added : null;
}

/** null if a line is not the other one with words at its end. */
function wordsAfter(line: string, longer: string): string | null {
  if (line === longer) return "";
  const words = longer.slice(line.length);
  return line.trim() !== "" && longer.startsWith(line) && /^\s/.test(words) ? words.trimEnd() : null;
}

/** Turns each unit into a line, because patches work on lines. */
function mergeBy(unit: RegExp, base: string, mine: string, theirs: string): string | null {
  const split = (text: string) => `${(text.match(unit) ?? []).map((part) => JSON.stringify(part)).join("\n")}\n`;
  const patch = structuredPatch("", "", split(base), split(theirs), "", "", { context: CONTEXT });
  const merged = applyPatch(split(mine), patch);
  if (merged === false) return null;
  return merged
    .split("\n")
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line))
    .join("");
}
