import { createHash } from "node:crypto";
import type { DataSpec } from "../graph/schema.ts";
import type { Row } from "./rows.ts";
import type { Sample } from "./sample.ts";

/** How rows become samples. */
export interface Mapping extends Pick<DataSpec, "fields" | "target" | "id" | "feedback"> {
  readonly inputs: readonly string[];
  /** The loss compares structure: a list is one answer, not several accepted ones. */
  readonly listIsAnswer: boolean;
}

/** A sample and the row it came from. */
export interface Drawn {
  readonly sample: Sample;
  readonly row: Row;
  /** Of the inputs alone: equal for samples that ask the same. */
  readonly key: string;
}

/** Reads one row. Numbers and booleans become text; lists and objects, JSON. @returns the field that the row lacks */
export function sampleOf(row: Row, mapping: Mapping): Drawn | { readonly missing: string } {
  const inputs: Record<string, string> = {};
  for (const name of mapping.inputs) {
    const field = Object.hasOwn(mapping.fields, name) ? (mapping.fields[name] ?? name) : name;
    const value = fieldOf(row, field);
    if (value === null) return { missing: field };
    inputs[name] = textOf(value);
  }
  const targets = mapping.target === undefined ? [] : targetsOf(row, mapping.target, mapping.listIsAnswer);
  if (!targets) return { missing: mapping.target ?? "" };
  const key = hash(JSON.stringify(mapping.inputs.map((name) => [name, inputs[name]]).sort()));
  const id = mapping.id === undefined ? key : fieldOf(row, mapping.id);
  if (id === null) return { missing: mapping.id ?? "" };
  const feedback = mapping.feedback === undefined ? null : fieldOf(row, mapping.feedback);
  const sample = { id: textOf(id), inputs, targets, feedback: feedback === null ? null : textOf(feedback) || null };
  return { sample, row, key };
}

/** null where the row has no such field, or null or an empty list in it. */
function targetsOf(row: Row, field: string, listIsAnswer: boolean): string[] | null {
  const value = fieldOf(row, field);
  if (value === null) return null;
  if (!Array.isArray(value) || listIsAnswer)
    return [listIsAnswer && typeof value !== "string" ? JSON.stringify(value) : textOf(value)];
  const accepted = value.filter((entry) => entry !== null);
  return accepted.length > 0 ? accepted.map(textOf) : null;
}

function fieldOf({ fields }: Row, field: string): unknown {
  return Object.hasOwn(fields, field) ? (fields[field] ?? null) : null;
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
