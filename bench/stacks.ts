import type { Profiler } from "node:inspector";
import { Session } from "node:inspector/promises";

/** Microseconds between two samples. */
const INTERVAL = 1_000;
/** Functions to name of a task. */
const NAMED = 14;

/** Samples the stack of this thread while it works, to say what a long task did (`AGENTGRAPH_TASKS=stacks`). */
export class Stacks {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
    await this.#session.post("Profiler.start");
  }

  async stop(): Promise<SampledStacks> {
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    return new SampledStacks(profile);
  }
}

class SampledStacks {
  readonly #nodes = new Map<number, Profiler.ProfileNode>();
  readonly #parents = new Map<number, number>();
  readonly #samples: (readonly [at: number, node: number])[] = [];

  constructor({ nodes, samples = [], timeDeltas = [], startTime }: Profiler.Profile) {
    for (const node of nodes) {
      this.#nodes.set(node.id, node);
      for (const child of node.children ?? []) this.#parents.set(child, node.id);
    }
    let at = startTime;
    for (const [index, node] of samples.entries()) {
      at += timeDeltas[index] ?? 0;
      this.#samples.push([at, node]);
    }
  }

  /** What was on the stack between two moments (`process.hrtime`, microseconds): in itself, and with what it called. */
  during(from: number, to: number): string {
    const self = new Map<string, number>();
    const total = new Map<string, number>();
    let all = 0;
    for (const [at, leaf] of this.#samples) {
      if (at < from || at > to) continue;
      all += 1;
      count(self, this.#name(leaf));
      const names = new Set<string>();
      for (let id: number | undefined = leaf; id !== undefined; id = this.#parents.get(id)) names.add(this.#name(id));
      for (const name of names) count(total, name);
    }
    const most = (counts: Map<string, number>) =>
      [...counts]
        .filter(([name]) => name !== "(root)")
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, NAMED)
        .map(([name, samples]) => `${((samples * INTERVAL) / 1e3).toFixed(1)} ${name}`)
        .join(", ");
    return `${all} samples\n    self  ${most(self)}\n    total ${most(total)}`;
  }

  #name(id: number): string {
    const frame = this.#nodes.get(id)?.callFrame;
    return frame ? `${frame.functionName || "?"}:${frame.lineNumber + 1}` : "?";
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
