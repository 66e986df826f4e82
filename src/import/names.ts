import { isInputName, NAME } from "../graph/syntax/outline.ts";

/** Valid and unique names for nodes and inputs. */
export class Names {
  readonly #taken = new Set<string>();

  /** The name, or the nearest valid and unused one. */
  take(wanted: string): string {
    const base = validName(wanted);
    let name = base;
    for (let count = 2; this.#taken.has(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }

  /** The same for an input: the name of a column stays as it is, if it can. */
  takeInput(column: string): string {
    if (!isInputName(column) || this.#taken.has(column)) return this.take(column);
    this.#taken.add(column);
    return column;
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }
}

export function validName(wanted: string): string {
  if (NAME.test(wanted)) return wanted;
  const cleaned = withoutAccents(wanted)
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^[^A-Za-z]+|[_-]+$/g, "");
  if (NAME.test(cleaned)) return cleaned;
  const rest = wanted.replace(/[^A-Za-z0-9_-]+/g, "");
  return rest === "" ? "node" : `n${rest}`;
}

/** `Straße, café` as `Strasse, cafe`. */
export function withoutAccents(text: string): string {
  return text
    .replaceAll("ß", "ss")
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "");
}

/** A model's name without the prefix that a program puts before it: `openai/gpt-4.1`, `openai:chat:gpt-4.1`. */
export function modelName(written: string): string {
  const colons = written.split(":");
  const last = colons.length > 1 ? (colons.at(-1) ?? written) : written;
  return last.replace(/^(?:openai|azure|azure_openai)\//i, "");
}
