import { layout } from "../../src/graph/layout/layout.ts";
import type { Direction, LayoutNode } from "../../src/graph/layout/node.ts";

/** Runs the layout in a worker; bundled as text, because the page can't load files. */
export interface LayoutJob {
  readonly nodes: readonly LayoutNode[];
  readonly direction: Direction;
}

self.addEventListener("message", ({ data }: MessageEvent<LayoutJob>) => {
  self.postMessage(layout(data.nodes, data.direction));
});
