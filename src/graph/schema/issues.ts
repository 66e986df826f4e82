import type { z } from "zod";
import { type Locale, translatable } from "../../i18n/locale.ts";
import { didYouMean } from "../checks/did-you-mean.ts";
import { change, correctKey, rename, splitData } from "../checks/quick-fixes.ts";
import type { Fix } from "../fault.ts";
import { FILE_KINDS, RESERVED_KINDS } from "../node-kinds.ts";
import type { JsonDocument, JsonPath } from "../syntax/document.ts";
import { LOSS_KINDS } from "./schema-run.ts";

type Issue = z.core.$ZodIssue;

/** Quick fixes for a key that is missing. */
type FixMissing = (path: JsonPath) => readonly Fix[];

/**
 * Parses a value that `document` contains, adds a fault for each way in which it does not fit, and returns it typed; null
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

/** A part of the file in a message: `"nodes.plan.inputs[0]"`. */
function pathLabel(path: JsonPath): string {
  const steps = path.map((at) => (typeof at === "number" ? `[${at}]` : `.${at}`)).join("");
  return `"${steps.replace(/^\./, "")}"`;
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
    const about = String(issue.params?.about ?? "");
    const remedy = String(issue.params?.remedy);
    document.addAtKey("wrong-value", path, document.t(issue.message, about), document.t(remedy), () =>
      path.length === 1 && path[0] === "data" ? splitData(document) : [],
    );
  } else if (isMissing(document, path)) {
    const parent = path.slice(0, -1);
    const key = path.at(-1) ?? "";
    const message =
      parent.length === 0
        ? document.t('The file has no "{0}".', key)
        : document.t('{0} has no "{1}".', pathLabel(parent), key);
    const remedy = document.t('Add "{0}": {1}.', key, needs(issue, document.locale));
    document.addAtKey("missing-key", parent, message, remedy, () => fixMissing(path));
  } else if (path.at(-1) === "kind" && issue.code === "invalid_union") {
    addKindFault(document, path);
  } else {
    const code = issue.code === "invalid_type" || issue.code === "invalid_union" ? "wrong-type" : "wrong-value";
    const [what, needed, given] = [pathLabel(path), needs(issue, document.locale), shownValue(document, path)];
    const message =
      path.length === 0
        ? document.t("The file must be {0}.", needed)
        : given === null
          ? document.t("{0} must be {1}.", what, needed)
          : document.t("{0} must be {1}, not {2}.", what, needed, given);
    const meant = nearestOf(document, path, issue);
    const remedy = meant ? document.t('Did you mean "{0}"?', meant) : document.t("Change the value.");
    document.addAt(code, path, message, remedy, () => {
      if (meant) return [rename(document, document.rangeAt(path), meant)];
      const json = fitting(document, path, issue);
      return json === null ? [] : [change(document, document.rangeAt(path), json)];
    });
  }
}

function addKindFault(document: JsonDocument, path: JsonPath): void {
  const kind = String(document.at(path)?.value);
  const ofNode = path[0] === "nodes";
  if (ofNode && RESERVED_KINDS.includes(kind)) {
    const message = document.t('Nodes of kind "{0}" are not supported yet. The graph is shown, but can\'t run.', kind);
    const known = FILE_KINDS.map((name) => JSON.stringify(name));
    const remedy = document.t("Use one of these kinds: {0}. Or update AgentGraph.", known.join(", "));
    document.addAt("reserved-kind", path, message, remedy);
    return;
  }
  const kinds = ofNode ? FILE_KINDS : LOSS_KINDS;
  const meant = didYouMean(kind, kinds);
  const message = ofNode
    ? document.t('There is no kind of node named "{0}".', kind)
    : document.t('There is no loss named "{0}".', kind);
  document.addAt("unknown-kind", path, message, document.t("Use one of: {0}.", kinds.join(", ")), () =>
    meant ? [rename(document, document.rangeAt(path), meant)] : [],
  );
}

function nameUnknown(document: JsonDocument, path: JsonPath, keys: () => ReadonlySet<string>): void {
  const message = document.t("{0} is not a known key. It is kept, but has no effect.", pathLabel(path));
  document.addAtKey("unknown-key", path, message, document.t("Remove the key, or correct its spelling."), () =>
    correctKey(document, path, keys()),
  );
}

/** What the value must be, to follow "must be". */
function needs(issue: Issue, locale: Locale): string {
  const { t } = locale;
  switch (issue.code) {
    case "invalid_type":
      return t(TYPES[issue.expected] ?? issue.expected);
    case "invalid_value": {
      const values = issue.values.map((value) => JSON.stringify(value));
      return values.length === 1 ? (values[0] ?? "") : t("one of {0}", values.join(", "));
    }
    case "too_small":
      return lowerBound(issue.origin, issue.inclusive === true, Number(issue.minimum), locale);
    case "too_big":
      return upperBound(issue.origin, issue.inclusive === true, Number(issue.maximum), locale);
    case "invalid_union":
      return "discriminator" in issue ? t("one of {0}", LOSS_KINDS.join(", ")) : t(issue.message);
    case "invalid_key":
      return t("a known name");
    default:
      return t(issue.message);
  }
}

/** The value at the path; null if it is too long for a message. */
function shownValue(document: JsonDocument, path: JsonPath): string | null {
  const value: unknown = document.at(path)?.value;
  const shown = value === undefined ? undefined : JSON.stringify(value);
  return shown !== undefined && shown.length <= 40 ? shown : null;
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
  string: translatable("a text"),
  number: translatable("a number"),
  int: translatable("a whole number"),
  boolean: translatable("true or false"),
  array: translatable("a list"),
  tuple: translatable("a list of two numbers"),
  object: translatable("an object"),
  record: translatable("an object"),
};

function lowerBound(origin: string, isInclusive: boolean, least: number, locale: Locale): string {
  const { t } = locale;
  if (origin === "string") {
    return least === 1 ? t("a text that is not empty") : t("a text of at least {0}", locale.count(least, "character"));
  }
  if (origin === "array") return t("a list of at least {0}", locale.count(least, "entry"));
  return isInclusive ? t("at least {0}", least) : t("more than {0}", least);
}

function upperBound(origin: string, isInclusive: boolean, most: number, locale: Locale): string {
  const { t } = locale;
  if (origin === "string") return t("a text of at most {0}", locale.count(most, "character"));
  if (origin === "array") return t("a list of at most {0}", locale.count(most, "entry"));
  return isInclusive ? t("at most {0}", most) : t("less than {0}", most);
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
