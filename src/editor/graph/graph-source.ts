import type { Event, Location, Uri } from "vscode";
import type { Fault } from "../../graph/fault.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ActiveRun } from "./active-run.ts";

/** Graph files as the editor shows them, including unsaved edits. */
export interface GraphSource {
  current(file: Uri): Promise<CurrentGraph>;
  /** Fires with the graph file when it or a file it names changes. */
  readonly onDidChange: Event<Uri>;
  /** Location of a node's instruction, in the graph file or in a prompt file. */
  instruction(file: Uri, node: string): Promise<Location | undefined>;
  /** Location of a node or a graph input in the graph file. */
  declaration(file: Uri, name: string): Promise<Location | undefined>;
  /** The node at a position in the graph file or in one of its prompt files. */
  nodeAt(file: Uri, document: Uri, offset: number): string | null;
}

export interface CurrentGraph {
  /** The last valid graph, with the models that would run it; null if there was none. */
  readonly graph: Graph | null;
  /** Faults of the current text. */
  readonly faults: readonly Fault[];
  /** True if the current text is not a valid graph, so that `graph` is older. */
  readonly stale: boolean;
  /** The model for nodes that name none; empty if none is chosen. */
  readonly model: string;
}

export interface RunSource {
  /** The run of the graph that is running, else the last one. */
  current(file: Uri): Promise<ActiveRun | null>;
  /**
   * Replays the log of an ended run.
   * @param see gets the run after each iteration; its state changes with the next one
   */
  replay(run: string, see: (run: ActiveRun) => void): Promise<void>;
  /** Fires with the graph file at every event of its run. */
  readonly onDidChange: Event<Uri>;
}
