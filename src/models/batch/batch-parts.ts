import { BodyBroken, isModelError, ProviderFault } from "../errors.ts";
import type { BatchApi, BatchLine } from "./batch-api.ts";

/** By what a batch may hold, and one model each: vendors ask for that. */
export function* partsOf(lines: readonly BatchLine[], most: BatchApi["most"]): Generator<readonly BatchLine[]> {
  for (const model of new Set(lines.map((line) => line.model))) {
    let part: BatchLine[] = [];
    let size = 0;
    for (const line of lines.filter((each) => each.model === model)) {
      const length = Buffer.byteLength(JSON.stringify(line));
      if (part.length > 0 && (part.length >= most.requests || size + length > most.bytes)) {
        yield part;
        [part, size] = [[], 0];
      }
      part.push(line);
      size += length;
    }
    if (part.length > 0) yield part;
  }
}

/** The server does not know it any more. */
export function isGone(error: unknown): boolean {
  return isModelError(error) && "status" in error && (error.status === 404 || error.status === 410);
}

/** A request whose answer was lost may have been carried out. */
export function mayHaveArrived(error: unknown): boolean {
  if (error instanceof BodyBroken) return true;
  return error instanceof ProviderFault && error.reason !== "unreached" && error.status === null;
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function orAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    wait.then(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
  });
}
