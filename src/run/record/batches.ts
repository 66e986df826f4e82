import type { Files } from "../../deps.ts";
import {
  type BatchEntry,
  type BatchJournal,
  type OpenBatch,
  openBatches,
  readEntry,
} from "../../models/batch/batch-journal.ts";
import type { KnownReplies } from "../../models/stack/store.ts";
import { BatchesOpen } from "../errors.ts";
import { bytesOf, JsonlWriter, linesOf, objectAt } from "./jsonl.ts";

/** Maximum bytes of the file. */
const LARGEST = 2 ** 28;

/** Opens the journal of a run's batches, whose file is created with the first one. */
export async function openBatchJournal(files: Files, path: string): Promise<BatchJournal> {
  const bytes = await bytesOf(files, path, LARGEST);
  const entries: BatchEntry[] = [];
  for (const line of linesOf(bytes)) {
    const entry = readEntry(objectAt(bytes, line));
    if (entry) entries.push(entry);
  }
  let writer: JsonlWriter | null = null;
  return {
    entries,
    async write(entry) {
      writer ??= new JsonlWriter(files, path, { bytes: bytes.length, isCut: bytes.at(-1) !== 10 });
      writer.append(entry);
      await writer.flushed();
    },
  };
}

/** Batches with calls whose replies a run doesn't have: they go on at the server when the run ends, and are charged. */
export async function batchesLeft(
  files: Files,
  path: string,
  repliesOf: () => Promise<Pick<KnownReplies, "has">>,
): Promise<OpenBatch[]> {
  const { entries } = await openBatchJournal(files, path);
  if (entries.length === 0) return [];
  const replies = await repliesOf();
  return openBatches(entries)
    .map((batch) => ({ ...batch, keys: batch.keys.filter((key) => !replies.has(key)) }))
    .filter(({ keys }) => keys.length > 0);
}

export function callsIn(batches: readonly OpenBatch[]): number {
  return batches.reduce((sum, { keys }) => sum + keys.length, 0);
}

/** @param repliesOf opens those of the run @throws BatchesOpen if requests are in batches, and would be sent and paid for again */
export async function refuseOpenBatches(
  files: Files,
  id: string,
  path: string,
  repliesOf: () => Promise<Pick<KnownReplies, "has">>,
): Promise<void> {
  const missing = callsIn(await batchesLeft(files, path, repliesOf));
  if (missing > 0) throw new BatchesOpen(id, missing);
}
