import type { ContainmentRoot } from "./containment.ts";
import type { Fault, Range } from "./fault.ts";
import type { Graph } from "./graph.ts";
import type { TextPart } from "./places/part.ts";
import type { GraphFile } from "./schema/schema.ts";
import type { JsonDocument } from "./syntax/document.ts";
import type { Outline } from "./syntax/outline.ts";

/** The content of a graph file, without the files that it names. */
export interface GraphTextReading {
  /** null if the file does not match the format; the faults say why. */
  readonly file: GraphFile | null;
  readonly outline: Outline;
  readonly faults: readonly Fault[];
  /** Collects further faults, with positions in the file. */
  readonly document: JsonDocument;
}

export interface GraphReading extends GraphTextReading {
  /** null if the graph itself has errors. Errors in data, loss or options leave it: it can be shown. */
  readonly graph: Graph | null;
  /** By node id: place of its text. By `inputsIdOf` a node: place of its inputs. */
  readonly sources: Readonly<Record<string, TextSource>>;
  readonly root: ContainmentRoot;
}

/** Position of a node's text, and its hash when it was read. */
export interface TextSource {
  readonly node: string;
  /** `inputs`: not a text but the inputs of a node, and `node` is `inputsIdOf` the node. */
  readonly form: "string" | "lines" | "rows" | "file" | "inputs";
  /** Absolute path of the file that contains the text: the graph file, or a prompt file. */
  readonly path: string;
  /** Range of the value in the graph file: the text itself, or the reference to its file. */
  readonly range: Range;
  /** The part of the file that contains it; absent for a whole file, and for a text in the graph file. */
  readonly part?: TextPart;
  /** `hashText` of the text. */
  readonly hash: string;
}
