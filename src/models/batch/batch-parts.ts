import { BodyBroken, isModelError, type ModelError, ProviderFault } from "../errors.ts";
import type { BatchApi, BatchLine } from "./batch-api.ts";

/** Splits requests by the limits of a batch and by model, because vendors require one model per batch. */
export function* partsOf(
  lines: readonly BatchLine[],
  mostOf: (model: string) => BatchApi["most"],
): Generator<readonly BatchLine[]> {
  for (const model of new Set(lines.map((line) => line.model))) {
    const most = mostOf(model);
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

/** Whether the server no longer knows the batch. */
export function isGone(error: unknown): boolean {
  return isModelError(error) && "status" in error && (error.status === 404 || error.status === 410);
}

/** Whether the server takes no request of this size. */
export function isTooLarge(error: unknown): boolean {
  return isModelError(error) && "status" in error && error.status === 413;
}

/** Whether the server is expected to accept the same request later. */
export function isTransient(error: unknown): error is ModelError & { readonly retryAfter?: number | null } {
  return isModelError(error) && error.reach === "provider";
}

/** Whether a request may have been carried out although its answer was lost. */
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
