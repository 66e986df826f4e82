import { l10n, window } from "vscode";
import type { Deps } from "../../deps.ts";
import { runPathsOf } from "../../run/record/run-paths.ts";
import { Cancelled, NotFound } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";

/** Clears the shared replies. The next run calls the model again. */
export async function clearCache(graphs: GraphFiles, { files }: Deps): Promise<void> {
  const roots = await graphs.roots();
  const caches: string[] = [];
  for (const { cache } of roots.map((root) => runPathsOf(root))) {
    if (await files.stat(cache).catch(() => null)) caches.push(cache);
  }
  if (caches.length === 0) throw new NotFound(l10n.t("The cache is empty."));
  const clear = l10n.t("Clear");
  const message = l10n.t("Clear the cache of replies shared by all runs?");
  const detail = l10n.t("Existing runs are not affected. Calls answered from the cache will be charged again.");
  if ((await window.showWarningMessage(message, { modal: true, detail }, clear)) !== clear) throw new Cancelled();
  for (const cache of caches) await files.remove(cache);
}
