import type { NodeFigures } from "../events.ts";

/** The scores of one sample's nodes. */
interface Scores {
  readonly nodes?: Readonly<Record<string, { readonly loss: number }>> | undefined;
}

/**
 * Scores of each node with targets of its own, over the samples in which it was scored both times. undefined: there
 * is no such node.
 * @param threshold a loss of at most this is right
 */
export function nodeFigures(
  pairs: readonly { readonly before: Scores; readonly after: Scores }[],
  threshold: number,
): Readonly<Record<string, NodeFigures>> | undefined {
  const sums = new NodeSums(threshold);
  for (const { before, after } of pairs) sums.add(before, after);
  return sums.figures;
}

/** The same, sample by sample. */
export class NodeSums {
  readonly #sums = new Map<
    string,
    { n: number; before: number; after: number; rightBefore: number; rightAfter: number }
  >();

  constructor(private readonly threshold: number) {}

  add(before: Scores, after: Scores): void {
    if (!before.nodes) return;
    for (const [node, { loss: was }] of Object.entries(before.nodes)) {
      const is = after.nodes?.[node]?.loss;
      if (is === undefined) continue;
      const sum = this.#sums.get(node) ?? { n: 0, before: 0, after: 0, rightBefore: 0, rightAfter: 0 };
      this.#sums.set(node, {
        n: sum.n + 1,
        before: sum.before + 1 - was,
        after: sum.after + 1 - is,
        rightBefore: sum.rightBefore + Number(was <= this.threshold),
        rightAfter: sum.rightAfter + Number(is <= this.threshold),
      });
    }
  }

  get figures(): Readonly<Record<string, NodeFigures>> | undefined {
    if (this.#sums.size === 0) return undefined;
    const means = [...this.#sums].map(([node, { n, before, after, ...right }]) => {
      return [node, { n, before: before / n, after: after / n, ...right }] as const;
    });
    return Object.fromEntries(means);
  }
}
