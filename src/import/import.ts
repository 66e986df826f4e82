import { basename, dirname, join } from "node:path";
import { decodeData } from "../data/rows.ts";
import type { Files } from "../deps.ts";
import { findRoot, MAX_TEXT, ReferenceRefused, readReference } from "../graph/containment.ts";
import { isGraphFileName } from "../graph/file-name.ts";
import type { Translate } from "../i18n/locale.ts";
import { agentSpec } from "./agent-spec.ts";
import { crewai } from "./crewai.ts";
import { dify } from "./dify.ts";
import { dspy } from "./dspy.ts";
import { filesUnder, match } from "./find-files.ts";
import { graphFileOf } from "./graph-file.ts";
import type { Draft, Importer, ImportSource } from "./importer.ts";
import { withNearbyRows } from "./nearby-rows.ts";
import { promptflow } from "./promptflow.ts";
import { promptfoo } from "./promptfoo.ts";
import { prompty } from "./prompty.ts";

/** Importers, one per program: the first that recognizes a file reads it. */
const IMPORTERS: readonly Importer[] = [crewai, promptfoo, promptflow, prompty, dify, agentSpec, dspy];

/** The files to write for one import. */
export interface Imported {
  readonly importer: Importer;
  readonly draft: Draft;
  /** Absolute path → content, the graph file first. */
  readonly written: ReadonlyMap<string, string>;
  readonly graphFile: string;
  readonly notes: readonly string[];
}

export interface ImportOptions {
  readonly t: Translate;
  /** Which of several alternative prompts, from 1. */
  readonly prompt?: number | undefined;
}

/** Main files of known programs in a folder and its subfolders, or the named file. */
export async function findImports(path: string, files: Files): Promise<{ importer: Importer; file: string }[]> {
  const { kind } = await files.stat(path);
  if (kind !== "folder") {
    const importer = await recognize(path, files);
    return importer ? [{ importer, file: path }] : besideOf(path, files);
  }
  const found: { importer: Importer; file: string }[] = [];
  for (const file of await filesUnder(path, files)) {
    const importer = await recognize(file, files);
    if (importer) found.push({ importer, file });
  }
  return found;
}

/** The main file for a file that belongs to it: `tasks.yaml` for `agents.yaml`. */
async function besideOf(path: string, files: Files): Promise<{ importer: Importer; file: string }[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const siblings = (await files.list(folder)).filter((one) => one !== name && /\.(?:ya?ml|json)$/i.test(one));
  for (const sibling of siblings) {
    const file = join(folder, sibling);
    const importer = await recognize(file, files);
    if (importer?.filesOf?.(sibling, [...siblings, name]).includes(name)) return [{ importer, file }];
  }
  return [];
}

/** Reads the files of one program. @throws ImportRefused */
export async function importFile(
  { importer, file }: { importer: Importer; file: string },
  files: Files,
  { t, prompt = 1 }: ImportOptions,
): Promise<Imported> {
  const folder = dirname(file);
  const siblings = await files.list(folder);
  const name = basename(file);
  const root = await findRoot(join(folder, "x"), files);
  const text = async (reference: string) => {
    try {
      return (await readReference(root, reference, files, MAX_TEXT, decodeData)).text.replace(/^\uFEFF/, "");
    } catch (error) {
      if (error instanceof ReferenceRefused) return null;
      throw error;
    }
  };
  const source: ImportSource = { root, t, prompt, text, match: (pattern) => match(pattern, folder, files) };
  const read = await importer.read(importer.filesOf?.(name, siblings) ?? [name], source);
  const draft = await withNearbyRows(read, folder, files, t);
  const { graphFile, written, notes } = await graphFileOf(importer, draft, folder, name, files, t);
  return { importer, draft, written, graphFile, notes };
}

async function recognize(path: string, files: Files): Promise<Importer | null> {
  const name = basename(path);
  // A graph file can have the name of the file that it was made of, and names of a program's keys in it.
  if (isGraphFileName(name)) return null;
  if (!/\.(?:ya?ml|json|prompty|pkl)$/i.test(name)) return null;
  const { bytes, kind } = await files.stat(path).catch(() => ({ bytes: 0, kind: "other" }));
  if (kind !== "file" || bytes > MAX_TEXT) return null;
  const head = new TextDecoder().decode(await files.read(path).catch(() => new Uint8Array()));
  const siblings = await files.list(dirname(path));
  return IMPORTERS.find((importer) => importer.recognizes(name, head, siblings)) ?? null;
}
