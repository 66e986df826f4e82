import { diffLines } from "../text/line-diff.ts";

/** Characters of a line that is folded anew, where the lines around it say nothing. */
const WIDTH = 80;

/** A line of the value with the lines of the source that it is folded into. */
interface Folded {
  readonly text: string;
  readonly source: readonly string[];
}

/**
 * The lines of a folded block (`>`), without indentation, for a new value. Lines of the value that stay keep their
 * source lines; of one that changes, the source lines at its start and end stay where the words are the same.
 * @param source the block's lines as they are
 */
export function refold(source: readonly string[], value: string): string[] {
  const old = unfold(source);
  const longest = Math.max(...source.map((line) => line.length), 40);
  const width = old.some((line) => line.source.length > 1) ? longest : Math.max(longest, WIDTH);
  const lines = value.split("\n");
  const contents = lines.filter((line) => line !== "");
  const sources: string[][] = contents.map(() => []);
  const hunks = diffLines(
    old.map(({ text }) => [text]),
    contents,
  );
  let [from, at] = [0, 0];
  const keep = (until: number) => {
    for (; from < until; from++, at++) sources[at] = [...(old[from]?.source ?? [])];
  };
  for (const hunk of hunks) {
    keep(hunk.from);
    for (const [index, line] of hunk.lines.entries()) {
      const before = hunk.from + index < hunk.to ? (old[hunk.from + index]?.source ?? []) : [];
      sources[at++] = foldLine(line, before, width);
    }
    from = hunk.to;
  }
  keep(old.length);
  return joined(lines, sources);
}

/** Between lines of text one line end folds to a space, so that each one meant takes one more; beside indented ones none does. */
function joined(lines: readonly string[], sources: readonly (readonly string[])[]): string[] {
  const result: string[] = [];
  let previous: string | null = null;
  let empty = 0;
  let at = 0;
  for (const line of lines) {
    if (line === "") {
      empty++;
      continue;
    }
    const isSpaced = previous !== null && (/^[ \t]/.test(previous) || /^[ \t]/.test(line));
    const gap = previous === null ? empty : isSpaced ? empty : empty + 1;
    for (let count = 0; count < gap; count++) result.push("");
    result.push(...(sources[at++] ?? [line]));
    [previous, empty] = [line, 0];
  }
  return result;
}

function unfold(source: readonly string[]): Folded[] {
  const found: { text: string; source: string[] }[] = [];
  let isOpen = false;
  for (const line of source) {
    const last = found.at(-1);
    if (line === "") isOpen = false;
    else if (isOpen && last && !/^[ \t]/.test(line)) {
      last.text += ` ${line}`;
      last.source.push(line);
    } else {
      found.push({ text: line, source: [line] });
      isOpen = !/^[ \t]/.test(line);
    }
  }
  return found;
}

function foldLine(text: string, before: readonly string[], width: number): string[] {
  if (/^[ \t]/.test(text)) return [text];
  const head: string[] = [];
  let rest = text;
  for (const line of before) {
    if (!rest.startsWith(`${line} `) || /^[ \t]/.test(rest.slice(line.length + 1))) break;
    head.push(line);
    rest = rest.slice(line.length + 1);
  }
  const tail: string[] = [];
  for (const line of before.slice(head.length).reverse()) {
    if (!rest.endsWith(` ${line}`) || /^[ \t]+$/.test(rest.slice(0, -line.length - 1))) break;
    tail.unshift(line);
    rest = rest.slice(0, -line.length - 1);
  }
  return [...head, ...(before.length > 0 || text.length > width ? wrapped(rest, width) : [rest]), ...tail];
}

/** At single spaces only: others would be lost. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
