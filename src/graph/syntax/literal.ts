import type { Range } from "../fault.ts";

/** One character of a JSON string and its position: several source characters if it is escaped. */
export interface LiteralUnit {
  readonly character: string;
  readonly offset: number;
  readonly length: number;
}

/** The characters (UTF-16 units) of the string literal that starts with its quote at `range.start`. */
export function literalUnits(source: string, { start, end }: Range): LiteralUnit[] {
  const units: LiteralUnit[] = [];
  for (let at = start + 1; at < end - 1; ) {
    const length = source[at] !== "\\" ? 1 : source[at + 1] === "u" ? 6 : 2;
    const raw = source.slice(at, at + length);
    units.push({ character: length === 1 ? raw : decode(raw), offset: at, length });
    at += length;
  }
  return units;
}

/** The range in the source of `length` characters of a string's value, from `offset`. */
export function literalRange(
  source: string,
  literal: { offset: number; length: number },
  offset: number,
  length: number,
): Range {
  const whole = { start: literal.offset, end: literal.offset + literal.length };
  if (!source.slice(whole.start, whole.end).includes("\\")) {
    const start = literal.offset + 1 + offset;
    return start + length < whole.end ? { start, end: start + length } : whole;
  }
  const units = literalUnits(source, whole);
  const first = units[offset];
  const last = units[offset + length - 1];
  return first && last ? { start: first.offset, end: last.offset + last.length } : whole;
}

function decode(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}
