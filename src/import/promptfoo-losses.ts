import type { Translate } from "../i18n/locale.ts";
import { isMapping, listOf, type Mapping, mappingOf, textOf } from "./documents.ts";
import type { Row } from "./importer.ts";

export interface Assertion {
  readonly type: string;
  readonly value: unknown;
}

export interface TestCase {
  readonly vars: Mapping;
  readonly assertions: readonly Assertion[];
}

interface Scored {
  readonly loss: Readonly<Record<string, unknown>>;
  readonly rows: readonly Row[];
  readonly target?: string;
  readonly notes: readonly string[];
}

/** Column of the expected value of a test. */
const EXPECTED = "expected";

/** Assertions that define the right answers, with the equivalent loss. */
const EXACT: Readonly<
  Record<string, { readonly loss: Readonly<Record<string, unknown>>; targets(value: unknown): unknown }>
> = {
  equals: { loss: { kind: "exact", ignoreCase: false }, targets: (value) => value },
  contains: { loss: { kind: "contains", ignoreCase: false }, targets: (value) => value },
  icontains: { loss: { kind: "contains" }, targets: (value) => value },
  "contains-any": { loss: { kind: "contains", ignoreCase: false }, targets: listed },
  "icontains-any": { loss: { kind: "contains" }, targets: listed },
  regex: { loss: { kind: "regex" }, targets: (value) => value },
};

/** Assertions that can be described to a judge. */
const WORDS: Readonly<Record<string, (value: string) => string>> = {
  equals: (value) => `The answer is exactly: ${value}`,
  contains: (value) => `The answer contains: ${value}`,
  icontains: (value) => `The answer contains, in upper or lower case: ${value}`,
  "contains-any": (value) => `The answer contains at least one of: ${value}`,
  "icontains-any": (value) => `The answer contains at least one of, in upper or lower case: ${value}`,
  "contains-all": (value) => `The answer contains all of: ${value}`,
  "icontains-all": (value) => `The answer contains all of, in upper or lower case: ${value}`,
  "starts-with": (value) => `The answer starts with: ${value}`,
  regex: (value) => `The answer matches the regular expression ${value}`,
  similar: (value) => `The answer means the same as: ${value}`,
  levenshtein: (value) => `The answer is nearly the same as: ${value}`,
  "rouge-n": (value) => `The answer has the content of: ${value}`,
  "is-json": () => "The answer is valid JSON.",
  "contains-json": () => "The answer contains valid JSON.",
  "llm-rubric": (value) => value,
  "model-graded-closedqa": (value) => value,
  "g-eval": (value) => value,
  "answer-relevance": () => "The answer is relevant to the question.",
  factuality: (value) => `The answer agrees with these facts: ${value}`,
  "model-graded-factuality": (value) => `The answer agrees with these facts: ${value}`,
  "not-equals": (value) => `The answer is not: ${value}`,
  "not-contains": (value) => `The answer does not contain: ${value}`,
  "not-icontains": (value) => `The answer does not contain, in upper or lower case: ${value}`,
  "not-regex": (value) => `The answer does not match the regular expression ${value}`,
};

const RUBRIC = [
  "Each accepted answer lists requirements, one in each line. It is not an example of an answer.",
  "Score 1 if the answer meets every requirement, 0 if it meets none, and the share of the requirements that it meets in between.",
];

/**
 * The loss that is equivalent to the assertions: that of an assertion that all tests share and that defines the
 * right answers; else a judge with a description of the assertions. Other assertions are listed.
 */
export function lossOf(tests: readonly TestCase[], t: Translate): Scored {
  const script = scriptOf(tests);
  if (script) {
    const note = t(
      "The code of the javascript assertions is in the loss. It sees the variables that the prompt names.",
    );
    return { ...script, notes: [note] };
  }
  const types = new Set(tests.flatMap(({ assertions }) => assertions.map(({ type }) => type)));
  const scored = tests.filter(({ assertions }) => assertions.some(({ type }) => type in WORDS));
  const notes = [...types]
    .filter((type) => !(type in WORDS))
    .map((type) => t('Assertions of the type "{0}" are left out: {1}', type, whyNot(type, t)));
  if (scored.length === 0) {
    if (tests.length > 0)
      notes.push(
        t(
          'No test states which answers are right. Name the column with the answer in "target", or choose another loss.',
        ),
      );
    return { loss: { kind: "exact" }, rows: tests.map(({ vars }) => vars), notes };
  }
  if (scored.length < tests.length) {
    notes.push(
      t(
        "{0} of {1} tests are left out, because they have no assertion that can be scored here.",
        tests.length - scored.length,
        tests.length,
      ),
    );
  }
  for (const [type, exact] of Object.entries(EXACT)) {
    const alone = scored.every(
      ({ assertions }) => usable(assertions).length === 1 && usable(assertions)[0]?.type === type,
    );
    if (!alone) continue;
    const rows = scored.map(({ vars, assertions }) => ({
      ...vars,
      [EXPECTED]: exact.targets(filled(usable(assertions)[0], vars)),
    }));
    return { loss: exact.loss, rows, target: EXPECTED, notes };
  }
  const json = scored.every(({ assertions }) => usable(assertions).every(({ type }) => type === "is-json"));
  const [schema] = scored.flatMap(({ assertions }) => usable(assertions).map(({ value }) => value));
  if (
    json &&
    isMapping(schema) &&
    new Set(scored.map(({ assertions }) => JSON.stringify(usable(assertions)[0]?.value))).size === 1
  ) {
    return { loss: { kind: "json", schema }, rows: scored.map(({ vars }) => vars), notes };
  }
  return { ...judged(scored), notes };
}

/** A script that runs the tests' own code, where every test has code and nothing else; null elsewhere. */
function scriptOf(tests: readonly TestCase[]): Omit<Scored, "notes"> | null {
  const isCode = ({ type, value }: Assertion) =>
    type === "javascript" && typeof value === "string" && !value.startsWith("file://");
  const isScript =
    tests.length > 0 && tests.every(({ assertions }) => assertions.length > 0 && assertions.every(isCode));
  if (!isScript) return null;
  const codes = [...new Set(tests.flatMap(({ assertions }) => assertions.map(({ value }) => String(value).trim())))];
  const checks = codes.flatMap((code) => {
    const isBody = code.includes("\n") || /\breturn\b/.test(code);
    const lines = (isBody ? code : `return ${code.replace(/;\s*$/, "")};`).split("\n").map((line) => `    ${line}`);
    return ["  (output, context) => {", ...lines, "  },"];
  });
  const rows = tests.map(({ vars, assertions }) => ({
    ...vars,
    [EXPECTED]: assertions.map(({ value }) => `check ${codes.indexOf(String(value).trim())}`).join(", "),
  }));
  return {
    loss: { kind: "script", code: ["const checks = [", ...checks, "];", ...RUN_CHECKS] },
    rows,
    target: EXPECTED,
  };
}

/** A check gives true or false, a score, or `{ pass, score, reason }`, as in promptfoo. */
const RUN_CHECKS = [
  "",
  "export default ({ inputs, target, answer }) => {",
  "  const reasons = [];",
  "  const scores = String(target).split(/, check |check /).filter(Boolean).map((at) => {",
  "    const result = checks[Number(at)](answer, { vars: inputs });",
  '    const { pass = result, score = typeof pass === "number" ? pass : pass ? 1 : 0, reason } =',
  '      typeof result === "object" && result !== null ? result : {};',
  "    if (reason && score < 1) reasons.push(reason);",
  "    return Math.min(1, Math.max(0, Number(score)));",
  "  });",
  "  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;",
  '  return { loss: 1 - mean, criticism: reasons.join("\\n") };',
  "};",
];

/** A rubric where all tests have the same; else the requirements of each test as its target. */
function judged(tests: readonly TestCase[]): Omit<Scored, "notes"> {
  const criteria = tests.map(({ vars, assertions }) =>
    usable(assertions).map((one) => WORDS[one.type]?.(shown(filled(one, vars))) ?? ""),
  );
  const [first] = criteria;
  const same = first !== undefined && criteria.every((one) => JSON.stringify(one) === JSON.stringify(first));
  if (same) return { loss: { kind: "judge", rubric: first }, rows: tests.map(({ vars }) => vars) };
  const rows = tests.map(({ vars }, at) => ({ ...vars, [EXPECTED]: (criteria[at] ?? []).join("\n") }));
  return { loss: { kind: "judge", rubric: RUBRIC }, rows, target: EXPECTED };
}

function usable(assertions: readonly Assertion[]): readonly Assertion[] {
  return assertions.filter(({ type }) => type in WORDS);
}

function whyNot(type: string, t: Translate): string {
  if (/^(?:javascript|python|webhook)$/.test(type)) {
    return t('write a loss of the kind "script" that scores the same way.');
  }
  if (/^(?:cost|latency)$/.test(type)) return t("set a budget instead.");
  return t("no loss scores the same way.");
}

/** Fills in a value with the variables of its test. */
function filled(assertion: Assertion | undefined, vars: Mapping): unknown {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "string") return value;
    return value.replace(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g, (mark, name: string) => {
      const found = vars[name];
      return found === undefined ? mark : shown(found);
    });
  };
  return fill(assertion?.value ?? "");
}

function listed(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.split(",").map((one) => one.trim()) : value;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((one) => typeof one !== "object")
    ? value.join(", ")
    : JSON.stringify(value);
}

/** Assertions of a test in promptfoo's formats: a type and a value, sets of them, and templates by name. */
export function assertionsOf(value: unknown, templates: Mapping = {}): Assertion[] {
  return listOf(value).flatMap((one): Assertion[] => {
    const assertion = mappingOf(one);
    const named = textOf(assertion.$ref)?.replace(/^#\/assertionTemplates\//, "");
    if (named !== undefined) return assertionsOf([templates[named]]);
    const type = textOf(assertion.type);
    if (type === "assert-set") return assertionsOf(assertion.assert, templates);
    return type === null ? [] : [{ type, value: assertion.value }];
  });
}

/** The `__expected` column of a table of tests: `contains: x`, `llm-rubric: …`, or the answer itself. */
export function expectedAssertion(written: string): Assertion[] {
  if (written.trim() === "") return [];
  const [, type = "", value = ""] = /^(?:fn|eval)?([a-z-]+)(?:\([^)]*\))?:\s*([\s\S]*)$/.exec(written) ?? [];
  if (/^(?:fn|eval|javascript)$/.test(type) || /^(?:fn|eval):/.test(written)) return [{ type: "javascript", value }];
  if (type in WORDS) return [{ type, value }];
  if (type === "grade") return [{ type: "llm-rubric", value }];
  return [{ type: "equals", value: written }];
}
