import { mean } from "simple-statistics";
import type { Texts } from "../../graph/graph.ts";

/** A Θ that was scored on the whole validation set. */
export interface Member {
  readonly texts: Texts;
  /** Indices in the pool: none of the file's own Θ, one of a rewrite, two of a merge. */
  readonly parents: readonly number[];
  /** Validation sample → 1 − loss. Samples that could not be scored are missing. */
  readonly scores: ReadonlyMap<string, number>;
  /** Index of the parameter that is rewritten next. */
  next: number;
}

export interface Merge {
  readonly texts: Texts;
  readonly parents: readonly [number, number];
}

/** As in GEPA: maximum joins to try for a merge, and pairs drawn for each. */
const ATTEMPTS = 10;
/** Minimum number of samples on which both parents of a merge were scored. */
const OVERLAP = 5;

/** Every Θ that passed its minibatch, with its score on each validation sample (Agrawal et al. 2025, arXiv 2507.19457). */
export class Pool {
  readonly members: Member[] = [];
  /** Two lineages and their ancestor, for each merge. */
  readonly #related = new Set<string>();
  /** Two lineages and the source of each text, for each merge. */
  readonly #merged = new Set<string>();

  constructor(readonly random: () => number) {}

  /** @returns its index */
  add(member: Member): number {
    return this.members.push(member) - 1;
  }

  meanOf(index: number): number {
    const scores = [...(this.members[index]?.scores.values() ?? [])];
    return scores.length === 0 ? 0 : mean(scores);
  }

  /** Index of the highest mean; of equals, the first. */
  get best(): number {
    return this.members.reduce((best, _, index) => (this.meanOf(index) > this.meanOf(best) ? index : best), 0);
  }

  /**
   * Whether the best member is right on every sample that any member was scored on, so that lost calls don't count
   * as success.
   */
  get isSolved(): boolean {
    const best = this.members[this.best]?.scores;
    return (
      this.members.some(({ scores }) => scores.size > 0) && this.#samples().every((sample) => best?.get(sample) === 1)
    );
  }

  /**
   * Validation sample → members with the best score on it, without redundant members: each of their samples has
   * another remaining member. The lowest means are removed first.
   */
  fronts(): number[][] {
    const fronts = this.#samples().map((sample) => {
      const of = (index: number) => this.members[index]?.scores.get(sample) ?? Number.NEGATIVE_INFINITY;
      const top = Math.max(...this.members.map((_, index) => of(index)));
      return this.members.flatMap((_, index) => (of(index) === top ? [index] : []));
    });
    // Of equal means, the first is removed first, as in GEPA.
    const byMean = [...new Set(fronts.flat())].sort((a, b) => this.meanOf(a) - this.meanOf(b));
    let left = byMean;
    const isDispensable = (one: number) =>
      fronts.every((front) => !front.includes(one) || front.some((other) => other !== one && left.includes(other)));
    for (;;) {
      const out = left.find(isDispensable);
      if (out === undefined) break;
      left = left.filter((one) => one !== out);
    }
    return fronts.map((front) => front.filter((one) => left.includes(one)));
  }

  /** Samples on which any member was scored. */
  #samples(): string[] {
    return [...new Set(this.members.flatMap(({ scores }) => [...scores.keys()]))];
  }

  /** Draws a member in proportion to the number of samples on which it is best. */
  drawParent(): number {
    return this.#pick(this.fronts().flat()) ?? 0;
  }

  /** Indices of all ancestors of a member. */
  ancestors(index: number, found = new Set<number>()): Set<number> {
    for (const parent of this.members[index]?.parents ?? []) {
      if (found.has(parent)) continue;
      found.add(parent);
      this.ancestors(parent, found);
    }
    return found;
  }

  /**
   * Joins two lineages: a text that only one of them changed since a common ancestor is taken from that one; if both
   * changed it, from the one with the higher mean. null: there is no such pair, or all pairs were joined already.
   */
  merge(): Merge | null {
    const members = [...new Set(this.fronts().flat())].sort((a, b) => a - b);
    if (members.length < 2 || this.members.length < 3) return null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = this.#lineages(members);
      if (!found) continue;
      const { first, second, ancestor } = found;
      const { texts, from } = this.#join(first, second, ancestor);
      const key = [first, second, ...from].join(" ");
      if (this.#merged.has(key) || this.#overlap(first, second) < OVERLAP) continue;
      this.#merged.add(key);
      this.#related.add(`${first} ${second} ${ancestor}`);
      return { texts, parents: [first, second] };
    }
    return null;
  }

  /** Two members with a common ancestor, out of some pairs drawn at random. */
  #lineages(members: readonly number[]) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [first, second] = this.#pair(members);
      const isLine = this.ancestors(first).has(second) || this.ancestors(second).has(first);
      const ancestor = isLine ? undefined : this.#commonAncestor(first, second);
      if (ancestor !== undefined) return { first, second, ancestor };
    }
    return null;
  }

  #overlap(first: number, second: number): number {
    const scores = this.members[second]?.scores;
    return [...(this.members[first]?.scores.keys() ?? [])].filter((id) => scores?.has(id)).length;
  }

  #pair(members: readonly number[]): [number, number] {
    const first = this.#pick(members) ?? 0;
    const second = this.#pick(members.filter((one) => one !== first)) ?? 0;
    return first < second ? [first, second] : [second, first];
  }

  #commonAncestor(first: number, second: number): number | undefined {
    const ofSecond = this.ancestors(second);
    const common = [...this.ancestors(first)]
      .filter((one) => ofSecond.has(one) && !this.#related.has(`${first} ${second} ${one}`))
      .filter((one) => this.meanOf(one) <= Math.min(this.meanOf(first), this.meanOf(second)))
      .filter((one) => this.#complementEachOther(first, second, one))
      .sort((a, b) => a - b);
    if (common.length === 0) return undefined;
    const weights = common.map((one) => this.meanOf(one));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total === 0) return this.#pick(common);
    const at = this.random() * total;
    const upTo = (index: number) => weights.slice(0, index + 1).reduce((sum, weight) => sum + weight, 0);
    return common.find((_, index) => at < upTo(index)) ?? common.at(-1);
  }

  /** Whether only one of them changed some text. */
  #complementEachOther(first: number, second: number, ancestor: number): boolean {
    const [a, b, old] = [first, second, ancestor].map((index) => this.members[index]?.texts ?? {});
    return Object.keys(old ?? {}).some((id) => a?.[id] !== b?.[id] && (a?.[id] === old?.[id] || b?.[id] === old?.[id]));
  }

  /** @returns the texts, and the source of each */
  #join(first: number, second: number, ancestor: number): { texts: Texts; from: number[] } {
    const [a = {}, b = {}, old = {}] = [first, second, ancestor].map((index) => this.members[index]?.texts);
    const from = Object.keys(old).map((id) => {
      if (a[id] !== b[id] && a[id] === old[id]) return second;
      if (a[id] === old[id] || b[id] === old[id]) return first;
      const [meanA, meanB] = [this.meanOf(first), this.meanOf(second)];
      const takesFirst = meanA === meanB ? this.random() < 0.5 : meanA > meanB;
      return takesFirst ? first : second;
    });
    const given = Object.keys(old).map((id, at) => [id, (from[at] === first ? a[id] : b[id]) ?? ""]);
    return { texts: Object.fromEntries(given), from };
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)];
  }
}
