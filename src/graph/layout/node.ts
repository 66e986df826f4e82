import type { NodeKind } from "../node-kinds.ts";

/** What the layout depends on: never a text, so a changed instruction moves nothing. */
export interface LayoutNode {
  readonly id: string;
  readonly kind: DrawnKind;
  /** Ids of predecessors; unknown ones are passed over. */
  readonly inputs: readonly string[];
}

/** `input`: a graph input, drawn as a port. */
export type DrawnKind = NodeKind | "input";

/** Where the edges run to. */
export type Direction = "down" | "right";

interface Shape {
  /** Of the node's box, in pixels. */
  readonly size: readonly [width: number, height: number];
  /** How straight its edges are kept: the smaller, the sooner they bend. null: a step of the main line. */
  readonly pull: number | null;
}

/** One line for each kind. */
export const SHAPES: Readonly<Record<DrawnKind, Shape>> = {
  input: { size: [168, 34], pull: 0.1 },
  llm: { size: [248, 104], pull: null },
  text: { size: [208, 72], pull: 0.4 },
  map: { size: [248, 104], pull: null },
  join: { size: [208, 88], pull: null },
  retriever: { size: [208, 88], pull: null },
  function: { size: [208, 88], pull: null },
  tool: { size: [208, 88], pull: null },
};
