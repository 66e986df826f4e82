import { BodyBroken, isModelError, type ModelError, ProviderFault, RequestRefused } from "../errors.ts";
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
export function isGone(error: unknown): error is ModelError {
  return isModelError(error) && "status" in error && (error.status === 404 || error.status === 410);
}

/** Whether the server takes no request of this size. OpenAI says so with 400, others with 413. */
export function isTooLarge(error: unknown): boolean {
  if (!isModelError(error) || !("status" in error)) return false;
  return error.status === 413 || (error.status === 400 && TOO_LARGE.test(error.detail));
}

/** Code or reason of a batch with more requests, or bytes, than one can have. */
export const TOO_LARGE = /too_many_tasks|file is too large|(content|file) size limit/i;

/** Azure: a deployment for batches answers no request by itself. */
export function isForBatches(error: unknown): boolean {
  return error instanceof RequestRefused && /operation does not work with the specified model/i.test(error.detail);
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
