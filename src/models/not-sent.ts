import type { ModelRequest } from "./model.ts";

/** Says that a request, which is logged, was not sent. @throws the reason */
export function notSent(request: ModelRequest, reason: unknown): never {
  request.onWithdrawn?.(request.attempt ?? 1);
  throw reason;
}
