import { placedText } from "../graph/places/place.ts";
import { isPlaced } from "../graph/places/placed-text.ts";
import type { TextReference } from "./importer.ts";

/** Names of source files whose strings can be prompts. */
export const CODE_FILE = /\.(?:py|js|mjs|cjs|ts|mts)$/i;

/** A string of several lines that is assigned to a name, also through what LangChain and LlamaIndex make of it. */
const TRIPLE =
  /^[ \t]*([A-Za-z_]\w*)(?:[ \t]*:[ \t]*[\w.[\] ]{1,40})?[ \t]*=[ \t]*(?:[\w.]{0,60}(?:Template|Message|_template|dedent|cleandoc)\((?:(?:template|content|tmpl)=)?)?[frFR]{0,2}("""|''')/gm;
const BACKTICK =
  /^[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+([A-Za-z_]\w*)(?:[ \t]*:[ \t]*\w{1,40})?[ \t]*=[ \t]*(?:String\.raw)?(`)/gm;
/** Names that people give to prompts, and libraries to what is made of them. */
const NAMED = /prompt|instruction|template|system|persona|message/i;
/** Minimum number of words of other texts, which must also name values in braces. */
const WORDS = 8;

/**
 * Prompts in source code: strings of several lines, assigned to a name. The code is never run.
 * @param file relative to the graph file
 */
export function promptsInCode(
  file: string,
  content: string,
): { readonly name: string; readonly reference: TextReference; readonly text: string }[] {
  const isPython = /\.py$/i.test(file);
  const found = [...content.matchAll(isPython ? TRIPLE : BACKTICK)].flatMap((match) => {
    const [whole, name = "", quote = ""] = match;
    const start = markBefore(content, match.index + whole.length, whole.trimStart());
    const placed = placedText(content, { kind: "between", start, end: quote, code: true });
    if (!isPlaced(placed) || placed.text.trim() === "") return [];
    const { text } = placed;
    // JavaScript fills in `${…}` itself.
    if (!isPython && text.includes("${")) return [];
    const isPrompt = NAMED.test(whole) || (text.split(/\s+/).length >= WORDS && /\{\s*\w+\s*\}/.test(text));
    return isPrompt ? [{ name: nameOf(name), reference: { file, between: [start, quote] as const }, text }] : [];
  });
  return found;
}

/** Maximum number of lines that a mark has. */
const LINES = 4;

/**
 * The mark that ends at an offset: `mark`, or as much of what is before it as makes it the only one, because names end like
 * others (`SYSTEM_PROMPT`, `TASK_SYSTEM_PROMPT`) and functions use the same ones.
 */
function markBefore(content: string, end: number, mark: string): string {
  let start = end - mark.length;
  for (let lines = 0; lines < LINES && start >= 0; lines++) {
    const found = content.slice(start, end);
    // A line end in a mark is `\n` alone, because git may write others.
    if (found.includes("\r")) break;
    if (content.indexOf(found) === content.lastIndexOf(found)) return found;
    start = content.lastIndexOf("\n", start - 1);
  }
  return mark;
}

/** `PLAN_PROMPT` as `plan`. */
function nameOf(name: string): string {
  const short = name
    .replace(/^_+|(?:^|_)(?:prompt|template|instructions?|system|message)(?=_|$)/gi, "")
    .replace(/^_+|_+$/g, "");
  return (short === "" ? name : short).toLowerCase();
}
