import { parentPort } from "node:worker_threads";
import { loadGuest } from "./guest.ts";
import type { Job, Outcome } from "./protocol.ts";

/** The sandbox's thread: one job after another. */

// Local time is UTC on every machine, because the virtual machine asks for the offset here.
Date.prototype.getTimezoneOffset = () => 0;

let guest = loadGuest();

parentPort?.on("message", async (job: Job) => {
  const outcome: Outcome = (await guest).run(job);
  // An error can leave traces in the machine's memory, so the next job gets a new machine.
  if (!("result" in outcome)) guest = loadGuest();
  parentPort?.postMessage(outcome);
});
