import type { Event, Location, Uri } from "vscode";
import type { Fault } from "../../graph/fault.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ActiveRun } from "./active-run.ts";

/** Graph files as they stand in the editor, unsaved edits included. */
export interface GraphSource {
  current(file: Uri): Promise<CurrentGraph>;
  /** Fires with the graph file when it, or a file that it names, has changed. */
  readonly onDidChange: Event<Uri>;
  /** Where a node's instruction stands: in the graph file or in a prompt file. */
  instruction(file: Uri, node: string): Promise<Location | undefined>;
  /** The node to which a place in the graph file, or in one of its prompt files, belongs. */
  nodeAt(file: Uri, document: Uri, offset: number): string | null;
}

export interface CurrentGraph {
  /** The last good one, with the models that would run it; null where there was none yet. */
  readonly graph: Graph | null;
  /** Of the text as it is now. */
  readonly faults: readonly Fault[];
  /** True where the text as it is now gives no graph, so that `graph` is older. */
  readonly stale: boolean;
  /** The model that would run nodes which name none; empty where none is chosen. */
  readonly model: string;
}

export interface RunSource {
  /** The run under way on the graph, else the last one. */
  current(file: Uri): Promise<ActiveRun | null>;
  /** Fires with the graph file at every change of its run, as often as events come. */
  readonly onDidChange: Event<Uri>;
}
