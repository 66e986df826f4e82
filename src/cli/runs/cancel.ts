import type { Machine } from "../../deps.ts";
import type { Cli } from "../cli.ts";
import { Cancelled } from "../errors.ts";

/** Milliseconds in which a cancelled command must end. */
const CANCEL_TIMEOUT = 900;
/** Milliseconds that a cancelled run may also take to record its end, and milliseconds between two checks. */
const RECORDING_TIMEOUT = 10_000;
const LOOK = 20;

/**
 * Rejects if a command does not end soon after it was cancelled, so that Ctrl-C always ends it. A run that records its
 * end gets more time: on a busy computer or a slow disk, it would be left without an end.
 */
export function longCancelled({ deps: { clock }, signal }: Cli, isRecording: () => boolean): Promise<never> {
  return new Promise((_, reject) => {
    const wait = async () => {
      const latest = clock.now() + RECORDING_TIMEOUT;
      while (isRecording() && clock.now() < latest) await clock.sleep(LOOK);
      await clock.sleep(CANCEL_TIMEOUT);
      reject(new Cancelled());
    };
    signal.addEventListener("abort", wait, { once: true });
  });
}

/**
 * The machine, and a function that tells whether one of its locks is held: a run releases its own lock once
 * everything else is on the disk.
 */
export function watchLocks(machine: Machine): { readonly machine: Machine; readonly isLocked: () => boolean } {
  let held = 0;
  const lock: Machine["lock"] = async (path, note) => {
    const taken = await machine.lock(path, note);
    if (!taken) return null;
    held++;
    const release = () =>
      taken.release().finally(() => {
        held--;
      });
    return { release };
  };
  return { machine: { ...machine, lock }, isLocked: () => held > 0 };
}
