import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Clock, Deps, Log, Machine } from "../deps.ts";
import { nodeFiles } from "./files.ts";
import { nodeMachine } from "./machine.ts";

/** The outside as Node gives it, for the command line and for VS Code's extension host alike. */
export function nodeDeps(log: Log = stderrLog): Deps & { readonly machine: Machine } {
  return { files: nodeFiles(), clock: nodeClock, log, machine: nodeMachine() };
}

const nodeClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    signal?.throwIfAborted();
    // A timer of 0 takes a millisecond.
    const wait = milliseconds > 0 ? sleep(milliseconds, undefined, { signal }) : nextTurn(undefined, { signal });
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
