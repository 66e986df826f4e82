import type { Direction, LayoutNode } from "../../src/graph/layout/node.ts";
import { layout } from "../../src/graph/layout.ts";

/** Runs the layout beside the page; bundled as text, since the page may load no further file. */
export interface LayoutJob {
  readonly nodes: readonly LayoutNode[];
  readonly direction: Direction;
}

self.addEventListener("message", ({ data }: MessageEvent<LayoutJob>) => {
  self.postMessage(layout(data.nodes, data.direction));
});
