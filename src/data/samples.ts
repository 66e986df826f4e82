import { LosslessNumber, stringify } from "lossless-json";
import { memberOf } from "../graph/replies/json.ts";
import type { DataSpec } from "../graph/schema/schema.ts";
import { sha256 } from "../graph/text/sha256.ts";
import type { Row } from "./row.ts";
import type { Sample } from "./sample.ts";

/** How rows are converted to samples. */
export interface Mapping extends Pick<DataSpec, "fields" | "target" | "targets" | "id" | "feedback">, TargetForm {
  readonly inputs: readonly string[];
}

/** What a loss can use as a target. */
export interface TargetForm {
  /** Whether a list is one answer, because the loss compares structure, instead of several accepted answers. */
  readonly listIsAnswer: boolean;
  /** Whether the loss can use an object as a target. */
  readonly objectIsAnswer: boolean;
}

/** How the targets of one field are read and checked, depending on the loss that uses them. */
export interface TargetUse extends TargetForm {
  /** Why a target can't be used, in the reader's language, as a clause: `it is empty`. null if it can. */
  fault(target: string): string | null;
  /** What to do about a target that can't be used. */
  readonly remedy: string;
  /** Reads the targets of all rows together, if single ones are ambiguous. */
  readonly read?: ((rows: readonly SampleRow[]) => TargetReading) | undefined;
}

/** A sample and the row it came from. */
export interface MappedRow {
  readonly sample: Sample;
  readonly row: Row;
  /** Hash of the inputs: equal for samples with the same question. */
  readonly key: string;
}

/** A sample with its row. */
export interface SampleRow {
  readonly sample: Sample;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The reading of a whole column of targets. */
export interface TargetReading {
  /** Targets of each row, in order. */
  readonly targets: readonly (readonly string[])[];
  /** How the targets were read, as a sentence in the reader's language; null if they were read unchanged. */
  readonly note: string | null;
  /** Why the column can't be read. */
  readonly fault: { readonly message: string; readonly remedy: string } | null;
  /** Indices of rows whose target is not one of their options, with the number of options. */
  readonly unmatched: readonly { readonly at: number; readonly options: number }[];
}

/** A row that can't be a sample. */
export type UnmappedRow =
  | { readonly missing: string }
  /** The target is an object; a field in it that may be the target. */
  | { readonly object: string };

/** Reads one row. Numbers keep their digits; lists and objects become JSON. */
export function sampleOf(row: Row, mapping: Mapping): MappedRow | UnmappedRow {
  const inputs: Record<string, string> = {};
  for (const name of mapping.inputs) {
    const field = fieldFor(name, mapping.fields);
    const value = fieldOf(row, field);
    if (value === null) return { missing: field };
    inputs[name] = textOf(value);
  }
  const targets = mapping.target === undefined ? [] : targetsOf(row, mapping.target, mapping);
  if (!Array.isArray(targets)) return targets;
  const key = hash(JSON.stringify(mapping.inputs.map((name) => [name, inputs[name]]).sort()));
  const id = mapping.id === undefined ? key : fieldOf(row, mapping.id);
  if (id === null) return { missing: mapping.id ?? "" };
  const feedback = mapping.feedback === undefined ? null : fieldOf(row, mapping.feedback);
  const sample = { id: textOf(id), inputs, targets, feedback: feedback === null ? null : textOf(feedback) || null };
  return { sample, row, key };
}

/** The field that an input is read from: the one that `data.fields` names, else the one with its own name. */
export function fieldFor(input: string, fields: Mapping["fields"]): string {
  return Object.hasOwn(fields, input) ? (fields[input] ?? input) : input;
}

/** Columns of a row that the mapping names. */
export function fieldsUsed({ inputs, fields, target, targets = {}, id, feedback }: Mapping): string[] {
  const mapped = inputs.map((name) => fieldFor(name, fields));
  return [...mapped, target, ...Object.values(targets), id, feedback].filter((field) => field !== undefined);
}

/** The accepted answers that a field of a row contains. */
export function targetsOf(
  row: Row,
  field: string,
  { listIsAnswer, objectIsAnswer }: TargetForm,
): string[] | UnmappedRow {
  const value = fieldOf(row, field);
  if (value === null) return { missing: field };
  const accepted = Array.isArray(value) && !listIsAnswer ? value.filter((entry) => entry !== null) : [value];
  if (accepted.length === 0) return { missing: field };
  const isNoAnswer = (entry: unknown) => isObject(entry) && !(listIsAnswer && Array.isArray(entry));
  const object = objectIsAnswer ? undefined : accepted.find(isNoAnswer);
  if (object) return { object: `${field}.${Object.keys(object)[0] ?? "…"}` };
  return accepted.map((entry) => (listIsAnswer && typeof entry !== "string" ? jsonOf(entry) : textOf(entry)));
}

/** The value of a field that a row may lack; null if it does, or if its cell is empty. */
export function labelOf(row: Row, field: string): unknown {
  const value = fieldOf(row, field);
  return typeof value === "string" && value.trim() === "" ? null : value;
}

/** The field of this name, else what its dots lead to. In a list, a name leads to that field of each entry. null if there is none. */
function fieldOf({ fields }: Row, field: string): unknown {
  if (Object.hasOwn(fields, field)) return fields[field] ?? null;
  return field.includes(".") ? (field.split(".").reduce(step, fields) ?? null) : null;
}

function step(value: unknown, key: string): unknown {
  if (Array.isArray(value) && !/^\d+$/.test(key)) {
    const found = value.map((entry) => step(entry, key));
    return found.every((entry) => entry !== undefined) && found.length > 0 ? found : undefined;
  }
  return isObject(value) ? memberOf(value, key) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof LosslessNumber);
}

function textOf(value: unknown): string {
  return isObject(value) ? jsonOf(value) : String(value);
}

function jsonOf(value: unknown): string {
  return stringify(value) ?? "null";
}

/**
 * A text as a reader compares it at a glance: without case, spacing and the punctuation of sentences. Signs of arithmetic,
 * brackets and points between digits stay.
 */
export function normalizedKey(sample: Sample): string {
  const texts = Object.entries(sample.inputs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) =>
      text
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[‐-―−]/g, "-")
        .replace(/(?<!\d)[.,:]|[.,:](?!\d)|[;!?"“”„«»…'’‘ʼ`´¿¡]/gu, "")
        // Not each single space, which most of them are.
        .replace(/\s\s+|[^\S ]/g, " ")
        .replace(/(?<![\p{L}\p{N}]) | (?![\p{L}\p{N}])/gu, ""),
    );
  return JSON.stringify(texts);
}

function hash(text: string): string {
  return sha256(text).slice(0, 12);
}
