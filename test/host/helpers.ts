import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { commands, type TextDocument, Uri, window, workspace } from "vscode";
import type { Log } from "../../src/deps.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { loadTask, type Overrides } from "../../src/run/load.ts";
import { type RunRequest, runRequestOf } from "../../src/run/record/run-manifest.ts";
import { runPathsOf } from "../../src/run/record/run-paths.ts";
import { startRun } from "../../src/run/run.ts";
import type { RunState } from "../../src/run/state/state.ts";

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
export const deps = nodeDeps(silent);

/** The workspace's folder: a copy of `examples/chain` in a git repository of its own. */
export function folder(): string {
  const [first] = workspace.workspaceFolders ?? [];
  if (!first) throw new Error("the suite runs in a workspace");
  return first.uri.fsPath;
}

export function at(file: string): Uri {
  return Uri.file(path.join(folder(), file));
}

export const GRAPH = "chain.agentgraph.json";

export async function read(file: string): Promise<string> {
  return readFile(at(file).fsPath, "utf8");
}

export async function write(file: string, text: string): Promise<void> {
  await writeFile(at(file).fsPath, text);
}

/**
 * Writes a file, and sees to it that the editor holds the same: VS Code may learn of a change late, and of one that
 * follows another at once not at all.
 */
export async function put(file: string, text: string): Promise<TextDocument> {
  await write(file, text);
  const document = await workspace.openTextDocument(at(file));
  const shown = text.replace(/^\uFEFF/, "");
  if (document.getText() !== shown) {
    await window.showTextDocument(document);
    await commands.executeCommand("workbench.action.files.revert");
  }
  await until(() => document.getText() === shown);
  return document;
}

export async function show(file: string): Promise<TextDocument> {
  return (await window.showTextDocument(at(file))).document;
}

export async function closeAll(): Promise<void> {
  await commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await commands.executeCommand("workbench.action.closeAllEditors");
}

/** What a run of the workspace's graph on the simulated model is asked to do. */
export async function loadGraph(
  set: NonNullable<Overrides["set"]> = [],
): Promise<{ request: RunRequest; root: string }> {
  const loaded = await loadTask(at(GRAPH).fsPath, deps, {
    models: Object.fromEntries(
      ["forward", "backward", "optimizer"].map((role) => [role, { model: "simulated", params: {} }]),
    ),
    set,
  });
  const request = runRequestOf(loaded);
  if (!request) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  return { request, root: loaded.root.folder };
}

/**
 * A real run of the workspace's graph on the simulated model, made beside the editor as the command line would.
 * @param calls cancelled after so many. Default: not at all
 * @param set values in place of the file's
 */
export async function makeRun({
  calls = Number.POSITIVE_INFINITY,
  set = [],
}: {
  readonly calls?: number;
  readonly set?: NonNullable<Overrides["set"]>;
} = {}): Promise<{ id: string; state: RunState }> {
  const { request, root } = await loadGraph(set);
  const provider = createSimulated();
  const stop = new AbortController();
  const run = await startRun(
    request,
    runPathsOf(root),
    root,
    { ...deps, provider, price: () => 0, concurrency: 16 },
    stop.signal,
  );
  let made = 0;
  for await (const { type } of run.events) if (type === "call" && ++made === calls) stop.abort();
  return { id: run.id, state: run.state() };
}

/** The events of the newest run, as they stand on disk; empty while there is none. */
export async function newestLog(): Promise<string> {
  const runs = at(".agentgraph/runs").fsPath;
  const names = await readdir(runs).catch(() => []);
  const newest = names.sort().at(-1);
  return newest === undefined ? "" : readFile(path.join(runs, newest, "events.jsonl"), "utf8").catch(() => "");
}

export async function removeRuns(): Promise<void> {
  await rm(path.join(folder(), ".agentgraph"), { recursive: true, force: true });
}

/** Waits until files are as they should be: a busy machine may still be writing what the editor has saved. */
export async function settles<T>(what: () => Promise<T>, expected: T): Promise<void> {
  for (let tries = 0; tries < 100 && !isDeepStrictEqual(await what(), expected); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.deepEqual(await what(), expected);
}

/** Waits for what the editor does in its own time. */
export async function until<T>(what: () => T | Promise<T>, milliseconds = 100_000): Promise<NonNullable<T>> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (Date.now() > end) throw new Error(`This never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
