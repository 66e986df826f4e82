import type { z } from "zod";
import { didYouMean } from "./did-you-mean.ts";
import type { JsonDocument, JsonPath } from "./document.ts";
import type { Fix } from "./fault.ts";
import { NODE_KINDS, RESERVED_KINDS } from "./node-kinds.ts";
import { change, correctKey, rename, splitData } from "./quick-fixes.ts";
import { LOSS_KINDS } from "./schema-run.ts";

type Issue = z.core.$ZodIssue;

/** Quick fixes for a key that is missing. */
type FixMissing = (path: JsonPath) => readonly Fix[];

/**
 * Parses a value that `document` holds, adds a fault for each way in which it does not fit, and returns it typed; null
 * where it does not fit. Unknown keys are only named, and removed from `value`.
 */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
  document: JsonDocument,
  fixMissing: FixMissing,
  keys: () => ReadonlySet<string>,
): z.output<T> | null {
  for (;;) {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const issues = result.error.issues.flatMap((issue) => inner(issue, []));
    const unknown = issues.filter((issue) => issue.code === "unrecognized_keys");
    for (const { keys: names, path } of unknown) {
      for (const name of names) nameUnknown(document, [...path.map(step), name], keys);
    }
    const removed = unknown.filter((issue) => removeKeys(value, issue.path.map(step), issue.keys)).length;
    if (removed > 0) continue;
    for (const issue of issues) addFault(document, issue, fixMissing);
    return null;
  }
}

/** What a part of the file is called in a sentence: `nodes.plan.inputs[0]`. */
export function pathWords(path: JsonPath): string {
  const words = path.map((at) => (typeof at === "number" ? `[${at}]` : `.${at}`)).join("");
  return words === "" ? "the file" : `"${words.replace(/^\./, "")}"`;
}

/** Of a union, the issues of the one alternative that was meant, where that is clear; else the union's own. */
function inner(issue: Issue, before: PropertyKey[]): Issue[] {
  const path = [...before, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ ...issue, path }];
  const meant = issue.errors.filter(
    (issues) => !issues.some(({ code, path: at }) => code === "invalid_type" && at.length === 0),
  );
  const least = Math.min(...meant.map((issues) => issues.length));
  const [best, ...others] = meant.filter((issues) => issues.length === least);
  return best && others.length === 0 ? best.flatMap((one) => inner(one, path)) : [{ ...issue, path }];
}

function addFault(document: JsonDocument, issue: Issue, fixMissing: FixMissing): void {
  const path = issue.path.map(step);
  if (issue.code === "unrecognized_keys") return;
  if (issue.code === "custom") {
    document.addAtKey("wrong-value", path, issue.message, String(issue.params?.remedy), () =>
      path.length === 1 && path[0] === "data" ? splitData(document) : [],
    );
  } else if (isMissing(document, path)) {
    const parent = path.slice(0, -1);
    const message = `${capital(pathWords(parent))} has no "${path.at(-1)}".`;
    document.addAtKey("missing-key", parent, message, `Add "${path.at(-1)}": ${needs(issue)}.`, () => fixMissing(path));
  } else if (path.at(-1) === "kind" && issue.code === "invalid_union") {
    addKindFault(document, path);
  } else {
    const code = issue.code === "invalid_type" || issue.code === "invalid_union" ? "wrong-type" : "wrong-value";
    const message = `${capital(pathWords(path))} must be ${needs(issue)}${instead(document, path)}.`;
    const meant = nearestOf(document, path, issue);
    const remedy = meant ? `Did you mean "${meant}"?` : "Change the value.";
    document.addAt(code, path, message, remedy, () => {
      if (meant) return [rename(document.rangeAt(path), meant)];
      const json = fitting(document, path, issue);
      return json === null ? [] : [change(document.rangeAt(path), json)];
    });
  }
}

function addKindFault(document: JsonDocument, path: JsonPath): void {
  const kind = String(document.at(path)?.value);
  const ofNode = path[0] === "nodes";
  if (ofNode && RESERVED_KINDS.includes(kind)) {
    const message = `Nodes of kind "${kind}" are not supported yet. The graph is shown, but cannot run.`;
    const known = Object.keys(NODE_KINDS).map((name) => JSON.stringify(name));
    const remedy = `Use a node of kind ${known.join(" or ")}, or update AgentGraph.`;
    document.addAt("reserved-kind", path, message, remedy);
    return;
  }
  const kinds = ofNode ? Object.keys(NODE_KINDS) : LOSS_KINDS;
  const meant = didYouMean(kind, kinds);
  const message = `There is no ${ofNode ? "kind of node" : "loss"} called "${kind}".`;
  document.addAt("unknown-kind", path, message, `Use one of: ${kinds.join(", ")}.`, () =>
    meant ? [rename(document.rangeAt(path), meant)] : [],
  );
}

function nameUnknown(document: JsonDocument, path: JsonPath, keys: () => ReadonlySet<string>): void {
  const message = `${capital(pathWords(path))} is not a known key. It is kept, but has no effect.`;
  document.addAtKey("unknown-key", path, message, "Remove the key, or correct its spelling.", () =>
    correctKey(document, path, keys()),
  );
}

/** What the value has to be, to follow "must be". */
function needs(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      return size(issue.origin, issue.inclusive ? "at least" : "more than", Number(issue.minimum));
    case "too_big":
      return size(issue.origin, issue.inclusive ? "at most" : "less than", Number(issue.maximum));
    case "invalid_union":
      return "discriminator" in issue ? `one of ${LOSS_KINDS.join(", ")}` : issue.message;
    case "invalid_key":
      return "a known name";
    default:
      return issue.message;
  }
}

/** What stands there, where it is short enough to be shown. */
function instead(document: JsonDocument, path: JsonPath): string {
  const value: unknown = document.at(path)?.value;
  const shown = value === undefined ? undefined : JSON.stringify(value);
  return shown !== undefined && shown.length <= 40 ? `, not ${shown}` : "";
}

function nearestOf(document: JsonDocument, path: JsonPath, issue: Issue): string | null {
  const value: unknown = document.at(path)?.value;
  if (issue.code !== "invalid_value" || typeof value !== "string") return null;
  return didYouMean(value, issue.values.map(String));
}

/** JSON of the nearest value that fits: one text as a list of one, `"4"` as 4, and a number at the bound it exceeds. */
function fitting(document: JsonDocument, path: JsonPath, issue: Issue): string | null {
  const value: unknown = document.at(path)?.value;
  if (issue.code === "too_small" && issue.origin === "number") return issue.inclusive ? String(issue.minimum) : null;
  if (issue.code === "too_big" && issue.origin === "number") return issue.inclusive ? String(issue.maximum) : null;
  if (issue.code !== "invalid_type" || typeof value !== "string") return null;
  if (issue.expected === "array") return JSON.stringify([value]);
  if (issue.expected === "boolean") return /^(true|false)$/.test(value) ? value : null;
  const isNumber = issue.expected === "int" ? /^-?\d{1,15}$/.test(value) : /^-?\d+(\.\d+)?$/.test(value);
  return (issue.expected === "int" || issue.expected === "number") && isNumber ? String(Number(value)) : null;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list of two numbers",
  object: "an object { … }",
  record: "an object { … }",
};

function size(origin: string, relation: string, bound: number): string {
  if (origin === "string")
    return bound === 1 ? "a text that is not empty" : `a text of ${relation} ${bound} characters`;
  if (origin === "array") return `a list of ${relation} ${bound} entries`;
  return `${relation} ${bound}`;
}

function isMissing(document: JsonDocument, path: JsonPath): boolean {
  return typeof path.at(-1) === "string" && !document.at(path) && document.at(path.slice(0, -1))?.type === "object";
}

function removeKeys(value: unknown, path: JsonPath, keys: readonly string[]): boolean {
  let at = value;
  for (const key of path) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  if (typeof at !== "object" || at === null) return false;
  const holder = at;
  return keys.filter((key) => Object.hasOwn(holder, key) && Reflect.deleteProperty(holder, key)).length > 0;
}

function step(key: PropertyKey): string | number {
  return typeof key === "symbol" ? String(key) : key;
}

function capital(words: string): string {
  return words === "the file" ? "The file" : words;
}
