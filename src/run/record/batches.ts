import type { Files } from "../../deps.ts";
import { type BatchEntry, type BatchJournal, openBatches, readEntry } from "../../models/batch/batch-journal.ts";
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

/** @param repliesOf opens those of the run @throws BatchesOpen if requests are in batches, and would be sent and paid for again */
export async function refuseOpenBatches(
  files: Files,
  id: string,
  path: string,
  repliesOf: () => Promise<Pick<KnownReplies, "has">>,
): Promise<void> {
  const { entries } = await openBatchJournal(files, path);
  if (entries.length === 0) return;
  const replies = await repliesOf();
  const missing = openBatches(entries).flatMap(({ keys }) => keys.filter((key) => !replies.has(key)));
  if (missing.length > 0) throw new BatchesOpen(id, missing.length);
}
