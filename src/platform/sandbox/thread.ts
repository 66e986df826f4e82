import { parentPort } from "node:worker_threads";
import { loadGuest } from "./guest.ts";
import { isHeapFull, limitHeap } from "./heap.ts";
import type { Job, Outcome } from "./protocol.ts";

/** The sandbox's thread: one job after another. */

// Local time is UTC on every machine, because the virtual machine asks for the offset here.
Date.prototype.getTimezoneOffset = () => 0;

let guest = loadGuest();
let memory = 0;

parentPort?.on("message", async (job: Job) => {
  limitHeap(job.limits.memory);
  // Memory that a machine has grown to is not given back.
  if (job.limits.memory < memory) guest = loadGuest();
  memory = job.limits.memory;
  const ended = (await guest).run(job);
  // Without memory, not even the error can be read.
  const outcome: Outcome = "problem" in ended && isHeapFull() ? { limit: "memory" } : ended;
  // An error can leave traces in the machine's memory, so the next job gets a new machine.
  if (!("result" in outcome)) guest = loadGuest();
  parentPort?.postMessage(outcome);
});
