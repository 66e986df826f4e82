import { record } from "../record/records.ts";

/** Node → key of the reply that contains its value. */
export type NodeKeys = Readonly<Record<string, string>>;

/** Bytes of a key: SHA-256. */
const BYTES = 32;
const SMALLEST = 16;
/** What a row without a key contains. */
const UNSET = "00".repeat(BYTES);
const HEX = /^[0-9a-f]{64}$/;

/**
 * By Θ, then sample, then node: key of the reply that contains the value. A key takes 32 bytes, and not the 200 of an entry of
 * an object: a run of 100,000 samples and 5 nodes has 500,000.
 */
export class ValueKeys {
  readonly #thetas = new Map<string, Table>();

  set(theta: string, sample: string, node: string, key: string): void {
    const table = this.#thetas.get(theta) ?? new Table();
    this.#thetas.set(theta, table);
    table.set(sample, node, key);
  }

  /** Each Θ and sample with values. */
  *[Symbol.iterator](): Generator<readonly [theta: string, sample: string]> {
    for (const [theta, { rows }] of this.#thetas) {
      for (const sample of rows.keys()) yield [theta, sample];
    }
  }

  /** undefined if the sample has no values under Θ */
  of(theta: string, sample: string): NodeKeys | undefined {
    return this.#thetas.get(theta)?.of(sample);
  }

  /** The key of one node, without the work for all of them. undefined if it has no value */
  at(theta: string, sample: string, node: string): string | undefined {
    return this.#thetas.get(theta)?.at(sample, node);
  }

  thetas(): Iterable<string> {
    return this.#thetas.keys();
  }

  /** In the order in which their first values came. */
  samples(theta: string): Iterable<string> {
    return this.#thetas.get(theta)?.rows.keys() ?? [];
  }
}

/** A column for each node, with a key for each sample. */
class Table {
  readonly rows = new Map<string, number>();
  readonly #columns = new Map<string, Column>();

  set(sample: string, node: string, key: string): void {
    const row = this.rows.get(sample) ?? this.rows.size;
    this.rows.set(sample, row);
    const column = this.#columns.get(node) ?? new Column();
    this.#columns.set(node, column);
    column.set(row, key);
  }

  of(sample: string): NodeKeys | undefined {
    const row = this.rows.get(sample);
    if (row === undefined) return undefined;
    const keys = record<string>();
    for (const [node, column] of this.#columns) {
      const key = column.at(row);
      if (key !== undefined) keys[node] = key;
    }
    return keys;
  }

  at(sample: string, node: string): string | undefined {
    const row = this.rows.get(sample);
    return row === undefined ? undefined : this.#columns.get(node)?.at(row);
  }
}

class Column {
  #bytes = Buffer.alloc(SMALLEST * BYTES);
  /** Keys that are not SHA-256. */
  readonly #others = new Map<number, string>();

  set(row: number, key: string): void {
    if (!HEX.test(key)) {
      this.#others.set(row, key);
      return;
    }
    this.#others.delete(row);
    const start = row * BYTES;
    if (start >= this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(2 * this.#bytes.length, start + BYTES));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes.write(key, start, "hex");
  }

  at(row: number): string | undefined {
    const other = this.#others.get(row);
    if (other !== undefined) return other;
    const key = this.#bytes.toString("hex", row * BYTES, (row + 1) * BYTES);
    return key === "" || key === UNSET ? undefined : key;
  }
}
