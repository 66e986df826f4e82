import { translatable } from "../../i18n/locale.ts";
import {
  isFormatString,
  placeholderOf,
  readMarks,
  syntaxOf,
  type Templating,
  type TextSyntax,
} from "../text/templating.ts";

/** A piece of another program's template language in a text: nothing fills it in, so it would be sent unchanged. */
export interface ForeignMark {
  readonly offset: number;
  readonly length: number;
  /** Its text, at most 60 characters. */
  readonly shown: string;
  /** Its name in English: `a Jinja statement`. Shown by `t(what)`. */
  readonly what: string;
  /** What to write instead, if that is known. */
  readonly instead: string | null;
  /** Whether it may be meant: a warning instead of an error. */
  readonly isHint: boolean;
}

interface Kind {
  /** Only for texts in these languages. */
  readonly of: readonly Templating[];
  readonly pattern: RegExp;
  readonly what: string;
  /** Only if the first group is an input of the node: otherwise, such braces are LaTeX, JSON or code. */
  readonly ofInput?: true;
  /** Whether it stands for the value of the first group, a name. */
  readonly isValue?: true;
  /** Whether the mark can be meant as it is, so that it is only a warning. */
  readonly isHint?: true;
}

const JINJA =
  "if|elif|else|endif|for|endfor|set|endset|block|endblock|extends|include|import|from|macro|endmacro|call|endcall|filter|endfilter|with|endwith|raw|endraw|do|break|continue|role|chat|endchat|unless|endunless|case|when|assign";
// Every length is limited, so that a large text takes linear time.
const NAME = "[\\p{L}_][\\p{L}\\p{N}_-]{0,99}";
const SPACE = "[ \\t]{0,20}";
const REST = "[^{}\\n]{0,300}";

/** Letters, digits and what people put between them: `Step One`, `step 1.a`. */
const LOOSE = "[\\p{L}\\p{N}_$@.][\\p{L}\\p{M}\\p{N} _.:$@/-]{0,60}";

const ALL: readonly Templating[] = ["mustache", "python", "jinja", "dify"];
/** Languages with values in double braces. */
const BRACED: readonly Templating[] = ["mustache", "jinja"];

/** A backslash before the first brace makes the braces literal. */
const KINDS: readonly Kind[] = [
  {
    pattern: re(`(?<!\\\\)\\{%[-+]?${SPACE}(?:${JINJA})\\b[^\\n]{0,300}?%\\}`),
    what: translatable("a Jinja statement"),
    of: ALL,
  },
  { pattern: re(`(?<!\\\\)\\{#[-+]?(?!\\})[^\\n]{0,300}?#\\}`), what: translatable("a Jinja comment"), of: BRACED },
  {
    pattern: re(`(?<![\\\\{])\\{\\{\\{${SPACE}(${NAME})${SPACE}\\}\\}\\}(?!\\})`),
    what: translatable("a Mustache value"),
    of: BRACED,
    isValue: true,
  },
  {
    pattern: re(`(?<![\\\\{])\\{\\{~?${SPACE}[#^/>!*&]${REST}\\}\\}`),
    what: translatable("a Mustache or Handlebars tag"),
    of: BRACED,
  },
  {
    pattern: re(
      `(?<![\\\\{])\\{\\{[-~]?${SPACE}(${NAME})${SPACE}(?:[|.[(:"'+]|or\\b|and\\b|if\\b|${NAME}=)${REST}\\}\\}`,
    ),
    what: translatable("an expression"),
    of: BRACED,
  },
  {
    pattern: re(`(?<![\\\\{])\\{\\{(?:[-~])?${SPACE}(${NAME})${SPACE}[-~]?\\}\\}(?!\\})`),
    what: translatable("a placeholder in another form"),
    of: BRACED,
    isValue: true,
  },
  {
    pattern: re(`(?<!\\\\)\\$\\{(${NAME})\\}`),
    what: translatable("a template literal's value"),
    of: BRACED,
    ofInput: true,
    isValue: true,
  },
  {
    pattern: re(`(?<![\\w\\\\])%\\((${NAME})\\)[sdrif]`),
    what: translatable("a Python value"),
    of: ALL,
    ofInput: true,
    isValue: true,
  },
  {
    pattern: re(`(?<![\\p{L}\\p{N}_\\\\^{}$])\\{(${NAME})(?:![rsa])?(?::[^\\s{}"']{1,12})?\\}(?!\\})`),
    what: translatable("a Python value"),
    of: BRACED,
    ofInput: true,
    isValue: true,
  },
  {
    pattern: re(`(?<![\\\\{])\\{\\{[ \\t]{0,20}(${LOOSE})\\}\\}(?!\\})`),
    what: translatable("a placeholder for a name that the graph doesn't have"),
    of: ["mustache"],
    isValue: true,
    isHint: true,
  },
  {
    pattern: re(`(?<![\\p{L}\\p{N}_\\\\^{}$])\\{([\\p{L}_][\\p{L}\\p{M}\\p{N} _-]{0,60})\\}(?!\\})`),
    what: translatable("a placeholder in another form"),
    of: ["mustache", "python", "jinja"],
    ofInput: true,
    isValue: true,
    isHint: true,
  },
  {
    pattern: re(
      `(?<![\\p{L}\\p{N}_\\\\])(?:\\$(?=${NAME}(?![\\p{L}\\p{N}_(]))|\\[\\[${SPACE}(?=${NAME}${SPACE}\\]\\])|<<${SPACE}(?=${NAME}${SPACE}>>)|%(?=${NAME}%)|<%=?${SPACE}(?=${NAME}${SPACE}%>))(${NAME})(?:${SPACE}(?:\\]\\]|>>|%>)|%)?`,
    ),
    what: translatable("a placeholder in another form"),
    of: ["mustache", "python", "jinja"],
    ofInput: true,
    isValue: true,
    isHint: true,
  },
  {
    pattern: re(`\\{\\{${SPACE}(${NAME})${SPACE}\\}\\}`),
    what: translatable("a placeholder in another form"),
    of: ["dify"],
    ofInput: true,
    isValue: true,
    isHint: true,
  },
  { pattern: /\{\{[^{}\n]{1,300}\}\}/g, what: translatable("an expression"), of: ["jinja"] },
  { pattern: /\{%[^\n]{0,300}?%\}/g, what: translatable("a Jinja statement"), of: ["jinja"] },
  {
    pattern: re(`(?<!\\{)\\{(${NAME}|\\d{0,9})(?:[.[!:][^{}\\n]{0,100})?\\}(?!\\})`),
    what: translatable("a Python format field"),
    of: ["python"],
  },
];

function re(pattern: string): RegExp {
  return new RegExp(pattern, "gu");
}

/** The names of a graph, also as people write them. One for all its texts, because a graph can have thousands of names. */
export class GraphNames {
  readonly #names: ReadonlySet<string>;
  #byPlain: Map<string, string[]> | null = null;

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The name that is the same without case, spaces and signs. @param except a name that is not meant */
  like(name: string, except: string | null = null): string | undefined {
    this.#byPlain ??= this.#index();
    return this.#byPlain.get(plain(name))?.findLast((one) => one !== except);
  }

  #index(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    for (const name of this.#names) {
      const known = index.get(plain(name));
      if (known) known.push(name);
      else index.set(plain(name), [name]);
    }
    return index;
  }
}

const NO_NAMES = new GraphNames([]);

/** Maximum number of marks per text: more would not help. */
const MOST = 100;

/** Placeholders that this program fills in itself. */
const OWN = /^\{\{ *\p{L}[\p{L}\p{M}\p{N}_-]* *\}\}$/u;

/**
 * The pieces of other template languages in a text, and of its own language that are more than a name, in order.
 * @param inputs names of the node's inputs
 * @param names of the graph's inputs and nodes
 * @param self the node of the text, which its own placeholders never mean
 */
export function foreignMarks(
  text: string,
  inputs: ReadonlySet<string>,
  syntax: Templating | TextSyntax = "mustache",
  names: GraphNames = NO_NAMES,
  self: string | null = null,
): ForeignMark[] {
  if (!/[{$<]|%[(\p{L}_]|\[\[/u.test(text)) return [];
  const found: ForeignMark[] = [];
  const { templating = "mustache", looseNames = [] } = syntaxOf(syntax);
  const own = templating === "mustache" && looseNames.length === 0 ? [] : readMarks(text, syntax);
  const overlaps = (mark: { offset: number; length: number } | undefined, offset: number, length: number) =>
    mark !== undefined && offset < mark.offset + mark.length && mark.offset < offset + length;
  const isTaken = (offset: number, length: number) =>
    overlaps(own[lastBefore(own, offset + length)], offset, length) ||
    found.some((mark) => overlaps(mark, offset, length));
  const ofNode = new GraphNames(inputs);
  // In other texts, such braces are JSON or code.
  const fieldsOfInputs = templating === "python" && !isFormatString(text, looseNames);
  for (const { pattern, what, ofInput, isValue, isHint, of } of KINDS) {
    if (!of.includes(templating)) continue;
    for (const { index, 0: mark, 1: name = "" } of text.matchAll(pattern)) {
      const needsInput = ofInput || (fieldsOfInputs && what === "a Python format field");
      if (templating === "mustache" && OWN.test(mark)) continue;
      const meant = inputs.has(name) ? name : isValue && (ofNode.like(name) ?? names.like(name, self));
      if ((needsInput && !meant) || isTaken(index, mark.length)) continue;
      if (found.length === MOST) break;
      const shown = mark.length > 60 ? `${mark.slice(0, 59)}…` : mark;
      const instead = isValue && meant ? placeholderOf(meant, templating) : null;
      const isUnsure = isHint === true || (ofInput === true && !inputs.has(name));
      found.push({ offset: index, length: mark.length, shown, what, instead, isHint: isUnsure });
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** The index of the last mark that starts before an offset. @param marks sorted, without overlaps */
function lastBefore(marks: readonly { readonly offset: number }[], offset: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A name without case, spaces and signs: `Step One` and `step_one` are the same. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
