import { Uri } from "vscode";
import { isGraphFile } from "../graph-files.ts";
import { type ProposalRef, parseInstructionUri } from "../review/instructions.ts";

// What a command was called on, read with care: menus and trees pass addresses and elements, and anybody may call a
// command with anything.

/** A proposal or an attempt: its document, a lens's argument, or an element of the Proposals view. */
export function refOf(target: unknown): ProposalRef | null {
  if (target instanceof Uri) return parseInstructionUri(target);
  if (!isRecord(target)) return null;
  if (typeof target.run === "string" && typeof target.id === "string") return { run: target.run, id: target.id };
  const { run, proposal, attempt } = target;
  const change = proposal ?? attempt;
  if (!isRecord(run) || !isRecord(run.entry) || !isRecord(change)) return null;
  return typeof run.entry.id === "string" && typeof change.id === "string"
    ? { run: run.entry.id, id: change.id }
    : null;
}

/** Id of the run of a tree element. */
export function runIdOf(target: unknown): string | null {
  const entry = isRecord(target) ? target.entry : null;
  return isRecord(entry) && typeof entry.id === "string" ? entry.id : null;
}

/** Distinct ids of the runs of the selected tree elements. */
export function runIdsOf(selected: unknown): string[] {
  return Array.isArray(selected) ? [...new Set(selected.flatMap((one: unknown) => runIdOf(one) ?? []))] : [];
}

/** A sample of a run: an element of the Runs view. */
export function sampleRefOf(target: unknown): { readonly run: string; readonly sample: string } | null {
  const run = runIdOf(target);
  return run !== null && isRecord(target) && typeof target.sample === "string" ? { run, sample: target.sample } : null;
}

/** A graph file: its address, or an element of the Graphs view. */
export function graphOf(target: unknown): Uri | null {
  if (target instanceof Uri) return isGraphFile(target) ? target : null;
  return isRecord(target) && target.file instanceof Uri ? target.file : null;
}

/** A node of a graph: a lens's argument. */
export function nodeOf(target: unknown): string | null {
  return isRecord(target) && typeof target.node === "string" ? target.node : null;
}

/** A node to pin or to release in a run. */
export function pinOf(target: unknown): { readonly node: string; readonly pinned: boolean } | null {
  const node = nodeOf(target);
  return node !== null && isRecord(target) && typeof target.pinned === "boolean"
    ? { node, pinned: target.pinned }
    : null;
}

/** Whether the argument comes from the title bar of a graph or a report. */
export function isWebview(target: unknown): boolean {
  return target instanceof Uri && target.scheme === "webview-panel";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
