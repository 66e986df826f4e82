import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

/** Characters of a reply in which JSON is looked for: no answer is as long, and a hostile one must not hold everything up. */
const LONGEST_JSON = 2 ** 20;

/** Lines that begin with a key of the asked object (`plan: …`, `**plan**: …`), as small models write it. */
export function keyedLines(text: string, keys: readonly string[]): unknown {
  const starts = keys.map((key) => [key, new RegExp(`^[\\s*_#>-]*${escaped(key)}[\\s*_]*:[*_]*`, "i")] as const);
  const lines = text
    .slice(0, LONGEST_JSON)
    .split("\n")
    .map((line) => {
      for (const [key, pattern] of starts) {
        const start = pattern.exec(line);
        if (start) return { key, text: line.slice(start[0].length) };
      }
      return { key: undefined, text: line };
    });
  const found = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const { key, text: said } of lines) {
    if (key !== undefined) {
      current = found.get(key) ?? [];
      found.set(key, current);
    }
    current?.push(said);
  }
  if (found.size === 0) return undefined;
  return Object.fromEntries([...found].map(([key, said]) => [key, said.join("\n").trim()]));
}

/**
 * JSON as models really write it: fenced, with words around it, with trailing commas, line breaks inside a text, or cut at
 * the end. A text that was cut is left out: half an instruction is none.
 */
export function looseJson(text: string): unknown {
  const fenced = inFence(text.slice(0, LONGEST_JSON));
  const start = fenced.search(/[{[]/);
  if (start < 0) return undefined;
  const json = fenced.slice(start).replace(/"(?:[^"\\]|\\[\s\S])*"?/g, (one) => one.replace(/\r?\n/g, "\\n"));
  const errors: ParseError[] = [];
  try {
    const value: unknown = parse(json, errors, { allowTrailingComma: true });
    const cut = errors.find(({ error }) => printParseErrorCode(error) === "UnexpectedEndOfString");
    return cut ? parse(json.slice(0, cut.offset), [], { allowTrailingComma: true }) : value;
  } catch {
    // Brackets in brackets, deeper than the stack.
    return undefined;
  }
}

/** What stands in the first fence; all of the text where there is none that is closed. Reads each line once. */
function inFence(text: string): string {
  const open = /```(?:json)?[^\S\n]*\n/.exec(text);
  if (!open) return text;
  const inside: string[] = [];
  for (const line of text.slice(open.index + open[0].length).split("\n")) {
    if (line.trimStart().startsWith("```")) return inside.join("\n");
    inside.push(line);
  }
  return text;
}

/** Node ids and input names hold nothing that a pattern reads otherwise but `-`, which stands for itself outside a class. */
function escaped(key: string): string {
  return key.replace(/[^\w-]/g, "\\$&");
}
