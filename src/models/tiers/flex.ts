import { FellBack, ParameterInvalid, ProviderFault, RateLimited, RequestRefused, TierUnavailable } from "../errors.ts";
import type { Model, ModelReply, ModelRequest, OtherTier } from "../model.ts";
import { TIER_PARAMETER } from "../parameters/parameter-support.ts";
import type { ServerModel } from "../protocols/server-model.ts";
import { keyOf } from "../stack/key.ts";

export interface FlexOptions {
  /** Sends a request at the standard price if flex has no capacity for it, is too slow, or does not serve the model. */
  readonly fallback: boolean;
}

/** A tier that a request, but not its model, is too long for: Azure. */
const TOO_LONG = /\b(context|tokens?|too (long|large)|length)\b/i;

/**
 * Half the price for requests that wait for capacity: `service_tier: "flex"`. A refusal for lack of capacity is free
 * and counts as a rate limit: it is waited out. If the user allows the standard price, the request is sent again instead,
 * as a request of its own (`FellBack`), because the first one can cost something.
 */
export function withFlex(server: ServerModel, { fallback }: FlexOptions): Model {
  const unserved = new Set<string>();
  /** Requests that go at the standard price from now on, by key. */
  const fallen = new Map<string, OtherTier>();

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    const key = fallback ? keyOf(server.identity, request) : "";
    const otherTier = unserved.has(request.model) ? "not served" : fallen.get(key);
    if (otherTier !== undefined) {
      const params = { ...request.params, ...(server.standardTier && { [TIER_PARAMETER]: server.standardTier }) };
      const reply = await server.complete({ ...request, params }, signal);
      fallen.delete(key);
      return { otherTier, ...reply };
    }
    try {
      const params = { ...request.params, [TIER_PARAMETER]: "flex" };
      const reply = await server.complete({ ...request, params }, signal);
      return reply.usage.tier === "flex" ? reply : { otherTier: "ignored", ...reply };
    } catch (error) {
      const failure = withoutRoom(error, server);
      const reason = reasonOf(failure);
      if (reason === null) throw failure;
      if (fallback) {
        if (reason === "not served") unserved.add(request.model);
        else fallen.set(key, reason);
        throw new FellBack(reason, failure);
      }
      if (failure instanceof ParameterInvalid) {
        if (reason === "too long")
          throw new RequestRefused(server.identity, 400, request.model, failure.detail, reason);
        throw new TierUnavailable(server.identity, request.model, "flex", failure.detail);
      }
      throw failure;
    }
  };

  return { ...server, complete };
}

/** Some servers call a lack of capacity their own failure. */
function withoutRoom(error: unknown, { identity, flexFull = [] }: ServerModel): unknown {
  if (!(error instanceof ProviderFault && error.status !== null && flexFull.includes(error.status))) return error;
  return new RateLimited(identity, error.retryAfter, error.detail, "no room");
}

/** Why the standard tier may answer; null: it is no failure of the tier. */
function reasonOf(error: unknown): OtherTier | null {
  if (error instanceof ParameterInvalid) {
    if (error.parameter !== TIER_PARAMETER) return null;
    return TOO_LONG.test(error.detail) ? "too long" : "not served";
  }
  if (error instanceof RequestRefused) {
    return error.reason === "too long" && /\bflex\b|service_tier/i.test(error.detail) ? "too long" : null;
  }
  if (error instanceof RateLimited) return error.reason === "no room" ? "no room" : null;
  const isLate = error instanceof ProviderFault && (error.status === 408 || error.reason === "timeout");
  return isLate ? "too slow" : null;
}
