import { type Layout, layout } from "../../src/graph/layout/layout.ts";
import type { Direction, LayoutNode } from "../../src/graph/layout/node.ts";
import type { LayoutJob } from "./worker.ts";
import workerSource from "./worker.ts?worker";

/** Graphs up to this size are laid out synchronously, which is faster than starting a worker. */
const AT_ONCE = 150;

/** Lays out graphs; a new request cancels the previous one. */
export class Arranger {
  #worker: Worker | null = null;

  /** Lays out a graph and calls `done`: synchronously for a small graph, and never after a newer request. */
  arrange(nodes: readonly LayoutNode[], direction: Direction, done: (layout: Layout) => void): void {
    this.cancel();
    const job: LayoutJob = { nodes: nodes.map(({ id, kind, inputs }) => ({ id, kind, inputs })), direction };
    if (nodes.length <= AT_ONCE) {
      done(layout(job.nodes, job.direction));
      return;
    }
    const address = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const worker = new Worker(address);
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Layout>) => {
      this.cancel();
      done(data);
    });
    worker.addEventListener("error", (event) => {
      // If workers are not allowed, the layout runs here.
      event.preventDefault();
      if (this.#worker !== worker) return;
      this.cancel();
      done(layout(job.nodes, job.direction));
    });
    worker.postMessage(job);
    URL.revokeObjectURL(address);
  }

  /** The layout in the direction that fits the window better. `right` is chosen only if it is clearly better. */
  arrangeToFit(nodes: readonly LayoutNode[], zoom: (layout: Layout) => number, done: (layout: Layout) => void): void {
    this.arrange(nodes, "down", (down) =>
      this.arrange(nodes, "right", (right) => done(zoom(right) > 1.2 * zoom(down) ? right : down)),
    );
  }

  cancel(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
