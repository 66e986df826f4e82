import { ParameterInvalid, ProviderFault, RateLimited, TierUnavailable } from "../errors.ts";
import type { Model, ModelReply, ModelRequest, OtherTier } from "../model.ts";
import { TIER_PARAMETER } from "../parameters/parameter-support.ts";
import type { ServerModel } from "../protocols/server-model.ts";

export interface FlexOptions {
  /** Sends a request at the standard price if flex has no capacity for it, is too slow, or does not serve the model. */
  readonly fallback: boolean;
}

/**
 * Half the price for requests that wait for capacity: `service_tier: "flex"`. A refusal for lack of capacity is free
 * and counts as a rate limit: it is waited out, unless the user allows the standard price.
 */
export function withFlex(server: ServerModel, { fallback }: FlexOptions): Model {
  const unserved = new Set<string>();

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    const atStandard = async (otherTier: OtherTier) => ({ otherTier, ...(await server.complete(request, signal)) });
    if (unserved.has(request.model)) return atStandard("not served");
    try {
      const params = { ...request.params, [TIER_PARAMETER]: "flex" };
      const reply = await server.complete({ ...request, params }, signal);
      return reply.usage.tier === "flex" ? reply : { otherTier: "ignored", ...reply };
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === null) throw error;
      if (fallback) {
        if (reason === "not served") unserved.add(request.model);
        return atStandard(reason);
      }
      if (error instanceof ParameterInvalid) {
        throw new TierUnavailable(server.identity, request.model, "flex", error.detail);
      }
      throw error;
    }
  };

  return { ...server, complete };
}

/** Why the standard tier may answer; null: it is no failure of the tier. */
function reasonOf(error: unknown): OtherTier | null {
  if (error instanceof ParameterInvalid) return error.parameter === TIER_PARAMETER ? "not served" : null;
  if (error instanceof RateLimited) return error.reason === "no room" ? "no room" : null;
  const isLate = error instanceof ProviderFault && (error.status === 408 || error.reason === "timeout");
  return isLate ? "too slow" : null;
}
