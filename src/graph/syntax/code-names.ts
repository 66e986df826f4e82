import { escapeRegExp } from "../text/escape-reg-exp.ts";

/**
 * Names that code reads from its argument, without running or compiling it: what a default export destructures, and
 * members of its parameter. Code in other forms has none, so it gets no warnings.
 */
export interface CodeName {
  readonly name: string;
  /** Of the name, or of its key in brackets. */
  readonly offset: number;
  readonly length: number;
  /** Whether the code has a value of its own for a missing one: `{ a = 1 }`, `inputs.a ?? 1`, `inputs?.a`. */
  readonly hasDefault: boolean;
  /** How the code writes it: `values.plan`, `{ plan: p }`, `{ plan }`. */
  readonly form: "member" | "key" | "shorthand";
  /** The variable that gets it; absent for members and nested patterns. */
  readonly local?: string;
  /** What its own pattern reads of it: `{ values: { plan } }`. */
  readonly inner?: readonly CodeName[];
}

const IDENTIFIER = /[A-Za-z_$][\w$]*/y;

/** The names that the default export reads of its first argument; null if its form is not known. */
export function argumentNames(code: string): readonly CodeName[] | null {
  const bare = withoutText(code);
  const at = parameterOf(bare);
  if (at === null) return null;
  if (bare[at] === "{") return patternAt(code, bare, at)?.names ?? null;
  const name = matchAt(IDENTIFIER, bare, at);
  return name ? membersOf(bare, code, escapeRegExp(name)) : null;
}

/**
 * What the default export reads of a part of its argument, such as `values`: `values.plan`, `values["plan"]`,
 * `({ values: { plan } })`, `const { plan } = values`. The part may have another name: `({ values: v })`, `argument.values`.
 */
export function heldNames(code: string, holder: string): readonly CodeName[] {
  const bare = withoutText(code);
  const at = parameterOf(bare);
  const pattern = at !== null && bare[at] === "{" ? patternAt(code, bare, at, true) : null;
  const whole = at === null || bare[at] === "{" ? null : matchAt(IDENTIFIER, bare, at);
  const parts = pattern?.names.filter(({ name }) => name === holder) ?? [];
  const locals = pattern ? parts.flatMap(({ local }) => local ?? []) : [holder];
  const expressions = [
    ...locals.map(escapeRegExp),
    ...(whole ? [`${escapeRegExp(whole)}\\s*\\??\\.\\s*${escapeRegExp(holder)}`] : []),
  ];
  const found = [
    ...parts.flatMap(({ inner }) => inner ?? []),
    ...expressions.flatMap((one) => [...membersOf(bare, code, one), ...declaredOf(bare, code, one)]),
  ];
  return found.sort((a, b) => a.offset - b.offset);
}

/** The names of `const { plan } = values`. */
function declaredOf(bare: string, code: string, holder: string): CodeName[] {
  const after = new RegExp(`\\s*=\\s*${holder}(?![\\w$]|\\s*[.([?])`, "y");
  return [...bare.matchAll(/(?<![\w$.])(?:const|let|var)\s*(?=\{)/g)].flatMap((match) => {
    const pattern = patternAt(code, bare, match.index + match[0].length, true);
    return pattern && matchAt(after, bare, pattern.end) !== null ? pattern.names : [];
  });
}

/** A member of an object, as code writes it. */
export function memberAccess(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** The key of a member in a pattern. */
export function patternKey(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name);
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** @param holder pattern of the expression whose members are read */
function membersOf(bare: string, code: string, holder: string): CodeName[] {
  const pattern = new RegExp(
    `(?<![\\w$.])${holder}\\s*(?:(\\?\\.|\\.)\\s*([A-Za-z_$][\\w$]*)|(\\?\\.)?\\[\\s*(["'])( *)\\4\\s*\\])`,
    "g",
  );
  return [...bare.matchAll(pattern)].flatMap((match) => {
    const [whole, dot, member, , quote, blank] = match;
    const end = match.index + whole.length;
    const length = member === undefined ? (blank ?? "").length : member.length;
    const offset = member === undefined ? code.indexOf(quote ?? "", match.index) + 1 : end - length;
    const name = code.slice(offset, offset + length);
    const after = /^\s*(\?\?|\|\||\?\.|=(?!=))/.test(bare.slice(end, end + 20));
    return name === "" ? [] : [{ name, offset, length, hasDefault: after || dot === "?.", form: "member" as const }];
  });
}

/** Offset of the first parameter of the default export. */
function parameterOf(bare: string): number | null {
  const start = /(?:^|[\n;}])\s*export\s+default\s+/.exec(bare);
  if (!start) return null;
  const from = start.index + start[0].length;
  const direct = callableAt(bare, from);
  if (direct !== null) return direct;
  const name = matchAt(IDENTIFIER, bare, from);
  if (!name) return null;
  const escaped = escapeRegExp(name);
  const declared = new RegExp(
    `(?:^|[\\n;}])\\s*(?:async\\s+)?function\\s*\\*?\\s*${escaped}\\s*(?=\\()|(?:const|let|var)\\s+${escaped}\\s*(?::[^=]+)?=\\s*`,
  ).exec(bare);
  if (!declared) return null;
  const at = declared.index + declared[0].length;
  return bare[at] === "(" ? skip(bare, at + 1) : callableAt(bare, at);
}

/** The first parameter of the function that starts here: `async ({ a }) =>`, `function f(a)`, `a =>`. */
function callableAt(bare: string, from: number): number | null {
  const head = /(?:async\b\s*)?(?:function\b\s*\*?\s*(?:[A-Za-z_$][\w$]*)?\s*)?\(/y;
  const opened = matchAt(head, bare, from);
  if (opened) return skip(bare, from + opened.length);
  const single = matchAt(/(?:async\s+)?[A-Za-z_$][\w$]*(?=\s*=>)/y, bare, from);
  return single ? from + (/^async\s+/.exec(single)?.[0].length ?? 0) : null;
}

/**
 * The names of a pattern that starts at a brace; null for what is not one.
 * @param hasRest whether `...rest` may end it, through which code can read more names
 */
function patternAt(
  code: string,
  bare: string,
  open: number,
  hasRest = false,
): { names: CodeName[]; end: number } | null {
  const names: CodeName[] = [];
  let at = skip(bare, open + 1);
  while (at < bare.length && bare[at] !== "}") {
    if (bare.startsWith("...", at)) {
      const end = endOfEntry(bare, at);
      return hasRest && bare[end] === "}" ? { names, end: end + 1 } : null;
    }
    const quoted = /^["']/.test(bare[at] ?? "");
    const offset = quoted ? at + 1 : at;
    const length = quoted ? bare.slice(offset).search(/["']/) : (matchAt(IDENTIFIER, bare, at)?.length ?? 0);
    if (length <= 0) return null;
    at = skip(bare, offset + length + (quoted ? 1 : 0));
    let inner: readonly CodeName[] | undefined;
    const form = bare[at] === ":" ? "key" : "shorthand";
    if (bare[at] === ":") {
      at = skip(bare, at + 1);
      const nested = bare[at] === "{" ? patternAt(code, bare, at, hasRest) : null;
      if (bare[at] === "{" && !nested) return null;
      inner = nested?.names;
      at = nested ? skip(bare, nested.end) : at;
    }
    const end = endOfEntry(bare, at);
    const hasDefault = /^\s*(?:[A-Za-z_$][\w$]*\s*)?=/.test(bare.slice(at, end));
    const name = code.slice(offset, offset + length);
    const local = inner ? null : form === "shorthand" ? name : matchAt(IDENTIFIER, bare, at);
    names.push({ name, offset, length, hasDefault, form, ...(inner && { inner }), ...(local && { local }) });
    at = skip(bare, bare[end] === "," ? end + 1 : end);
  }
  return at < bare.length ? { names, end: at + 1 } : null;
}

/** The comma or the brace that ends an entry of a pattern. */
function endOfEntry(bare: string, from: number): number {
  let depth = 0;
  for (let at = from; at < bare.length; at++) {
    const one = bare[at] ?? "";
    if (depth === 0 && (one === "," || one === "}")) return at;
    if ("([{".includes(one)) depth++;
    if (")]}".includes(one)) depth--;
  }
  return bare.length;
}

function skip(bare: string, at: number): number {
  return at + (/^\s*/.exec(bare.slice(at))?.[0].length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** The code with spaces in place of comments and of what is in quotes, so that offsets stay. */
function withoutText(code: string): string {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, " ");
  return code.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(["'])((?:\\.|(?!\1)[^\\\n])*)\1|`(?:\\[\s\S]|[^\\`])*`/g,
    (whole, quote?: string) => (quote ? quote + blank(whole.slice(1, -1)) + quote : blank(whole)),
  );
}
