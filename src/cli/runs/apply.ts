import { relative } from "node:path";
import type { Files } from "../../deps.ts";
import { decodeUtf8 } from "../../graph/containment.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import { currentText, replaceText, TextNotFound } from "../../graph/edits/edit.ts";
import { type Change, fittedChanges } from "../../graph/edits/fitted-changes.ts";
import { applyEdits } from "../../graph/fault.ts";
import type { Graph } from "../../graph/graph.ts";
import { TextUnfit } from "../../graph/places/placed-text.ts";
import { readGraph } from "../../graph/read.ts";
import { plain } from "../../i18n/plain-text.ts";
import { graphFormat } from "../../methods/registry.ts";
import { isReadOnly } from "../../platform/writable.ts";
import type { RunPaths } from "../../run/record/run-paths.ts";
import { type RunsDeps, recordAct } from "../../run/record/runs.ts";
import type { RecordedState } from "../../run/state/state.ts";
import { writeFailure } from "../errors.ts";
import type { Output } from "../output/output.ts";

/**
 * Writes each accepted text to its file, unless the text there has changed since the run, and notes in the run what was written.
 * @param graph the graph as the run started
 * @returns whether all texts were written
 */
export async function applyAccepted(
  run: { readonly id: string; state(): Pick<RecordedState, "proposals"> },
  place: RunPaths,
  graph: Graph,
  graphFile: string,
  { deps, output }: { readonly deps: RunsDeps; readonly output: Output },
): Promise<boolean> {
  const accepted = run.state().proposals.filter(({ verdict }) => verdict.decision === "accepted");
  const { isDone, nodes } = await applyChanges(accepted, graph, graphFile, deps.files, output);
  const proposals = accepted.filter(({ node }) => nodes.includes(node)).map(({ id }) => id);
  // The editor and reports show it as applied, and the editor offers to commit it.
  if (proposals.length > 0) await recordAct(deps, place, run.id, { type: "applied", proposals });
  return isDone;
}

/** What was written. */
interface Applied {
  /** Whether all texts were written. */
  readonly isDone: boolean;
  readonly nodes: readonly string[];
}

/** Writes the texts that the user chose to their files. */
export async function applyChanges(
  changes: readonly Change[],
  run: Graph,
  graphFile: string,
  files: Files,
  output: Output,
): Promise<Applied> {
  const nodes: string[] = [];
  let isDone = true;
  const { graph } = await readGraph(graphFile, await readText(graphFile, files), files, graphFormat);
  const fitted = graph ? fittedChanges(changes, run, graph) : changes.map((change) => ({ change, isCompanion: false }));
  let isInputsWritten = false;
  for (const { change, isCompanion } of fitted) {
    if (isCompanion && !isInputsWritten) continue;
    const { node, base, text } = change;
    const isRefused = graph === null && nodeOfInputs(node) !== null;
    const written: Written = isRefused
      ? { why: "the graph file has errors." }
      : await applyText(node, base, text, graphFile, files);
    const name = plain(node);
    isDone &&= "path" in written;
    if ("path" in written) nodes.push(node);
    isInputsWritten = "path" in written && nodeOfInputs(node) !== null;
    if ("path" in written) output.info(`Wrote ${name} to ${relative(process.cwd(), written.path) || written.path}.`);
    else output.warn(`${name} was not written: ${written.why}`);
  }
  return { isDone, nodes };
}

type Written = { readonly path: string } | { readonly why: string };

async function readText(path: string, files: Files): Promise<string> {
  return decodeUtf8(await files.read(path)) ?? "";
}

/** Reads the file again for each text, because an edit moves the texts after it. */
async function applyText(node: string, base: string, text: string, graphFile: string, files: Files): Promise<Written> {
  const read = (path: string) => readText(path, files);
  try {
    const { sources } = await readGraph(graphFile, await read(graphFile), files, graphFormat);
    const source = sources[node];
    if (!source) return { why: "the file no longer has this node." };
    const content = await read(source.path);
    if (currentText(content, source) !== base) return { why: "its text has changed since the run started." };
    // Replacing a file needs no permission of the file itself.
    if (await isReadOnly(source.path)) {
      return {
        why: `${plain(relative(process.cwd(), source.path) || source.path)} is read-only. Make it writable, then repeat the command.`,
      };
    }
    await files.write(source.path, applyEdits(content, replaceText(content, source, text)));
    return { path: source.path };
  } catch (error) {
    if (error instanceof TextNotFound) return { why: "the file no longer has this text." };
    if (error instanceof TextUnfit) return { why: `it ${error.reason}.` };
    return { why: `${writeFailure(error)}.` };
  }
}
