import { isDeepStrictEqual } from "node:util";
import { isNumber, LosslessNumber, parse, stringify } from "lossless-json";
import * as z from "zod";
import { decodeString } from "../graph/replies/escapes.ts";
import { endOfString, findJson, memberOf, parseJson, withoutWritten } from "../graph/replies/json.ts";
import type { Locale } from "../i18n/locale.ts";
import type { Loss } from "./loss.ts";
import { scoreOf } from "./normalize.ts";
import { numeralsIn } from "./numerals.ts";

interface JsonLossSpec {
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly fields?: readonly string[];
}

interface Reading {
  readonly loss: number;
  readonly hint: string;
}

/**
 * The answer must be JSON, must fit the schema if there is one, and must agree with the target if there is one:
 * the loss is the share of fields that differ. Lenient: JSON anywhere in the answer.
 * @throws Error when `schema` is no JSON Schema
 */
export function jsonLoss({ schema, fields }: JsonLossSpec): Loss {
  const shape = schema && z.fromJSONSchema(schema);
  const read = (found: Found | null, targets: readonly string[]): Reading => {
    if (!found) return { loss: 1, hint: "The answer is not JSON." };
    const misfit = shape?.safeParse(found.value).error;
    if (misfit) return { loss: 1, hint: `The JSON does not fit its schema: ${issuesOf(misfit)}.` };
    const readings = targets.flatMap((target) => {
      const wanted = exactJson(target);
      return wanted ? [compare(found.exact, wanted.exact, fields)] : [];
    });
    if (readings.length === 0) return { loss: targets.length > 0 ? 1 : 0, hint: "" };
    return readings.reduce((best, reading) => (reading.loss < best.loss ? reading : best));
  };
  return {
    kind: "json",
    targetless: schema !== undefined,
    describe: ({ t }) => {
      const form = schema ? t("The answer is JSON that fits the schema.") : t("The answer is JSON.");
      const compared = fields
        ? t("These fields equal the target's: {0}.", fields.join(", "))
        : t("Its fields equal the target's.");
      return [form, compared, t("The order of keys is ignored.")].join(" ");
    },
    score(sample, answer) {
      const strict = read(exactJson(asMeant(answer)), sample.targets);
      const held = strict.loss === 0 ? null : looseJson(answer);
      const lenient = held ? read(held, sample.targets) : strict;
      const more = lenient.loss < strict.loss ? " It must consist of the JSON and nothing else." : "";
      return scoreOf(sample, answer, strict.loss, lenient.loss, strict.hint + more);
    },
  };
}

/** @param fields paths with dots; empty: all top-level fields of an object */
function compare(value: unknown, wanted: unknown, fields: readonly string[] | undefined): Reading {
  const paths = fields ?? (isObject(wanted) ? Object.keys(wanted) : []);
  if (paths.length === 0) return same(value, wanted) ? { loss: 0, hint: "" } : { loss: 1, hint: "" };
  const pick = (from: unknown, path: string) => (fields ? at(from, path) : fieldOf(from, path));
  const differing = paths.filter((path) => !same(pick(value, path), pick(wanted, path)));
  const shown = differing.map((path) => `"${path}" is ${show(pick(value, path))}, not ${show(pick(wanted, path))}`);
  return { loss: differing.length / paths.length, hint: shown.length > 0 ? `In it, ${shown.join("; ")}.` : "" };
}

interface Found {
  readonly value: unknown;
  /** The value, with its numbers as written. */
  readonly exact: unknown;
}

/** null if `text` is not JSON. */
function exactJson(text: string): Found | null {
  const plain = parseJson(text);
  // If a key occurs twice, the last one counts, as in JSON.parse.
  return plain && { ...plain, exact: parse(text, null, { onDuplicateKey: ({ newValue }) => newValue }) };
}

/** The JSON in an answer, read leniently; null if there is none. */
export function looseJson(answer: string): Found | null {
  const found = findJson(answer);
  return found && { value: found.value, exact: withoutWritten(found.written, exactNumber) };
}

/** Models write `+5`, `.5` and `5.`, too, which aren't JSON. */
function exactNumber(text: string): unknown {
  return isNumber(text) ? new LosslessNumber(text) : Number(text);
}

/**
 * Repairs strings in which a model wrote LaTeX with one backslash where JSON requires two: `"\frac{3}{4}"` would
 * contain a form feed.
 */
function asMeant(text: string): string {
  if (!parseJson(text)) return text;
  let meant = "";
  let at = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', at)) {
    const end = endOfString(text, start);
    const raw = text.slice(start + 1, end);
    const written = raw.includes("\\") ? JSON.stringify(decodeString(raw, '"').text) : `"${raw}"`;
    meant += text.slice(at, start) + written;
    at = end + 1;
  }
  return meant + text.slice(at);
}

function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(canonical(a), canonical(b));
}

/** Normalizes numbers to their exact value: 1.50 is 1.5, and 9007199254740993 is not 9007199254740992. */
function canonical(value: unknown): unknown {
  if (typeof value === "number" || value instanceof LosslessNumber) {
    const text = String(value);
    const number = numeralsIn(text)[0]?.values[0];
    return { number: number?.toFraction() ?? text };
  }
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === "string") return value.normalize();
  if (!isObject(value)) return value;
  return {
    object: Object.entries(value)
      .map(([key, one]) => [key, canonical(one)])
      .sort(byKey),
  };
}

function byKey([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce(fieldOf, value);
}

/** A number as written has no fields, though the object that keeps its digits does. */
function fieldOf(value: unknown, name: string): unknown {
  return value instanceof LosslessNumber ? undefined : memberOf(value, name);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : (stringify(value) ?? "").slice(0, 200);
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join(".") || "the value"}: ${message}`)
    .join("; ");
}

/** Why the loss can't use a target, as a clause; null if it can. */
export function jsonTargetFault({ schema, fields }: JsonLossSpec, target: string, { t }: Locale): string | null {
  const wanted = parseJson(target);
  if (!wanted) return t("it is not JSON");
  const lacking = fields?.find((path) => at(wanted.value, path) === undefined);
  if (lacking !== undefined) return t('it has no field "{0}"', lacking);
  const misfit = schema && z.fromJSONSchema(schema).safeParse(wanted.value).error;
  return misfit ? t("it does not fit the schema ({0})", issuesOf(misfit)) : null;
}

/**
 * Why a schema can't be used, as a clause; null if it can. Patterns are rejected because they would run without a
 * time limit.
 */
export function schemaFault(schema: Readonly<Record<string, unknown>>, { t }: Locale): string | null {
  if (/"pattern":"|"patternProperties":/.test(JSON.stringify(schema))) {
    return t('it contains "pattern". To match patterns with a time limit, use the loss "regex"');
  }
  try {
    if (sizeOf(schema, schema, []) > LARGEST_SCHEMA) {
      return t('with every "$ref" replaced, it has more than {0} parts or is endless', LARGEST_SCHEMA);
    }
    z.fromJSONSchema(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Maximum number of parts of a schema: twenty definitions that each reference the next one twice have a million, all
 * of which are tried on a value.
 */
const LARGEST_SCHEMA = 5_000;

/**
 * Number of parts of a schema with every `$ref` replaced, counted up to the maximum; infinite if a reference is
 * circular.
 */
function sizeOf(part: unknown, root: object, within: readonly unknown[]): number {
  if (typeof part !== "object" || part === null) return 0;
  if (within.includes(part)) return Number.POSITIVE_INFINITY;
  let size = 1;
  for (const [key, value] of Object.entries(part)) {
    if (key === "$defs" || key === "definitions") continue;
    const named = key === "$ref" && typeof value === "string" ? definitionOf(value, root) : value;
    size += sizeOf(named, root, [...within, part]);
    if (size > LARGEST_SCHEMA) break;
  }
  return size;
}

/** The definition at `#/…`. Other locations are not read. */
function definitionOf(reference: string, root: object): unknown {
  const steps = reference.split("/").slice(1);
  return steps
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce(memberOf, root);
}
