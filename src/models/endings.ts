import { knownModel } from "./known-models.ts";
import type { NamedModel, Provider, ProviderConnection } from "./provider.ts";

/** A model that its server stops serving soon, or has stopped serving. */
export interface Ending {
  readonly model: string;
  /** Date as YYYY-MM-DD. */
  readonly end: string;
  /** Model that its provider recommends instead. */
  readonly successor?: string;
}

/** Number of days before the end of a model from which each run warns. */
const NOTICE = 90;
/** Milliseconds that a server may take to list its models. */
const LISTING = 5_000;

/** Models that end within 90 days, by the dates that are known without asking. @param now milliseconds since the epoch */
export function knownEndings(models: readonly string[], now: number): Ending[] {
  return models.flatMap((model) => {
    const { end, successor } = knownModel(model) ?? {};
    return end !== undefined && isSoon(end, now) ? [{ model, end, ...(successor !== undefined && { successor }) }] : [];
  });
}

/**
 * Models that end within 90 days by the server's own list (`shutdown_date`), besides those that are known. A server that
 * does not list its models ends none.
 */
export async function listedEndings(
  models: readonly string[],
  { listsEnds = false, listModels }: Pick<Provider, "listsEnds" | "listModels">,
  connection: ProviderConnection,
  signal?: AbortSignal,
): Promise<Ending[]> {
  if (!listsEnds) return [];
  const limit = AbortSignal.timeout(LISTING);
  const listed = await listModels(connection, signal ? AbortSignal.any([signal, limit]) : limit).catch(
    (): readonly NamedModel[] => [],
  );
  const now = connection.clock.now();
  const known = new Set(knownEndings(models, now).map(({ model }) => model));
  return models.flatMap((model) => {
    const end = listed.find(({ name }) => name === model)?.end;
    return end !== undefined && isSoon(end, now) && !known.has(model) ? [{ model, end }] : [];
  });
}

function isSoon(end: string, now: number): boolean {
  return (Date.parse(end) - now) / 86_400_000 <= NOTICE;
}
