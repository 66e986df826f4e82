/** Template languages: how a text names its inputs. */
export const TEMPLATINGS = ["mustache", "python", "jinja", "dify"] as const;
export type Templating = (typeof TEMPLATINGS)[number];

export interface Placeholder {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

interface Syntax {
  /** Matches a placeholder (group `name`) or an escape, in one pass. */
  readonly mark: RegExp;
  /**
   * The characters of an escape; null: it is not an escape in this text.
   * @param isBraced whether a name in single braces is an input
   */
  literal(match: RegExpExecArray | RegExpMatchArray, text: string, isInput: (name: string) => boolean): string | null;
  placeholder(name: string): string;
  /** Escapes the braces of a text. */
  escape(text: string): string;
  /** Matches the end of a line in which the user is typing a name. */
  readonly begun: RegExp;
}

const SYNTAX: Readonly<Record<Templating, Syntax>> = {
  /**
   * `{{name}}` in letters of any language, or a backslash before what would else be read as a template: `\{{`, `\{%`, `\{#`, and `\{name}` or
   * `\${name}` with the name of an input.
   */
  mustache: {
    mark: /\\(?<literal>\{(?=[%#])|\{\{|\$?\{(?<braced>\p{L}[\p{L}\p{M}\p{N}_-]*)\})|\{\{ *(?<name>\p{L}[\p{L}\p{M}\p{N}_-]*) *\}\}/gu,
    literal: ({ groups: { literal, braced } = {} }, _, isInput) =>
      literal !== undefined && (braced === undefined || isInput(braced)) ? literal : null,
    placeholder: (name) => `{{${name}}}`,
    escape: (text) => text.replaceAll("{{", "\\{{"),
    begun: /(?<!\\)\{\{ *[\w-]*$/,
  },
  /** `{name}`; `{{` and `}}` are braces, in a text that `str.format` can read: one with other braces is filled in by name alone. */
  python: {
    mark: /(?<literal>\{\{|\}\})|\{(?<name>[\p{L}_][\p{L}\p{M}\p{N}_-]*)\}/gu,
    literal: ({ groups: { literal } = {} }, text) => (isFormatString(text) ? (literal?.charAt(0) ?? null) : null),
    placeholder: (name) => `{${name}}`,
    escape: (text) => text.replaceAll("{", "{{").replaceAll("}", "}}"),
    begun: /(?<!\{)\{[\w-]*$/,
  },
  /** `{{ name }}`; comments are left out, and `{% raw %}` and `{{ "…" }}` are sent as they are. */
  jinja: {
    mark: /\{%-?\s*raw\s*-?%\}(?<raw>[\s\S]*?)\{%-?\s*endraw\s*-?%\}|(?<comment>\{#[\s\S]*?#\})|\{\{\s*(?:"(?<double>[^"\\\n]*)"|'(?<single>[^'\\\n]*)')\s*\}\}|\{\{\s*(?<name>[\p{L}_][\p{L}\p{M}\p{N}_]*)\s*\}\}/gu,
    literal: ({ groups: { raw, comment, double, single } = {} }) =>
      comment !== undefined ? "" : (raw ?? double ?? single ?? null),
    placeholder: (name) => `{{ ${name} }}`,
    escape: (text) => (/\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text),
    begun: /\{\{\s*\w*$/,
  },
  /** `{{#node.value#}}`, as in Dify. There are no escapes. */
  dify: {
    mark: /\{\{#(?<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)#\}\}/g,
    literal: () => null,
    placeholder: (name) => `{{#${name}#}}`,
    escape: (text) => text.replaceAll("{{#", "{ {#"),
    begun: /\{\{#[\w.-]*$/,
  },
};

/** Every placeholder of a text, in order, with its position, without literals. */
export function findPlaceholders(text: string, templating: Templating = "mustache"): Placeholder[] {
  return Array.from(text.matchAll(SYNTAX[templating].mark)).flatMap((match) => {
    const name = match.groups?.name;
    return name === undefined ? [] : [{ name, offset: match.index, length: match[0].length }];
  });
}

/** Every placeholder and every escape of a text, in order, with its position. */
export function readMarks(
  text: string,
  templating: Templating,
): { readonly offset: number; readonly length: number }[] {
  const { mark, literal } = SYNTAX[templating];
  return Array.from(text.matchAll(mark)).flatMap((match) =>
    match.groups?.name !== undefined || literal(match, text, () => true) !== null
      ? [{ offset: match.index, length: match[0].length }]
      : [],
  );
}

/** Names of the placeholders of a text, without repeats, in order. */
export function placeholders(text: string, templating?: Templating): string[] {
  return [...new Set(findPlaceholders(text, templating).map(({ name }) => name))];
}

/**
 * Replaces placeholders with values, in one pass: values are not expanded. A name without a value stays unchanged;
 * an escape becomes its characters.
 */
export function render(text: string, values: ReadonlyMap<string, string>, templating: Templating = "mustache"): string {
  const { mark, literal } = SYNTAX[templating];
  const isInput = (name: string) => values.has(name);
  let rendered = "";
  let at = 0;
  for (const match of text.matchAll(mark)) {
    const name = match.groups?.name;
    const value = name === undefined ? literal(match, text, isInput) : values.get(name);
    rendered += text.slice(at, match.index) + (value ?? match[0]);
    at = match.index + match[0].length;
  }
  return rendered + text.slice(at);
}

/** The inputs that a text names: in its placeholders, or by variables that stand for them. */
export function inputsNamedIn(
  text: string,
  {
    templating,
    variables = {},
  }: { readonly templating?: Templating; readonly variables?: Readonly<Record<string, string>> },
): Set<string> {
  const inputs = new Map(Object.entries(variables));
  return new Set(placeholders(text, templating).map((name) => inputs.get(name) ?? name));
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

/** An input as code and tools name it: a variable that stands for it, else its own name. */
export function nameInCode(input: string, variables: Readonly<Record<string, string>> = {}): string {
  return Object.keys(variables).find((variable) => variables[variable] === input) ?? input;
}

/** A placeholder as it is written. */
export function placeholderOf(name: string, templating: Templating = "mustache"): string {
  return SYNTAX[templating].placeholder(name);
}

/** Escapes the braces of a text, so that they are sent. */
export function escapeBraces(text: string, templating: Templating = "mustache"): string {
  return SYNTAX[templating].escape(text);
}

/** Start of the placeholder that the user is typing; null: there is none. @param line up to the cursor */
export function begunPlaceholder(line: string, templating: Templating = "mustache"): number | null {
  return SYNTAX[templating].begun.exec(line)?.index ?? null;
}

/** The last text that was asked about: every brace of it asks. */
let lastFormat = { text: "", isFormat: true };

/** Whether Python's `str.format` can read a text: all of its braces are escapes or fields. */
export function isFormatString(text: string): boolean {
  if (lastFormat.text !== text) {
    const rest = text.replace(/\{\{|\}\}/g, "").replace(/\{[^{}\n]*\}/g, (field) => (FIELD.test(field) ? "" : field));
    lastFormat = { text, isFormat: !/[{}]/.test(rest) };
  }
  return lastFormat.isFormat;
}

const FIELD = /^\{(?:[A-Za-z_][\w-]*|\d*)(?:\.\w+|\[[^\]]*\])*(?:![rsa])?(?::[^{}]*)?\}$/;
