import { parseDocument } from "yaml";
import { ImportRefused, type ImportSource } from "./importer.ts";

export type Mapping = Readonly<Record<string, unknown>>;

/** Maximum number of aliases: more can be meant to exhaust memory. */
const MOST_ALIASES = 1_000;

/** A YAML or JSON text as plain values. @throws ImportRefused */
export function parsePlain(text: string, file: string): unknown {
  const document = parseDocument(text, { uniqueKeys: false, logLevel: "silent", merge: true });
  const [error] = document.errors;
  if (error) throw new ImportRefused(`${file}: ${error.message.split("\n")[0]}`);
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw new ImportRefused(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws ImportRefused if it is not a mapping, or can't be read */
export async function readMapping(file: string, source: ImportSource): Promise<Mapping> {
  const text = await source.text(file);
  if (text === null) throw new ImportRefused(source.t("{0} can't be read.", file));
  const value = parsePlain(text, file);
  if (!isMapping(value)) throw new ImportRefused(source.t("{0} has no mapping.", file));
  return value;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function mappingOf(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A key in the notation of graph files. */
export function keyOf(...steps: readonly (string | number)[]): string {
  return steps.join(".");
}
