import { escapeRegExp } from "./escape-reg-exp.ts";

/** Template languages: how a text names its inputs. */
export const TEMPLATINGS = ["mustache", "python", "jinja", "dify"] as const;
export type Templating = (typeof TEMPLATINGS)[number];

/** How a text names its inputs. Every node is one. */
export interface TextSyntax {
  /** Default: `mustache`. */
  readonly templating?: Templating | undefined;
  /** Names that the language can't have, such as `Customer Message`: they are placeholders because the graph has them. */
  readonly looseNames?: readonly string[] | undefined;
}

export interface Placeholder {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

interface Language {
  /** Pattern of the names that any text can have. */
  readonly name: string;
  /** Matches a placeholder (group `name`) or an escape, in one pass. @param name pattern of a name */
  mark(name: string): string;
  /**
   * The characters of an escape; null: it is not an escape in this text.
   * @param isInput whether a name in single braces is an input
   */
  literal(
    match: RegExpExecArray | RegExpMatchArray,
    text: string,
    isInput: (name: string) => boolean,
    looseNames: readonly string[],
  ): string | null;
  placeholder(name: string): string;
  /** Escapes the braces of a text. */
  escape(text: string): string;
  /** Matches the end of a line in which the user is typing a name. */
  readonly begun: RegExp;
}

const LANGUAGES: Readonly<Record<Templating, Language>> = {
  /**
   * `{{name}}` in letters of any language, or a backslash before what would else be read as a template: `\{{`, `\{%`, `\{#`, and `\{name}` or
   * `\${name}` with the name of an input.
   */
  mustache: {
    name: String.raw`\p{L}[\p{L}\p{M}\p{N}_-]*`,
    mark: (name) => String.raw`\\(?<literal>\{(?=[%#])|\{\{|\$?\{(?<braced>${name})\})|\{\{ *(?<name>${name}) *\}\}`,
    literal: ({ groups: { literal, braced } = {} }, _, isInput) =>
      literal !== undefined && (braced === undefined || isInput(braced)) ? literal : null,
    placeholder: (name) => `{{${name}}}`,
    escape: (text) => text.replaceAll("{{", "\\{{"),
    begun: /(?<!\\)\{\{ *[^{}]{0,100}$/,
  },
  /** `{name}`; `{{` and `}}` are braces, in a text that `str.format` can read: one with other braces is filled in by name alone. */
  python: {
    name: String.raw`[\p{L}_][\p{L}\p{M}\p{N}_-]*`,
    mark: (name) => String.raw`(?<literal>\{\{|\}\})|\{(?<name>${name})\}`,
    literal: ({ groups: { literal } = {} }, text, _, looseNames) =>
      isFormatString(text, looseNames) ? (literal?.charAt(0) ?? null) : null,
    placeholder: (name) => `{${name}}`,
    escape: (text) => text.replaceAll("{", "{{").replaceAll("}", "}}"),
    begun: /(?<!\{)\{[^{}"]{0,100}$/,
  },
  /** `{{ name }}`; comments are left out, and `{% raw %}` and `{{ "…" }}` are sent as they are. */
  jinja: {
    name: String.raw`[\p{L}_][\p{L}\p{M}\p{N}_]*`,
    mark: (name) =>
      String.raw`\{%-?\s*raw\s*-?%\}(?<raw>[\s\S]*?)\{%-?\s*endraw\s*-?%\}|(?<comment>\{#[\s\S]*?#\})|\{\{\s*(?:"(?<double>[^"\\\n]*)"|'(?<single>[^'\\\n]*)')\s*\}\}|\{\{\s*(?<name>${name})\s*\}\}`,
    literal: ({ groups: { raw, comment, double, single } = {} }) =>
      comment !== undefined ? "" : (raw ?? double ?? single ?? null),
    placeholder: (name) => `{{ ${name} }}`,
    escape: (text) => (/\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text),
    begun: /\{\{\s*[^{}]{0,100}$/,
  },
  /** `{{#node.value#}}`, as in Dify. There are no escapes. */
  dify: {
    name: "[A-Za-z0-9_][A-Za-z0-9_.-]*",
    mark: (name) => `\\{\\{#(?<name>${name})#\\}\\}`,
    literal: () => null,
    placeholder: (name) => `{{#${name}#}}`,
    escape: (text) => text.replaceAll("{{#", "{ {#"),
    begun: /\{\{#[^{}]{0,100}$/,
  },
};

/** Marks without loose names, which nearly all texts have. */
const MARKS = mapLanguages(({ mark, name }) => new RegExp(mark(name), "gu"));
const WHOLE_NAMES = mapLanguages(({ name }) => new RegExp(`^${name}$`, "u"));
/** Marks by language and loose names, because the same nodes are rendered again and again. */
const loosened = new Map<string, RegExp>();
const MOST_LOOSENED = 500;

function mapLanguages<T>(make: (language: Language) => T): Readonly<Record<Templating, T>> {
  const { mustache, python, jinja, dify } = LANGUAGES;
  return { mustache: make(mustache), python: make(python), jinja: make(jinja), dify: make(dify) };
}

/** The names that a text can only have in braces if its graph has them. A name with braces or line ends can't be in any. */
export function looseAmong(names: Iterable<string>, templating: Templating = "mustache"): string[] {
  const plain = WHOLE_NAMES[templating];
  return [...new Set(names)].filter((name) => !plain.test(name) && /^[^{}\r\n]+$/.test(name) && name.trim() === name);
}

function marksOf({ templating = "mustache", looseNames = [] }: TextSyntax): RegExp {
  if (looseNames.length === 0) return MARKS[templating];
  const key = JSON.stringify([templating, ...looseNames]);
  const known = loosened.get(key);
  if (known) return known;
  const { mark, name } = LANGUAGES[templating];
  const loose = looseNames.toSorted((a, b) => b.length - a.length).map(escapeRegExp);
  const made = new RegExp(mark(`(?:${[...loose, name].join("|")})`), "gu");
  if (loosened.size >= MOST_LOOSENED) loosened.clear();
  loosened.set(key, made);
  return made;
}

export function syntaxOf(syntax: Templating | TextSyntax): TextSyntax {
  return typeof syntax === "string" ? { templating: syntax } : syntax;
}

/** Every placeholder of a text, in order, with its position, without literals. */
export function findPlaceholders(text: string, syntax: Templating | TextSyntax = "mustache"): Placeholder[] {
  return Array.from(text.matchAll(marksOf(syntaxOf(syntax)))).flatMap((match) => {
    const name = match.groups?.name;
    return name === undefined ? [] : [{ name, offset: match.index, length: match[0].length }];
  });
}

/** Every placeholder and every escape of a text, in order, with its position. */
export function readMarks(
  text: string,
  syntax: Templating | TextSyntax,
): { readonly offset: number; readonly length: number }[] {
  const { templating = "mustache", looseNames = [] } = syntaxOf(syntax);
  const { literal } = LANGUAGES[templating];
  return Array.from(text.matchAll(marksOf({ templating, looseNames }))).flatMap((match) =>
    match.groups?.name !== undefined || literal(match, text, () => true, looseNames) !== null
      ? [{ offset: match.index, length: match[0].length }]
      : [],
  );
}

/** Names of the placeholders of a text, without repeats, in order. */
export function placeholders(text: string, syntax?: Templating | TextSyntax): string[] {
  return [...new Set(findPlaceholders(text, syntax).map(({ name }) => name))];
}

/**
 * Replaces placeholders with values, in one pass: values are not expanded. A name without a value stays unchanged;
 * an escape becomes its characters.
 */
export function render(text: string, values: ReadonlyMap<string, string>, templating: Templating = "mustache"): string {
  const { literal } = LANGUAGES[templating];
  const isInput = (name: string) => values.has(name);
  const looseNames = looseAmong(values.keys(), templating);
  let rendered = "";
  let at = 0;
  for (const match of text.matchAll(marksOf({ templating, looseNames }))) {
    const name = match.groups?.name;
    const value = name === undefined ? literal(match, text, isInput, looseNames) : values.get(name);
    rendered += text.slice(at, match.index) + (value ?? match[0]);
    at = match.index + match[0].length;
  }
  return rendered + text.slice(at);
}

/** The inputs that a text names: in its placeholders, or by variables that stand for them. */
export function inputsNamedIn(
  text: string,
  { variables = {}, ...syntax }: TextSyntax & { readonly variables?: Readonly<Record<string, string>> | undefined },
): Set<string> {
  const inputs = new Map(Object.entries(variables));
  return new Set(placeholders(text, syntax).map((name) => inputs.get(name) ?? name));
}

/** The values of a text's placeholders: by the names of its inputs, and of the variables that stand for them. */
export function valuesFor(
  inputs: readonly (readonly [name: string, value: string])[],
  variables: Readonly<Record<string, string>> = {},
): Map<string, string> {
  const values = new Map(inputs);
  for (const [variable, input] of Object.entries(variables)) {
    const value = inputs.find(([name]) => name === input)?.[1];
    if (value !== undefined) values.set(variable, value);
  }
  return values;
}

/** Names by which code and tools know an input: the variables that stand for it, else its own name. */
export function namesInCode(input: string, variables: Readonly<Record<string, string>> = {}): readonly string[] {
  const names = Object.keys(variables).filter((variable) => variables[variable] === input);
  return names.length > 0 ? names : [input];
}

/** A placeholder as it is written. */
export function placeholderOf(name: string, templating: Templating = "mustache"): string {
  return LANGUAGES[templating].placeholder(name);
}

/** Escapes the braces of a text, so that they are sent. */
export function escapeBraces(text: string, templating: Templating = "mustache"): string {
  return LANGUAGES[templating].escape(text);
}

/** Start of the placeholder that the user is typing; null: there is none. @param line up to the cursor */
export function begunPlaceholder(line: string, templating: Templating = "mustache"): number | null {
  return LANGUAGES[templating].begun.exec(line)?.index ?? null;
}

/** The last text that was asked about: every brace of it asks. */
let lastFormat = { text: "", names: "", isFormat: true };

/**
 * Whether Python's `str.format` can read a text: all of its braces are escapes or fields.
 * @param looseNames further names of fields
 */
export function isFormatString(text: string, looseNames: readonly string[] = []): boolean {
  const names = looseNames.join("\n");
  if (lastFormat.text !== text || lastFormat.names !== names) {
    const isField = (field: string) => FIELD.test(field) || looseNames.includes(field.slice(1, -1));
    const rest = text.replace(/\{\{|\}\}/g, "").replace(/\{[^{}\n]*\}/g, (field) => (isField(field) ? "" : field));
    lastFormat = { text, names, isFormat: !/[{}]/.test(rest) };
  }
  return lastFormat.isFormat;
}

const FIELD = /^\{(?:[\p{L}_][\p{L}\p{M}\p{N}_-]*|\d*)(?:\.[\p{L}\p{N}_]+|\[[^\]]*\])*(?:![rsa])?(?::[^{}]*)?\}$/u;
