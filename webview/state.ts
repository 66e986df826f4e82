import type { Direction } from "../src/graph/layout/node.ts";
import type { Scene } from "./graph/scene.ts";
import type { FaultView, GraphView, RunView, SampleAnswer, Snapshot, Steer } from "./protocol.ts";

/** The state of the page. */
export interface State {
  readonly graph: GraphView | null;
  /** The file is invalid, and `graph` is the last valid one. */
  readonly stale: boolean;
  readonly faults: readonly FaultView[];
  readonly run: RunView | null;
  readonly scene: Scene | null;
  readonly direction: Direction;
  readonly folded: ReadonlySet<string>;
  readonly selected: string | null;
  readonly selectedEdge: { readonly source: string; readonly target: string } | null;
  readonly cursor: string | null;
  /** Node with the keyboard focus. */
  readonly focused: string | null;
  readonly query: string;
  /** Ids that the search found, in the order of the drawing; null if nothing is searched. */
  readonly matches: readonly string[] | null;
  readonly sample: string | null;
  readonly at: Snapshot;
  /** What is known of `sample`; null until it has come. */
  readonly answer: SampleAnswer | null;
  readonly panelOpen: boolean;
}

export const EMPTY: State = {
  graph: null,
  stale: false,
  faults: [],
  run: null,
  scene: null,
  direction: "down",
  folded: new Set(),
  selected: null,
  selectedEdge: null,
  cursor: null,
  focused: null,
  query: "",
  matches: null,
  sample: null,
  at: "latest",
  answer: null,
  panelOpen: false,
};

/** User actions, available to every part of the page. */
export interface Actions {
  select(node: string | null): void;
  /** Shows what there is to say of the whole graph: its samples and warnings. @param part is scrolled to */
  overview(part?: "samples" | "warnings"): void;
  selectEdge(source: string, target: string): void;
  /** Shows the node's instruction in the text. */
  open(node: string): void;
  review(node: string): void;
  fold(node: string): void;
  pick(sample: string | null): void;
  snapshot(at: Snapshot): void;
  search(query: string): void;
  /** Shows the next node found, or the one before. */
  nextMatch(back: boolean): void;
  /** Shows a node that was found: selected, in the middle of the window, large enough to be read. */
  showMatch(node: string): void;
  /** Shows the run as it was after an iteration; null: as it is. */
  replay(iteration: number | null): void;
  /** Pauses or continues the run, or stops it after this iteration. */
  steer(act: Steer): void;
  /** @param pinned no more texts are proposed for the node */
  pin(node: string, pinned: boolean): void;
  fit(): void;
  zoom(factor: number): void;
  rotate(): void;
  exportSvg(): void;
  togglePanel(): void;
  showFault(index: number): void;
}
