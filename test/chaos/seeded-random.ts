import { unitOf } from "../server/faults.ts";

/** Chance from a seed: the same throws in the same order, whatever else goes on. */
export class SeededRandom {
  #thrown = 0;

  constructor(readonly seed: string) {}

  /** 0 ≤ x < 1. */
  unit(): number {
    return unitOf(`${this.seed} ${this.#thrown++}`);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.int(0, from.length - 1)] ?? from[0];
  }

  /** Each of these with a probability. */
  some<T>(from: readonly T[], probability: number): T[] {
    return from.filter(() => this.chance(probability));
  }

  shuffled<T>(from: readonly T[]): T[] {
    return from
      .map((item) => ({ item, at: this.unit() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
