import { stringify } from "lossless-json";
import * as z from "zod";
import type { SampleRow } from "../data/samples.ts";
import { Patterns } from "../graph/pattern.ts";
import { parseJson } from "../graph/replies/json.ts";
import type { LossSpec } from "../graph/schema/schema.ts";
import { ENGLISH, type Locale } from "../i18n/locale.ts";
import { choiceForm, hasOptions } from "./choice-form.ts";
import { finalNumber, markedTarget } from "./final-answer.ts";
import { jsonTargetFault, looseJson } from "./json.ts";
import { makeLoss, targetFault, targetReader } from "./make.ts";
import { compact, normalize, onlyNamed } from "./normalize.ts";
import { type Numeral, numeralsIn, plainNumbers } from "./numerals.ts";
import { listOf, separatorOf } from "./set.ts";

/** A column of targets, and the row of it that gets a new one. */
export interface TargetColumn {
  readonly spec: LossSpec;
  /** The row, with its present targets as written; without targets if it has none. */
  readonly row: SampleRow;
  /** All rows that have targets, as written. */
  readonly rows: readonly SampleRow[];
}

/**
 * A right answer as a target, in the form of its column: its number, its option, its label, its JSON. null: it has
 * none, or several.
 */
export async function targetOfAnswer(answer: string, column: TargetColumn): Promise<string | null> {
  const { spec, rows } = column;
  switch (spec.kind) {
    case "exact":
    case "contains":
      return labelIn(answer, rows, spec.ignoreCase);
    case "regex":
      if (spec.pattern === undefined) return escaped(answer.trim());
      return matchIn(answer, spec.pattern, spec.flags);
    default:
      return targetOfText(answer, column);
  }
}

/**
 * A target that a person wrote, in the form of its column: "about 12 pieces" is 12 where numbers are compared. Text that
 * is compared as text is unchanged. null: it has not that form.
 */
export function targetOfText(text: string, column: TargetColumn): string | null {
  const { spec, row, rows } = column;
  switch (spec.kind) {
    case "number":
      return numberIn(text);
    case "choice":
      return choiceForm(spec, text, row, rows) ?? (hasOptions(spec, row) ? null : labelIn(text, rows, true));
    case "json":
      return jsonIn(text, spec);
    case "set":
      return listIn(text, rows, spec.separator);
    default:
      return text;
  }
}

/** Why no target was found in a text, with what to do, in the reader's language. */
export function noTargetIn({ kind }: LossSpec, { t }: Locale): string {
  switch (kind) {
    case "number":
      return t("The answer doesn't state one number. Enter the right number.");
    case "choice":
      return t("The answer doesn't name one of the options. Enter the right option.");
    case "json":
      return t("The answer contains no JSON that can be the expected answer. Enter the right JSON.");
    case "regex":
      return t("No part of the answer matches the pattern of the loss. Enter the right answer.");
    default:
      return t(
        "The answer is longer than the expected answers of the other rows. Enter the right answer in their form.",
      );
  }
}

/** Losses that compare texts themselves: no model, no code. */
const COMPARING: readonly LossSpec["kind"][] = ["exact", "contains", "number", "choice", "regex", "f1", "set", "json"];

/** Whether the loss is computed from answer and target alone. */
export function comparesTexts({ kind }: LossSpec): boolean {
  return COMPARING.includes(kind);
}

/** Whether the row's present target already accepts the answer, even with other words around it. */
export async function isExpected(answer: string, { spec, row, rows }: TargetColumn): Promise<boolean> {
  if (!comparesTexts(spec) || row.sample.targets.length === 0) return false;
  if (row.sample.targets.some((target) => targetFault(spec, target, ENGLISH) !== null)) return false;
  const all = [row, ...rows.filter((one) => one !== row)];
  const targets = targetReader(spec, ENGLISH)?.(all).targets[0] ?? row.sample.targets;
  const { loss, lenient } = await makeLoss(spec).score({ ...row.sample, targets }, answer);
  // The words of a target can occur in another answer.
  return (spec.kind === "f1" ? loss : lenient) === 0;
}

function numberIn(text: string): string | null {
  const plain = plainNumbers(text);
  const marked = markedTarget(plain);
  const [said] = marked === null ? finalNumber(plain).numerals : numeralsIn(marked);
  return said ? numberText(said) : null;
}

/** A decimal without separators and units; a fraction without an end as it is written. */
function numberText({ written, values: [value] }: Numeral): string | null {
  if (!value || /^-?\d+(?:\.\d+)?$/.test(written)) return written;
  const decimal = value.toString();
  return decimal.includes("(") ? value.toFraction() : decimal;
}

function jsonIn(text: string, spec: LossSpec & { kind: "json" }): string | null {
  const found = parseJson(text) ? text.trim() : written(looseJson(text)?.exact);
  return found !== null && jsonTargetFault(spec, found, ENGLISH) === null ? found : null;
}

function written(value: unknown): string | null {
  return value === undefined ? null : (stringify(value) ?? null);
}

/** Number of words beyond the longest target of the other rows that an answer may have. */
const LONGER = 3;

/** The label of the column that an answer is or contains; the answer itself if the column has no labels. */
function labelIn(answer: string, rows: readonly SampleRow[], ignoreCase: boolean): string | null {
  const said = normalize(answer, ignoreCase);
  const targets = rows.flatMap(({ sample }) => sample.targets);
  const labels = new Map(targets.map((target) => [normalize(target, ignoreCase), target.trim()]));
  for (const [label, target] of labels) if (compact(label) === compact(said)) return target;
  const isRepeated = labels.size > 1 && labels.size * 2 <= targets.length;
  if (isRepeated) {
    const meant = onlyNamed(said, [...labels.keys()]);
    if (meant !== null) return labels.get(meant) ?? null;
  }
  const longest = Math.max(0, ...targets.map(wordCount));
  const isLong = targets.length > 0 && wordCount(answer) > longest + LONGER;
  return isLong || (isRepeated && wordCount(answer) > longest) ? null : answer.trim();
}

function wordCount(text: string): number {
  return text.trim().split(/\s+/).length;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

async function matchIn(answer: string, pattern: string, flags: string): Promise<string | null> {
  const match = await new Patterns().match(pattern, flags, answer);
  return match?.[1] ?? match?.[0] ?? null;
}

/** The elements of an answer: as JSON if the column has lists, else with the separator of the column. */
function listIn(answer: string, rows: readonly SampleRow[], separator: string | undefined): string {
  const elements = listOf(answer, separator);
  const targets = rows.flatMap(({ sample }) => sample.targets);
  const areLists = targets.some((target) => z.array(z.unknown()).safeParse(parseJson(target)?.value).success);
  return areLists ? JSON.stringify(elements) : elements.join(separator ?? separatorOf(targets));
}
