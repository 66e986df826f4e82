import { ParameterInvalid, ParameterRefused, RateLimited, TierUnavailable } from "../errors.ts";
import type { Model, ModelReply, ModelRequest } from "../model.ts";
import type { ServerModel } from "../protocols/server-model.ts";

export interface FlexOptions {
  /** Sends a request at the standard price if flex has no capacity for it or does not serve the model. */
  readonly fallback: boolean;
  /** Called once for a model that flex does not serve, and for every request without capacity. */
  readonly onFallback?: (model: string, reason: "not served" | "no room") => void;
}

/**
 * Half the price for requests that wait for capacity: `service_tier: "flex"`. A refusal for lack of capacity is free
 * and counts as a rate limit: it is waited out, unless the user allows the standard price.
 */
export function withFlex(server: ServerModel, { fallback, onFallback }: FlexOptions): Model {
  const unserved = new Set<string>();

  const refused = (error: unknown): string | null => {
    const isTier = (error instanceof ParameterRefused || error instanceof ParameterInvalid) && error.parameter === TIER;
    return isTier ? error.message : null;
  };

  const complete = async (request: ModelRequest, signal: AbortSignal): Promise<ModelReply> => {
    if (unserved.has(request.model)) return server.complete(request, signal);
    try {
      return await server.complete({ ...request, params: { ...request.params, [TIER]: "flex" } }, signal);
    } catch (error) {
      const detail = refused(error);
      const hasNoRoom = error instanceof RateLimited && error.reason === "no room";
      if (detail === null && !hasNoRoom) throw error;
      if (!fallback && detail !== null) throw new TierUnavailable(server.identity, request.model, "flex", detail);
      if (!fallback) throw error;
      if (detail !== null) unserved.add(request.model);
      onFallback?.(request.model, detail === null ? "no room" : "not served");
      return server.complete(request, signal);
    }
  };

  return { ...server, complete };
}

const TIER = "service_tier";
