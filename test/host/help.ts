import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { commands, type TextDocument, Uri, window, workspace } from "vscode";
import type { Log } from "../../src/deps.ts";
import { createSimulated } from "../../src/models/simulated.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { loadTask } from "../../src/run/load.ts";
import { startRun } from "../../src/run/run.ts";
import { runRequestOf } from "../../src/run/run-manifest.ts";
import { runPathsOf } from "../../src/run/run-paths.ts";
import type { RunState } from "../../src/run/state.ts";

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

export async function show(file: string): Promise<TextDocument> {
  return (await window.showTextDocument(at(file))).document;
}

export async function closeAll(): Promise<void> {
  await commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await commands.executeCommand("workbench.action.closeAllEditors");
}

/** A real run of the workspace's graph on the simulated model, made beside the editor as the command line would. */
export async function makeRun(): Promise<{ id: string; state: RunState }> {
  const loaded = await loadTask(at(GRAPH).fsPath, deps, {
    models: Object.fromEntries(
      ["forward", "backward", "optimizer"].map((role) => [role, { model: "simulated", params: {} }]),
    ),
  });
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const root = loaded.root.folder;
  const provider = createSimulated();
  const run = await startRun(
    subject,
    runPathsOf(root),
    root,
    { ...deps, provider, price: () => 0, concurrency: 16 },
    new AbortController().signal,
  );
  for await (const _ of run.events);
  return { id: run.id, state: run.state() };
}

export async function removeRuns(): Promise<void> {
  await rm(path.join(folder(), ".agentgraph"), { recursive: true, force: true });
}

/** Waits for what the editor does in its own time. */
export async function until<T>(what: () => T | Promise<T>, milliseconds = 40_000): Promise<NonNullable<T>> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (Date.now() > end) throw new Error(`This never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
