/** Characters of one piece of data shown in a backward or optimizer prompt. */
const PIECE = 6000;

/** Replaces every `{{name}}` of one of our templates in a single pass; values are never expanded again. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/**
 * Data between tags, so that a model can tell it from what it is asked to do. Data cannot close its own block: closing
 * tags inside it lose their form.
 */
export function block(tag: string, text: string, attributes: Readonly<Record<string, string>> = {}): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => ` ${name}="${value.replace(/["<>\n]/g, " ")}"`)
    .join("");
  return `<${tag}${written}>\n${inert(text)}\n</${tag}>`;
}

/** Text as it may stand between the tags of a template. */
export function inert(text: string): string {
  return shorten(text, PIECE).replace(/<\/(?=\s*[a-z_])/gi, "<\\/");
}

/**
 * A text that comes back rewritten, as it may stand in the block of this name: none of it is left out, and tags of its
 * own keep their form, for what a model is not shown it would lose, and what it is shown otherwise it would copy so.
 */
export function whole(tag: string, text: string): string {
  return text.replace(new RegExp(`</(?=\\s*${tag})`, "gi"), "<\\/");
}

/** Keeps the beginning and the end of a text that is too long, and says how much was left out. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters left out …]\n${text.slice(-half)}`;
}

/** "No change needed" is an answer: models say it in several ways. */
export function withoutNoChange(text: string): string {
  const plain = text.trim();
  return /^["'(]*(no (further |instruction )?changes?( (is |are )?(needed|necessary|required))?|none( needed)?|n\/?a|unchanged|-)[.!"')]*$/i.test(
    plain,
  )
    ? ""
    : plain;
}
