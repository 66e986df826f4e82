import { l10n } from "vscode";
import type { OpenBatch } from "../../models/batch/batch-journal.ts";
import { isServerModel } from "../../models/protocols/server-model.ts";
import { batchesLeft, callsIn } from "../../run/record/batches.ts";
import type { Run } from "../../run/run.ts";
import type { Account } from "../account/account.ts";
import { LOCALE } from "../editor-locale.ts";
import { NotFound } from "../errors.ts";
import { showInfo } from "../ui/notifications.ts";

/** What a cancelled run leaves at the server, which is charged: what to say of it, and how to end it. */
export interface Left {
  readonly sentence: string;
  /** @throws NotFound, ModelError */
  cancel(): Promise<void>;
}

/** null: nothing of the run is in a batch. */
export async function leftInBatches({ files, replies, start }: Run, account: Account): Promise<Left | null> {
  const batches = await batchesLeft(replies.files, files.batches, async () => replies);
  const calls = callsIn(batches);
  if (calls === 0) return null;
  const sentence = l10n.t(
    "Batches with {0} continue at the server and are charged. Resume the run later to collect the replies.",
    LOCALE.count(calls, "call"),
  );
  return { sentence, cancel: () => cancelBatches(batches, start.provider, account) };
}

async function cancelBatches(batches: readonly OpenBatch[], provider: string, account: Account): Promise<void> {
  const { model } = await account.connect();
  const api = isServerModel(model) && model.identity === provider ? model.batches : undefined;
  if (!api) throw new NotFound(l10n.t("The batches belong to {0}. Choose that provider to cancel them.", provider));
  const signal = AbortSignal.timeout(CANCELLING);
  for (const { id } of batches) if (id !== null) await api.cancel(id, signal);
  void showInfo(l10n.t("The batches are cancelled. Calls that were answered before are charged."));
}

/** Maximum milliseconds for a server to cancel the batches of a run. */
const CANCELLING = 60_000;
