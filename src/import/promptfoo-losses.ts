import type { Translate } from "../i18n/locale.ts";
import { isMapping, listOf, type Mapping, mappingOf, textOf } from "./documents.ts";
import type { Row } from "./importer.ts";
import { type Assertion, isDecided, scriptLoss, type TestCase } from "./promptfoo-script.ts";

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
  "is-refusal": () => "The answer refuses the request.",
  "is-sql": () => "The answer is valid SQL.",
  "is-xml": () => "The answer is valid XML.",
  "is-html": () => "The answer is valid HTML.",
  "word-count": (value) => `The number of words of the answer is: ${value}`,
};

/** What a judge reads of an assertion; null where words cannot say it. Code is read where it is one line. */
function wordsOf({ type, value }: Assertion, text: (value: unknown) => string): string | null {
  if (type === "javascript") {
    const code = text(value).trim();
    return code.includes("\n") || code.includes("file://")
      ? null
      : `With the answer as \`output\`, this is true in JavaScript: ${code}`;
  }
  const plain = type.replace(/^not-/, "");
  const said = WORDS[type]?.(text(value));
  if (said !== undefined) return said;
  const opposite = WORDS[plain]?.(text(value));
  return opposite === undefined ? null : `This is not the case: ${opposite}`;
}

function isWorded(assertion: Assertion): boolean {
  return wordsOf(assertion, (value) => (typeof value === "string" ? value : "")) !== null;
}

const RUBRIC = [
  "Each accepted answer lists requirements, one in each line. It is not an example of an answer.",
  "Score 1 if the answer meets every requirement, 0 if it meets none, and the share of the requirements that it meets in between.",
];

/**
 * The loss that is equivalent to the assertions: that of an assertion that all tests share and that defines the
 * right answers; else a judge with a description of the assertions. Other assertions are listed.
 */
export function lossOf(tests: readonly TestCase[], t: Translate): Scored {
  const isScored = (one: Assertion) => isDecided(one) || isWorded(one);
  const all = tests.flatMap(({ assertions }) => assertions);
  const left = new Set(all.filter((one) => !isScored(one)).map(({ type }) => type));
  const notes = [...left].map((type) => t('Assertions of the type "{0}" are left out: {1}', type, whyNot(type, t)));
  const scored = tests.flatMap((test) => {
    const assertions = test.assertions
      .filter(isScored)
      .map((one) => ({ ...one, value: filled(one, test.vars) }))
      .filter(({ weight }) => weight > 0);
    return assertions.length > 0 ? [{ ...test, assertions }] : [];
  });
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
    const alone = scored.every(({ assertions: [one, ...others] }) => one?.type === type && others.length === 0);
    if (!alone) continue;
    const rows = scored.map(({ vars, assertions }) => ({ ...vars, [EXPECTED]: exact.targets(assertions[0]?.value) }));
    return { loss: exact.loss, rows, target: EXPECTED, notes };
  }
  const schemas = new Set(
    scored.flatMap(({ assertions }) =>
      assertions.map(({ type, value }) => (type === "is-json" && isMapping(value) ? JSON.stringify(value) : "")),
    ),
  );
  const [schema = ""] = schemas;
  if (schemas.size === 1 && schema !== "") {
    return { loss: { kind: "json", schema: JSON.parse(schema) }, rows: scored.map(({ vars }) => vars), notes };
  }
  if (scored.every(({ assertions }) => assertions.every(isDecided))) {
    const { code, rows } = scriptLoss(scored, EXPECTED);
    notes.push(t("The assertions are checked by the code of the loss, which runs in the sandbox."));
    return { loss: { kind: "script", code }, rows, target: EXPECTED, notes };
  }
  const judgable = scored.filter(({ assertions }) => assertions.some(isWorded));
  const unjudged = scored.flatMap(({ assertions }) => assertions).filter((one) => !isWorded(one));
  if (unjudged.length > 0) {
    const types = [...new Set(unjudged.map(({ type }) => type))].join(", ");
    notes.push(
      t(
        "A judge scores tests that need a model. It can't run assertions of these types, so they are left out: {0}.",
        types,
      ),
    );
  }
  if (judgable.some(({ assertions }) => assertions.some(({ type }) => type === "javascript")))
    notes.push(t("The judge reads javascript assertions of one line as requirements. They don't run."));
  return { ...judged(judgable), notes };
}

/** A rubric where all tests have the same; else the requirements of each test as its target. */
function judged(tests: readonly TestCase[]): Omit<Scored, "notes"> {
  const criteria = tests.map(({ assertions }) => assertions.flatMap((one) => wordsOf(one, shown) ?? []));
  const [first] = criteria;
  const same = first !== undefined && criteria.every((one) => JSON.stringify(one) === JSON.stringify(first));
  if (same) return { loss: { kind: "judge", rubric: first }, rows: tests.map(({ vars }) => vars) };
  const rows = tests.map(({ vars }, at) => ({ ...vars, [EXPECTED]: (criteria[at] ?? []).join("\n") }));
  return { loss: { kind: "judge", rubric: RUBRIC }, rows, target: EXPECTED };
}

function whyNot(type: string, t: Translate): string {
  if (type.endsWith("javascript")) return t("its code is not a function that runs alone.");
  if (/^(?:not-)?(?:python|ruby|webhook)$/.test(type)) {
    return t('write a loss of the kind "script" that scores the same way.');
  }
  if (/^(?:cost|latency)$/.test(type)) return t("set a budget instead.");
  return t("no loss scores the same way.");
}

/** Fills in a value with the variables of its test. */
function filled(assertion: Assertion, vars: Mapping): unknown {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (isMapping(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]));
    if (typeof value !== "string") return value;
    return value.replace(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g, (mark, name: string) => {
      const found = vars[name];
      return found === undefined ? mark : shown(found);
    });
  };
  return assertion.value === undefined ? undefined : fill(assertion.value);
}

function listed(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.split(",").map((one) => one.trim()) : value;
}

function shown(value: unknown): string {
  if (typeof value === "string" || value === undefined) return value ?? "";
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
    const { weight, threshold } = assertion;
    if (type === null) return [];
    return [
      {
        type,
        value: assertion.value,
        weight: typeof weight === "number" ? weight : 1,
        threshold: typeof threshold === "number" ? threshold : undefined,
      },
    ];
  });
}

/** The `__expected` column of a table of tests: `contains: x`, `llm-rubric: …`, or the answer itself. */
export function expectedAssertion(written: string): Assertion[] {
  if (written.trim() === "") return [];
  const [, type = "", value = ""] = /^(?:fn|eval)?([a-z-]+)(?:\([^)]*\))?:\s*([\s\S]*)$/.exec(written) ?? [];
  const assertion = (of: string, what: string): Assertion[] => [{ type: of, value: what, weight: 1 }];
  if (/^(?:fn|eval|javascript)$/.test(type) || /^(?:fn|eval):/.test(written)) return assertion("javascript", value);
  if (type === "grade") return assertion("llm-rubric", value);
  const known = assertion(type, value);
  return type !== "" && known.some((one) => isDecided(one) || isWorded(one)) ? known : assertion("equals", written);
}
