import * as z from "zod";

const entry = z.discriminatedUnion("kind", [
  /** Recorded before the batch is sent. */
  z.object({ kind: z.literal("intended"), mark: z.string(), at: z.number(), keys: z.array(z.string()) }),
  z.object({ kind: z.literal("sent"), mark: z.string(), id: z.string() }),
  /** The batch was never sent, or is lost. */
  z.object({ kind: z.literal("dropped"), mark: z.string() }),
]);

export type BatchEntry = z.infer<typeof entry>;

/** The batches of a run, so that the run can be resumed while they are in progress, or days later. */
export interface BatchJournal {
  readonly entries: readonly BatchEntry[];
  /** Resolves when the entry survives a killed process. */
  write(entry: BatchEntry): Promise<void>;
}

/** For calls outside runs: batches in progress are lost with the process. */
export function noJournal(): BatchJournal {
  return { entries: [], write: async () => {} };
}

export interface OpenBatch {
  readonly mark: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Keys of the requests that its results can contain. */
  readonly keys: readonly string[];
  /** null: it may have been sent, but its id was never received. */
  readonly id: string | null;
}

/** The batches that, by the journal, are or were last in progress. */
export function openBatches(entries: readonly BatchEntry[]): OpenBatch[] {
  const open = new Map<string, OpenBatch>();
  for (const each of entries) {
    const known = open.get(each.mark);
    if (each.kind === "intended") open.set(each.mark, { mark: each.mark, at: each.at, keys: each.keys, id: null });
    else if (each.kind === "dropped") open.delete(each.mark);
    else if (known) open.set(each.mark, { ...known, id: each.id });
  }
  return [...open.values()];
}

/** null if it is not an entry. */
export function readEntry(value: unknown): BatchEntry | null {
  return entry.safeParse(value).data ?? null;
}
