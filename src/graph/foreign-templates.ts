/** A piece of another program's template language in a text: nothing fills it in, so it would be sent as it is. */
export interface ForeignMark {
  readonly offset: number;
  readonly length: number;
  /** As it stands, at most 60 characters. */
  readonly shown: string;
  /** What it is called in its language: `a Jinja statement`. */
  readonly what: string;
  /** What to write in its place, where that can be said. */
  readonly instead: string | null;
}

interface Kind {
  readonly pattern: RegExp;
  readonly what: string;
  /** Only where the first group is an input of the node: elsewhere, such braces are LaTeX, JSON or code. */
  readonly ofInput?: true;
  /** Whether the first group, a name alone, is all that is meant. */
  readonly isValue?: true;
}

const JINJA =
  "if|elif|else|endif|for|endfor|set|endset|block|endblock|extends|include|import|from|macro|endmacro|call|endcall|filter|endfilter|with|endwith|raw|endraw|do|break|continue|role|chat|endchat|unless|endunless|case|when|assign";
// Every length has a bound: a text of a megabyte takes no longer than it takes to read it.
const NAME = "[\\p{L}_][\\p{L}\\p{N}_-]{0,99}";
const SPACE = "[ \\t]{0,20}";
const REST = "[^{}\\n]{0,300}";

/** A backslash before the first brace says that the braces are meant. */
const KINDS: readonly Kind[] = [
  { pattern: re(`(?<!\\\\)\\{%[-+]?${SPACE}(?:${JINJA})\\b[^\\n]{0,300}?%\\}`), what: "a Jinja statement" },
  { pattern: re(`(?<!\\\\)\\{#[-+]?(?!\\})[^\\n]{0,300}?#\\}`), what: "a Jinja comment" },
  {
    pattern: re(`(?<![\\\\{])\\{\\{\\{${SPACE}(${NAME})${SPACE}\\}\\}\\}(?!\\})`),
    what: "a Mustache value",
    isValue: true,
  },
  { pattern: re(`(?<![\\\\{])\\{\\{~?${SPACE}[#^/>!*&]${REST}\\}\\}`), what: "a Mustache or Handlebars tag" },
  {
    pattern: re(
      `(?<![\\\\{])\\{\\{[-~]?${SPACE}(${NAME})${SPACE}(?:[|.[(:"'+]|or\\b|and\\b|if\\b|${NAME}=)${REST}\\}\\}`,
    ),
    what: "an expression",
  },
  {
    pattern: re(`(?<![\\\\{])\\{\\{(?:[-~])?${SPACE}(${NAME})${SPACE}[-~]?\\}\\}(?!\\})`),
    what: "a placeholder in another form",
    isValue: true,
  },
  { pattern: re(`(?<!\\\\)\\$\\{(${NAME})\\}`), what: "a template literal's value", ofInput: true, isValue: true },
  { pattern: re(`(?<![\\w\\\\])%\\((${NAME})\\)[sdrif]`), what: "a Python value", ofInput: true, isValue: true },
  {
    pattern: re(`(?<![\\p{L}\\p{N}_\\\\^{}$])\\{(${NAME})(?:![rsa])?(?::[^\\s{}"']{1,12})?\\}(?!\\})`),
    what: "a Python value",
    ofInput: true,
    isValue: true,
  },
];

function re(pattern: string): RegExp {
  return new RegExp(pattern, "gu");
}

/** Of one text: more are no help. */
const MOST = 100;

/** What this program fills in, or leaves as it is on purpose. */
const OWN = /^\{\{ *[A-Za-z][A-Za-z0-9_-]* *\}\}$/;

/**
 * Every piece of another template language in a text, in its order.
 * @param inputs names of the node's inputs
 */
export function foreignMarks(text: string, inputs: ReadonlySet<string>): ForeignMark[] {
  if (!text.includes("{") && !text.includes("%(")) return [];
  const found: ForeignMark[] = [];
  const isTaken = (offset: number, length: number) =>
    found.some((mark) => offset < mark.offset + mark.length && mark.offset < offset + length);
  for (const { pattern, what, ofInput, isValue } of KINDS) {
    for (const { index, 0: mark, 1: name = "" } of text.matchAll(pattern)) {
      if (OWN.test(mark) || (ofInput && !inputs.has(name)) || isTaken(index, mark.length)) continue;
      if (found.length === MOST) break;
      const shown = mark.length > 60 ? `${mark.slice(0, 59)}…` : mark;
      const instead = isValue && inputs.has(name) ? `{{${name}}}` : null;
      found.push({ offset: index, length: mark.length, shown, what, instead });
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}
