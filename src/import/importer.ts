import type { ContainmentRoot } from "../graph/containment.ts";
import type { Templating } from "../graph/text/templating.ts";
import type { Translate } from "../i18n/locale.ts";
import type { Program } from "./programs.ts";

/** Location of another program's text: `{ "file": … }` in a graph file. */
export interface TextReference {
  /** Relative to the graph file, with `/`. */
  readonly file: string;
  readonly key?: string;
  readonly section?: string;
  readonly between?: readonly [string, string];
}

/** A node for the graph file. */
export interface DraftNode {
  kind?: "text";
  role?: string;
  inputs?: string[];
  instruction?: TextReference | string[] | string;
  text?: TextReference | string[] | string;
  templating?: Templating;
  variables?: Record<string, string>;
  frame?: string[];
  model?: string | { model: string; temperature?: number };
  output?: Record<string, string>;
  trainable?: false;
}

export type Row = Readonly<Record<string, unknown>>;

/** A data file that the imported files name, or that is near them. */
export interface DataFile {
  /** Relative to the graph file, with `/`. */
  readonly file: string;
  readonly rowCount: number;
  /** Input → its column, if that has another name. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** A graph from another program's files, as far as they can be converted. */
export interface Draft {
  readonly name: string;
  readonly description?: string;
  readonly inputs: Record<string, string>;
  readonly nodes: Record<string, DraftNode>;
  readonly output: string;
  /** Rows in the files, or a data file with them. */
  readonly data?: { readonly rows: readonly Row[] } | DataFile;
  /** Column with the answer. */
  readonly target?: string;
  readonly loss?: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  /** Relative to the graph file, with `/`. */
  readonly files: readonly string[];
  /** Sentences about what could not be converted: it stays unchanged in the files. */
  readonly notes: readonly string[];
}

/** The input of an importer. Files of other programs are read, and never run. */
export interface ImportSource {
  /** Root of the graph file to write. */
  readonly root: ContainmentRoot;
  readonly t: Translate;
  /** Which of several alternative prompts, from 1. */
  readonly prompt: number;
  /** The text of a file relative to the graph file; null if it can't be read. */
  text(file: string): Promise<string | null>;
  /** Relative paths of files that match a pattern with `*`; a path without one if the file exists. */
  match(pattern: string): Promise<readonly string[]>;
}

export interface Importer {
  readonly kind: Program;
  /**
   * Whether a file is the main one of this program.
   * @param head its text
   * @param siblings names in its folder
   */
  recognizes(name: string, head: string, siblings: readonly string[]): boolean;
  /** Files that belong to the main one, including itself. */
  filesOf?(name: string, siblings: readonly string[]): readonly string[];
  /** @throws ImportRefused */
  read(files: readonly string[], source: ImportSource): Promise<Draft>;
}

/** The files can't be converted to a graph. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}
