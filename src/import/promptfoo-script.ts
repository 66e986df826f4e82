import { isMapping, type Mapping } from "./documents.ts";
import type { Row } from "./importer.ts";

export interface Assertion {
  readonly type: string;
  readonly value: unknown;
  /** Of its score among those of its test. */
  readonly weight: number;
  readonly threshold?: number | undefined;
}

export interface TestCase {
  readonly vars: Mapping;
  readonly assertions: readonly Assertion[];
  /** Score from which the test passes. */
  readonly threshold?: number | undefined;
}

/** Assertions that code can decide, without `not-`: `CHECKS` in the script has one function for each. */
const DECIDED = new Set(
  "equals contains icontains contains-any icontains-any contains-all icontains-all starts-with regex is-json contains-json levenshtein word-count javascript".split(
    " ",
  ),
);

/** Keywords of a JSON schema that the script knows. */
const KEYWORDS = new Set(
  "type properties required items enum const minimum maximum minLength maxLength minItems maxItems pattern additionalProperties $schema $id title description default examples".split(
    " ",
  ),
);

/** Whether a script scores an assertion as promptfoo does. */
export function isDecided({ type, value }: Assertion): boolean {
  const plain = type.replace(/^not-/, "");
  if (plain === "javascript") return typeof value === "string" && functionOf(value) !== null;
  return DECIDED.has(plain) && (!/json$/.test(plain) || !isMapping(value) || isSimpleSchema(value));
}

function isSimpleSchema(schema: Mapping): boolean {
  return Object.entries(schema).every(([key, value]) => {
    if (!KEYWORDS.has(key)) return false;
    if (key === "properties")
      return isMapping(value) && Object.values(value).every((one) => isMapping(one) && isSimpleSchema(one));
    if (key === "items") return isMapping(value) && isSimpleSchema(value);
    return key !== "additionalProperties" || typeof value === "boolean";
  });
}

/**
 * A script that checks each answer as the tests do: their own code, and the assertions that code decides, by weight.
 * @param expected column for what a test asserts
 */
export function scriptLoss(
  tests: readonly TestCase[],
  expected: string,
): { readonly code: string[]; readonly rows: Row[] } {
  const codes: string[] = [];
  const schemas: string[] = [];
  const at = (list: string[], text: string) => (list.includes(text) ? list.indexOf(text) : list.push(text) - 1);
  const rows = tests.map(({ vars, assertions, threshold }) => {
    const checks = assertions.map(({ type, value, weight, threshold: bound }) => ({
      type,
      ...(type.endsWith("javascript")
        ? { code: at(codes, String(value).trim()) }
        : isMapping(value) && /json$/.test(type)
          ? { schema: at(schemas, JSON.stringify(value)) }
          : value !== undefined && { value }),
      ...(weight !== 1 && { weight }),
      ...(bound !== undefined && { threshold: bound }),
    }));
    const used = usedVars(
      assertions.filter(({ type }) => type.endsWith("javascript")).map(({ value }) => String(value)),
      vars,
    );
    return {
      ...vars,
      [expected]: { checks, ...(threshold !== undefined && { threshold }), ...(used && { vars: used }) },
    };
  });
  const functions = codes.flatMap((code) => indented(functionOf(code) ?? [], "  "));
  const types = new Set(tests.flatMap(({ assertions }) => assertions.map(({ type }) => type.replace(/^not-/, ""))));
  const code = [
    ...(codes.length > 0 ? ["// The code of the tests.", "const codes = [", ...functions, "];", ""] : []),
    ...(schemas.length > 0 ? [`const schemas = [${schemas.join(", ")}];`, ""] : []),
    ...(schemas.length > 0 ? [...VALID, ""] : []),
    "const decide = {",
    ...Object.entries(CHECKS).flatMap(([type, lines]) => (types.has(type) ? indented(lines, "  ") : [])),
    "};",
    ...(codes.length > 0 ? RUN_CODE : []),
    ...RUN,
  ];
  return { code, rows };
}

/** Variables that the code names: a graph passes on only those that its prompt reads. */
function usedVars(codes: readonly string[], vars: Mapping): Mapping | null {
  const names = Object.keys(vars).filter((name) =>
    codes.some((code) => new RegExp(`\\bvars\\b[^\\n]*\\b${name}\\b`).test(code)),
  );
  return names.length > 0 ? Object.fromEntries(names.map((name) => [name, vars[name]])) : null;
}

/** A function of `output` and `context` with the code of an assertion; null if it is none that can run alone. */
function functionOf(code: string): string[] | null {
  const text = code.trim().replace(/;\s*$/, "");
  if (/\brequire\s*\(|^\s*import\b/m.test(text)) return null;
  const lines = text.split(/\r?\n/);
  if (/^\s*(?:module\.)?exports\b|^\s*export\s/m.test(text)) return moduleOf(lines);
  const head = /\bawait\b/.test(text) ? "async (output, context) =>" : "(output, context) =>";
  if (compiles(`return (\n${text}\n);`)) return [`${head} (`, ...indented(lines, "  "), "),"];
  return compiles(text) ? [`${head} {`, ...indented(lines, "  "), "},"] : null;
}

/** A file with the function as what it exports. */
function moduleOf(lines: readonly string[]): string[] | null {
  const named = lines.flatMap(
    (line) => /^\s*export\s+(?:async\s+)?(?:function|const|let)\s+(\w+)/.exec(line)?.[1] ?? [],
  );
  const plain = lines.map((line) =>
    line
      .replace(/^\s*export\s+default\s+/, "module.exports = ")
      .replace(/^(\s*)export\s+(?=async|function|const|let)/, "$1"),
  );
  const body = [
    "const module = { exports: {} };",
    "let exports = module.exports;",
    ...plain,
    ...named.map((name) => `module.exports.${name} = ${name};`),
    "const made = module.exports.default ?? module.exports;",
    'return typeof made === "function" ? made : Object.values(made).find((one) => typeof one === "function");',
  ];
  return compiles(body.join("\n")) ? ["(() => {", ...indented(body, "  "), "})(),"] : null;
}

/** Whether a text is the body of a function. It is only compiled. */
function compiles(body: string): boolean {
  try {
    const kind = /\bawait\b/.test(body) ? Object.getPrototypeOf(async () => {}).constructor : Function;
    Reflect.construct(kind, ["output", "context", body]);
    return true;
  } catch {
    return false;
  }
}

function indented(lines: readonly string[], by: string): string[] {
  return lines.map((line) => (line.trim() === "" ? "" : by + line));
}

const LISTED = 'const list = Array.isArray(value) ? value : String(value).split(",").map((one) => one.trim());';

/** What decides an assertion, by its type: true or false. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  equals: [
    "equals: (output, { value }) => {",
    '  if (typeof value === "string") return output === value;',
    "  return same(json(output), value) || output === String(value);",
    "},",
  ],
  contains: ["contains: (output, { value }) => output.includes(String(value)),"],
  icontains: ["icontains: (output, { value }) => output.toLowerCase().includes(String(value).toLowerCase()),"],
  "contains-any": anyOf("contains-any", "some", "output", "String(one)"),
  "icontains-any": anyOf("icontains-any", "some", "output.toLowerCase()", "String(one).toLowerCase()"),
  "contains-all": anyOf("contains-all", "every", "output", "String(one)"),
  "icontains-all": anyOf("icontains-all", "every", "output.toLowerCase()", "String(one).toLowerCase()"),
  "starts-with": ['"starts-with": (output, { value }) => output.startsWith(String(value)),'],
  regex: ["regex: (output, { value }) => new RegExp(value).test(output),"],
  "is-json": [
    '"is-json": (output, { schema }) => {',
    "  const value = json(output);",
    "  return value !== undefined && (schema === undefined || valid(value, schemas[schema]));",
    "},",
  ],
  "contains-json": [
    '"contains-json": (output, { schema }) => {',
    "  for (const { index: start } of [...output.matchAll(/[{[]/g)].slice(0, 100)) {",
    '    const end = output.lastIndexOf(output[start] === "{" ? "}" : "]");',
    "    const value = end > start ? json(output.slice(start, end + 1)) : undefined;",
    "    if (value !== undefined && (schema === undefined || valid(value, schemas[schema]))) return true;",
    "  }",
    "  return false;",
    "},",
  ],
  levenshtein: [
    "levenshtein: (output, { value, threshold = 5 }) => {",
    "  let row = Array.from({ length: value.length + 1 }, (_, at) => at);",
    "  for (const [at, letter] of [...output].entries()) {",
    "    const next = [at + 1];",
    "    for (let to = 1; to <= value.length; to++)",
    "      next[to] = Math.min(row[to] + 1, next[to - 1] + 1, row[to - 1] + (value[to - 1] === letter ? 0 : 1));",
    "    row = next;",
    "  }",
    "  return row[value.length] <= threshold;",
    "},",
  ],
  "word-count": [
    '"word-count": (output, { value }) => {',
    "  const count = output.trim().split(/\\s+/).filter(Boolean).length;",
    '  if (typeof value !== "object") return count === Number(value);',
    "  return count >= (value.min ?? 0) && count <= (value.max ?? Infinity);",
    "},",
  ],
};

function anyOf(type: string, how: string, output: string, one: string): string[] {
  return [
    `"${type}": (output, { value }) => {`,
    `  ${LISTED}`,
    `  return list.${how}((one) => ${output}.includes(${one}));`,
    "},",
  ];
}

/** The keywords of a JSON schema that `isSimpleSchema` lets through. */
const VALID = [
  "function valid(value, schema) {",
  '  const kind = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;',
  "  const kinds = schema.type === undefined ? [kind] : [].concat(schema.type);",
  '  if (!kinds.includes(kind) && !(kind === "number" && Number.isInteger(value) && kinds.includes("integer"))) return false;',
  "  if (schema.enum && !schema.enum.some((one) => same(one, value))) return false;",
  '  if ("const" in schema && !same(schema.const, value)) return false;',
  '  if (kind === "number" && !(value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity))) return false;',
  '  if (kind === "string" || kind === "array") {',
  '    const [least, most] = kind === "string" ? ["minLength", "maxLength"] : ["minItems", "maxItems"];',
  "    if (value.length < (schema[least] ?? 0) || value.length > (schema[most] ?? Infinity)) return false;",
  "  }",
  '  if (kind === "string" && schema.pattern && !new RegExp(schema.pattern, "u").test(value)) return false;',
  '  if (kind === "array") return !schema.items || value.every((one) => valid(one, schema.items));',
  '  if (kind !== "object") return true;',
  "  const known = schema.properties ?? {};",
  "  if ((schema.required ?? []).some((name) => !(name in value))) return false;",
  "  if (schema.additionalProperties === false && Object.keys(value).some((name) => !(name in known))) return false;",
  "  return Object.entries(known).every(([name, one]) => !(name in value) || valid(value[name], one));",
  "}",
];

/** A check gives true or false, a score, or `{ pass, score, reason }`, as in promptfoo. */
const RUN_CODE = [
  "",
  "const run = async (check, output, vars) => {",
  "  const { code, threshold } = check;",
  "  const result = await codes[code](output, { vars, threshold });",
  '  if (typeof result === "object" && result !== null) {',
  '    const { pass = true, score = pass ? 1 : 0, reason = "" } = result;',
  "    return { score: pass ? score : Math.min(score, 0.99), reason };",
  "  }",
  '  if (typeof result !== "number") return { score: result ? 1 : 0 };',
  "  return { score: threshold !== undefined && result >= threshold ? 1 : result };",
  "};",
];

const RUN = [
  "",
  "function json(text) {",
  "  try {",
  "    return JSON.parse(text);",
  "  } catch {",
  "    return undefined;",
  "  }",
  "}",
  "",
  "function same(a, b) {",
  '  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;',
  "  const keys = Object.keys(a);",
  "  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));",
  "}",
  "",
  "export default async ({ inputs, target, answer }) => {",
  "  const { checks, threshold, vars } = target;",
  "  const unmet = [];",
  "  let [sum, weights] = [0, 0];",
  "  for (const check of checks) {",
  '    const type = check.type.replace(/^not-/, "");',
  "    const { score: found, reason } =",
  '      type === "javascript"',
  "        ? await run(check, answer, { ...inputs, ...vars })",
  "        : { score: decide[type](answer, check) ? 1 : 0 };",
  "    const score = Math.min(1, Math.max(0, Number(check.type === type ? found : 1 - found) || 0));",
  "    const weight = check.weight ?? 1;",
  "    sum += weight * score;",
  "    weights += weight;",
  "    const { code, schema, value } = check;",
  "    const shown = code !== undefined ? String(codes[code]) : schema !== undefined ? JSON.stringify(schemas[schema]) : JSON.stringify(value);",
  '    if (score < 1 && weight > 0) unmet.push(reason || ["Not met:", check.type, (shown ?? "").slice(0, 300)].join(" "));',
  "  }",
  "  const mean = weights > 0 ? sum / weights : 1;",
  "  if (threshold !== undefined && mean >= threshold) return 0;",
  '  return { loss: 1 - mean, criticism: unmet.join("\\n") };',
  "};",
];
