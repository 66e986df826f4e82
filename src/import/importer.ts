import type { ContainmentRoot } from "../graph/containment.ts";
import type { Templating } from "../graph/text/templating.ts";
import type { Translate } from "../i18n/locale.ts";
import type { Program } from "./programs.ts";

/** Where a text of another program stands: what goes into a graph file as `{ "file": … }`. */
export interface TextReference {
  /** Relative to the graph file, with `/`. */
  readonly file: string;
  readonly key?: string;
  readonly section?: string;
  readonly between?: readonly [string, string];
}

/** A node as the graph file will hold it. */
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

/** A graph that was read from another program's files, as far as it could be. */
export interface Draft {
  readonly name: string;
  readonly description?: string;
  readonly inputs: Record<string, string>;
  readonly nodes: Record<string, DraftNode>;
  readonly output: string;
  /** Rows that the files hold, or a data file that they name. */
  readonly data?: { readonly rows: readonly Row[] } | { readonly file: string };
  /** Column with the answer. */
  readonly target?: string;
  readonly loss?: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  /** Relative to the graph file, with `/`. */
  readonly files: readonly string[];
  /** What could not be taken over, a sentence each: it stays in the files as it is. */
  readonly notes: readonly string[];
}

/** What an importer is given. Files of other programs are read, and never run. */
export interface ImportSource {
  /** Of the graph file to be written. */
  readonly root: ContainmentRoot;
  readonly t: Translate;
  /** Which of several prompts that stand for each other, from 1. */
  readonly prompt: number;
  /** The text of a file relative to the graph file; null where it cannot be read. */
  text(file: string): Promise<string | null>;
  /** Relative paths of files that fit a pattern with `*`; a path without one where it exists. */
  match(pattern: string): Promise<readonly string[]>;
}

export interface Importer {
  readonly kind: Program;
  /** Whether a file is the main one of this program. @param head its text. @param siblings names in its folder */
  recognizes(name: string, head: string, siblings: readonly string[]): boolean;
  /** Files that belong to the main one, itself included. */
  filesOf?(name: string, siblings: readonly string[]): readonly string[];
  /** @throws ImportRefused */
  read(files: readonly string[], source: ImportSource): Promise<Draft>;
}

/** Files of which no graph can be made. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}
