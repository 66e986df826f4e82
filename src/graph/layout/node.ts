/** What the layout depends on: never a text, so a changed instruction moves nothing. */
export interface LayoutNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** Ids of predecessors; unknown ones are passed over. */
  readonly inputs: readonly string[];
}

/** `input`: a graph input, drawn as a port. */
export type NodeKind = "input" | "llm" | "text";

/** Where the edges run to. */
export type Direction = "down" | "right";

/** Width and height of a node's box in pixels. */
export const SIZES: Readonly<Record<NodeKind, readonly [width: number, height: number]>> = {
  input: [168, 34],
  llm: [248, 104],
  text: [208, 72],
};
