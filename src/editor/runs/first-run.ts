import type { Clock } from "../../deps.ts";
import type { Model } from "../../models/model.ts";
import { simulated } from "../../models/providers/simulated.ts";
import type { Connection } from "../account/account.ts";

/** Milliseconds of a call in the first run with the simulated model, so that a person can follow it in the graph. */
export const FIRST_RUN_PACE = 250;

/** Delays the replies of a model, so that a person can follow the run. */
export function paced(model: Model, clock: Clock, milliseconds = FIRST_RUN_PACE): Model {
  return {
    ...model,
    complete: async (request, signal) => {
      await clock.sleep(milliseconds, signal);
      return model.complete(request, signal);
    },
  };
}

/**
 * Whether this is the first run with the simulated model. Later runs are not delayed, because users then want the
 * result.
 */
export function isFirstSimulated({ provider }: Pick<Connection, "provider">, earlierRuns: number): boolean {
  return provider === simulated && earlierRuns === 0;
}
