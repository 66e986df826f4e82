import type { GraphNode } from "../../graph/graph.ts";
import type { ModelReply, Usage } from "../../models/model.ts";

/** Time and cost of the calls of one forward pass, by node. */
export class Spent {
  readonly #milliseconds = new Map<string, number | null>();
  #usd: number | null = 0;

  /** @param price US dollars; null if no price is known */
  constructor(readonly price: (model: string, usage: Usage) => number | null) {}

  /** @param model the requested name, which determines the price */
  add(node: string, model: string, { took, usage }: ModelReply): void {
    const before = this.#milliseconds.get(node);
    this.#milliseconds.set(node, took === undefined || before === null ? null : (before ?? 0) + took);
    const usd = this.price(model, usage);
    this.#usd = usd === null || this.#usd === null ? null : this.#usd + usd;
  }

  get usd(): number | null {
    return this.#usd;
  }

  /** Milliseconds of the slowest path to a node; null where a reply's time is not on record. @param order topological */
  slowestPath(order: readonly GraphNode[], output: string): number | null {
    if ([...this.#milliseconds.values()].includes(null)) return null;
    const ends = new Map<string, number>();
    for (const { id, inputs } of order) {
      const start = Math.max(0, ...inputs.map((name) => ends.get(name) ?? 0));
      ends.set(id, start + (this.#milliseconds.get(id) ?? 0));
    }
    return ends.get(output) ?? 0;
  }
}
