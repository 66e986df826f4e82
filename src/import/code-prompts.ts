import { placedText } from "../graph/places/place.ts";
import { isPlaced } from "../graph/places/placed-text.ts";
import type { TextReference } from "./importer.ts";

/** Names of source files whose strings can be prompts. */
export const CODE_FILE = /\.(?:py|js|mjs|cjs|ts|mts)$/i;

/**
 * A string of several lines that is assigned to a name, also in brackets, and through what LangChain and LlamaIndex make of it,
 * after other arguments.
 */
const TRIPLE =
  /^[ \t]*([A-Za-z_]\w*)(?:[ \t]*:[ \t]*[\w.[\] ]{1,40})?[ \t]*=[ \t]*(?:\(\s{0,200}|[\w.]{0,60}(?:Template|Message|_template|dedent|cleandoc)\((?:[^()]{0,300}?\b(?:template|content|tmpl)[ \t]*=)?\s{0,200})?[frFR]{0,2}("""|''')/gm;
const BACKTICK =
  /^[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+([A-Za-z_]\w*)(?:[ \t]*:[ \t]*\w{1,40})?[ \t]*=[ \t]*(?:String\.raw|(?:new[ \t]+)?[\w.]{0,60}(?:Template|Message|dedent)(?:\((?:[^()]{0,300}?\b(?:template|content)[ \t]*:)?\s{0,200})?)?(`)/gm;
/** Names that people give to prompts, and libraries to what is made of them. */
const NAMED = /prompt|instruction|template|system|persona|message/i;
/** Minimum number of words of other texts, which must also name values in braces. */
const WORDS = 8;

/**
 * Prompts in source code: strings of several lines, assigned to a name. The code is never run.
 * @param file relative to the graph file
 * @param unmarked called with the name of each prompt that no mark finds
 */
export function promptsInCode(
  file: string,
  content: string,
  unmarked: (name: string) => void,
): { readonly name: string; readonly reference: TextReference; readonly text: string }[] {
  const isPython = /\.py$/i.test(file);
  const found = [...content.matchAll(isPython ? TRIPLE : BACKTICK)].flatMap((match) => {
    const [whole, name = "", quote = ""] = match;
    const isPrompt = (text: string) =>
      // JavaScript fills in `${…}` itself.
      (isPython || !text.includes("${")) &&
      (NAMED.test(whole) || (text.split(/\s+/).length >= WORDS && /\{\s*\w+\s*\}/.test(text)));
    const from = match.index + whole.length;
    const start = markBefore(content, from, whole.trimStart());
    if (start === null) {
      if (isPrompt(content.slice(from).split(quote, 1)[0] ?? "")) unmarked(name);
      return [];
    }
    const placed = placedText(content, { kind: "between", start, end: quote, code: true });
    if (!isPlaced(placed) || placed.text.trim() === "" || !isPrompt(placed.text)) return [];
    return [{ name: nameOf(name), reference: { file, between: [start, quote] as const }, text: placed.text }];
  });
  return found;
}

/** Maximum number of lines that a mark has. */
const LINES = 4;

/**
 * The mark that ends at an offset: `mark`, or as much of what is before it as makes it the only one, because names end like
 * others (`SYSTEM_PROMPT`, `TASK_SYSTEM_PROMPT`) and functions use the same ones. null: nothing does.
 */
function markBefore(content: string, end: number, mark: string): string | null {
  let start = end - mark.length;
  for (let lines = 0; lines < LINES && start >= 0; lines++) {
    const whole = content.slice(start, end);
    // A line end in a mark is `\n` alone, because git may write others.
    const isPlain = !whole.includes("\r");
    const found = isPlain ? whole : whole.slice(whole.lastIndexOf("\n") + 1);
    if (content.indexOf(found) === content.lastIndexOf(found)) return found;
    if (!isPlain) return null;
    start = content.lastIndexOf("\n", start - 1);
  }
  return null;
}

/** `PLAN_PROMPT` as `plan`. */
function nameOf(name: string): string {
  const short = name
    .replace(/^_+|(?:^|_)(?:prompt|template|instructions?|system|message)(?=_|$)/gi, "")
    .replace(/^_+|_+$/g, "");
  return (short === "" ? name : short).toLowerCase();
}
