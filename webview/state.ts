import type { Direction } from "../src/graph/layout/node.ts";
import type { Scene } from "./graph/scene.ts";
import type { FaultView, GraphView, RunView, SampleAnswer, Snapshot, Steer } from "./protocol.ts";

/** The state of the page. */
export interface State {
  readonly graph: GraphView | null;
  /** Whether the file is invalid, so that `graph` is the last valid one. */
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
  /** Ids of the search results, in the order of the layout. null without a search. */
  readonly matches: readonly string[] | null;
  readonly sample: string | null;
  readonly at: Snapshot;
  /** Answer for `sample`. null until it arrives. */
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
  /** Shows the overview of the graph with its samples and warnings. @param part part to scroll to */
  overview(part?: "samples" | "warnings"): void;
  selectEdge(source: string, target: string): void;
  /** Shows the node's instruction in the text. */
  open(node: string): void;
  review(node: string): void;
  fold(node: string): void;
  pick(sample: string | null): void;
  snapshot(at: Snapshot): void;
  search(query: string): void;
  /** Shows the next or previous search result. */
  nextMatch(back: boolean): void;
  /** Shows a search result: selected, centered and readable. */
  showMatch(node: string): void;
  /** Shows the run after an iteration. null for its current state. */
  replay(iteration: number | null): void;
  /** Pauses or continues the run, or stops it after this iteration. */
  steer(act: Steer): void;
  /** Pins or unpins a node. @param pinned whether no more texts are proposed for it */
  pin(node: string, pinned: boolean): void;
  fit(): void;
  zoom(factor: number): void;
  rotate(): void;
  exportSvg(): void;
  togglePanel(): void;
  showFault(index: number): void;
}
