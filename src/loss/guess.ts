import { LosslessNumber } from "lossless-json";
import { structureIn } from "../graph/replies/json.ts";
import { ENGLISH, type Translate } from "../i18n/locale.ts";
import { numberTargetFault } from "./number.ts";

/** Losses that the user can choose instead of the guess. */
export type GuessedLoss = "number" | "exact" | "choice" | "set" | "json" | "f1" | "judge";

/** Maximum number of rows to look at. */
const LOOKED_AT = 300;
/** Maximum words of an answer for an exact comparison, and minimum words for which only a judge can compare. */
const SHORT = 5;
const LONG = 25;
/** Share of the answers that must be letters; a few rows of real data have slips. */
const MOST = 0.95;

/** The loss that fits the form of the answers. */
export function guessLoss(values: readonly unknown[], rows: readonly Readonly<Record<string, unknown>>[]): GuessedLoss {
  const answers = values.slice(0, LOOKED_AT).filter((value) => value !== null && value !== undefined && value !== "");
  const texts = answers.map((value) =>
    typeof value === "object" && !(value instanceof LosslessNumber) ? JSON.stringify(value) : String(value),
  );
  if (texts.length === 0) return "judge";
  if (answers.every((value) => Array.isArray(value) && value.every((one) => typeof one !== "object"))) return "set";
  if (texts.every((text) => structureIn(text) !== null && /^\s*\{/.test(text))) return "json";
  if (texts.filter((text) => /^\s*\(?[A-Za-z][).]?\s*$/.test(text)).length >= MOST * texts.length && hasOptions(rows))
    return "choice";
  const words = texts.map((text) => text.trim().split(/\s+/).length);
  const mean = words.reduce((sum, count) => sum + count, 0) / words.length;
  if (mean <= SHORT && texts.every((text) => numberTargetFault(text, ENGLISH) === null)) return "number";
  const distinct = new Set(texts.map((text) => text.trim().toLowerCase())).size;
  const isList =
    texts.filter((text) => /^[^,;\n]{1,40}(?:[,;]\s*[^,;\n]{1,40})+$/.test(text.trim())).length > texts.length / 2;
  if (isList && mean <= LONG) return "set";
  if (areArranged(values.slice(0, LOOKED_AT), rows)) return "exact";
  if (mean <= SHORT || (distinct <= texts.length / 4 && mean <= 2 * SHORT)) return "exact";
  return mean <= LONG ? "f1" : "judge";
}

/**
 * Whether answers put words of their row in another order, as sorted words: the words of an answer are those of a field, but
 * not one after the other. F1 doesn't see the order.
 */
function areArranged(values: readonly unknown[], rows: readonly Readonly<Record<string, unknown>>[]): boolean {
  const answers = values.flatMap((value, at) => {
    const words = typeof value === "string" ? wordsOf(value) : [];
    return words.length > 0 ? [{ words, fields: Object.values(rows[at] ?? {}) }] : [];
  });
  const long = answers.filter(({ words }) => words.length > 2);
  const arranged = long.filter(({ words, fields }) => fields.some((field) => isArranged(words, field)));
  return long.length * 2 > answers.length && arranged.length * 10 >= long.length * 9;
}

function isArranged(words: readonly string[], field: unknown): boolean {
  if (typeof field !== "string") return false;
  const own = wordsOf(field);
  const known = new Set(own);
  const isSubset = words.length < own.length && words.every((word) => known.has(word));
  return isSubset && !` ${own.join(" ")} `.includes(` ${words.join(" ")} `);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Options in columns of their own, in a list, or written into a question as `(A) …`. */
function hasOptions(rows: readonly Readonly<Record<string, unknown>>[]): boolean {
  const [row = {}] = rows;
  const columns = Object.keys(row).filter((name) => /^(?:option[_ ]?)?[A-Ea-e]$|^(?:options|choices)$/.test(name));
  return (
    columns.length > 0 ||
    Object.values(row).some((value) => typeof value === "string" && /(?:^|\s)\(?A[).]\s[\s\S]*\(?B[).]\s/.test(value))
  );
}

/** The loss as in the graph file. */
export function lossSpec(kind: GuessedLoss, t: Translate): Readonly<Record<string, unknown>> {
  if (kind !== "judge") return { kind };
  return {
    kind,
    rubric: [
      t("Score 1 if the answer has the same meaning as the accepted answer, whatever its wording."),
      t("Score lower for each fact that is missing, wrong or added. Score 0 if it contradicts the accepted answer."),
    ],
  };
}
