import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Clock, Deps, Log, Machine, Sandbox } from "../deps.ts";
import { nodeFiles } from "./files.ts";
import { nodeMachine } from "./machine.ts";
import { nodeSandbox } from "./sandbox/sandbox.ts";

/** Folder of the bundles. Sources that run as ES modules, as in end-to-end tests, have none. */
const FOLDER = typeof __dirname === "undefined" ? "." : __dirname;

/** The dependencies implemented with Node, for the command line and for VS Code's extension host. */
export function nodeDeps(log: Log = stderrLog): Deps & { readonly machine: Machine } {
  return { files: nodeFiles(), clock: nodeClock, log, machine: nodeMachine(), sandbox: codeSandbox() };
}

/** @param threads maximum number of concurrent calls. Default: one less than there are cores, at most 4 */
export function codeSandbox(threads?: number): Sandbox {
  return nodeSandbox(join(FOLDER, "sandbox.js"), threads);
}

/**
 * Yields to the event loop faster than a timer of 0, which takes a millisecond. The first half may come before
 * timers and sockets are handled.
 */
async function wholeTurn(signal?: AbortSignal): Promise<void> {
  await nextTurn(undefined, { signal });
  await nextTurn(undefined, { signal });
}

const nodeClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    signal?.throwIfAborted();
    const wait = milliseconds > 0 ? sleep(milliseconds, undefined, { signal }) : wholeTurn(signal);
    await wait.catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  },
};

const stderrLog: Log = {
  info: (message) => void process.stderr.write(`${message}\n`),
  warn: (message) => void process.stderr.write(`Warning: ${message}\n`),
  error: (message) => void process.stderr.write(`Error: ${message}\n`),
};
