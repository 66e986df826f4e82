import { openBatches } from "../../models/batch/batch-journal.ts";
import { isServerModel } from "../../models/protocols/server-model.ts";
import { openBatchJournal } from "../../run/record/batches.ts";
import { readManifest } from "../../run/record/run-manifest.ts";
import { filesOf } from "../../run/record/run-paths.ts";
import type { PlaceOptions, ServerChoice } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { chooseServer } from "../server/provider.ts";
import { findRun } from "./runs.ts";

export interface BatchesOptions extends ServerChoice, PlaceOptions {
  readonly cancel?: boolean;
}

/** Lists the batches of a run with the state that the server reports, or cancels those in progress. */
export async function batchesCommand(cli: Cli, name: string, options: BatchesOptions): Promise<number> {
  const { deps, output, signal } = cli;
  const { id, place } = await findRun(cli, name, options, "any");
  const { start } = await readManifest(deps, filesOf(place, id).start, id);
  const journal = await openBatchJournal(deps.files, filesOf(place, id).batches);
  const { provider, connection } = await chooseServer([], options, cli);
  const server = await provider.connect(connection);
  const api = isServerModel(server) ? server.batches : undefined;
  if (!api) throw new UsageError(`${server.identity} has no batches.`);
  if (server.identity !== start.provider) {
    throw new UsageError(`Run ${id} was made with ${start.provider}. Name that server with --provider or --base-url.`);
  }
  const listed: object[] = [];
  for (const { id: batch, keys, at } of openBatches(journal.entries)) {
    if (batch === null) continue;
    if (options.cancel)
      await api.cancel(batch, signal).catch((error: unknown) => output.warn(`${batch}: ${String(error)}`));
    const { state, done, total } = await api.status(batch, signal);
    listed.push({ id: batch, state, done, total, requests: keys.length, at });
    output.print(
      `${batch}  ${state.padEnd(9)}  ${done} of ${total || keys.length} requests  ${new Date(at).toISOString()}`,
    );
  }
  if (listed.length === 0) output.print("The run has no batches.");
  if (output.json) output.object({ version: 1, batches: listed });
  return EXIT.done;
}
