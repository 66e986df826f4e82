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
 * Merges versions that both only add lines, such as at the end of a prompt: mine comes first at each place. null:
 * one of them changes a line.
 */
function withAdditions(base: string, mine: string, theirs: string): string | null {
  const lines = base.replace(/\n+$/, "").split("\n");
  const [first, second] = [additions(lines, mine), additions(lines, theirs)];
  if (!first || !second) return null;
  const merged = lines.flatMap((line, at) => [...(first[at] ?? []), ...(second[at] ?? []), line]);
  const end = /\n*$/.exec(mine)?.[0] ?? "";
  const last = lines.length;
  return [...merged, ...(first[last] ?? []), ...(second[last] ?? [])].join("\n") + end;
}

/** The lines that a text adds before each line of another, and after its last one; null if it lacks one of them. */
function additions(lines: readonly string[], text: string): string[][] | null {
  const added: string[][] = [[]];
  for (const line of text.replace(/\n+$/, "").split("\n")) {
    const at = added.length - 1;
    if (line === lines[at]) added.push([]);
    else added[at]?.push(line);
  }
  return added.length === lines.length + 1 ? added : null;
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
