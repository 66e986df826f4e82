import { resolve } from "node:path";
import { inColumns } from "../../i18n/columns.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { nameOf } from "../../run/record/run-manifest.ts";
import { spendingHtml, spendingMarkdown, spendingSentences, spendingTables } from "../../run/report/spending.ts";
import { readSpending, totalOf } from "../../run/spending.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { placeFor } from "./runs.ts";

export interface SpentOptions extends PlaceOptions {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly output?: string;
}

/** Number of columns after the name. */
const FIGURES = 5;

/** Prints what the runs of a graph file or a folder's repository have cost, or writes it as a page. */
export async function spentCommand({ deps, output }: Cli, path: string, options: SpentOptions): Promise<number> {
  const { place, root, isFile } = await placeFor(deps.files, path, options);
  const { since, output: out } = options;
  const graph = isFile ? nameOf(resolve(path), root) : undefined;
  const spending = await readSpending(deps, place, {
    ...(since !== undefined && { since }),
    ...(graph !== undefined && { graph }),
  });
  if (out !== undefined) {
    const isMarkdown = /\.(md|markdown)$/i.test(out);
    const text = isMarkdown ? spendingMarkdown(spending) : spendingHtml(spending, graph ?? root.folder);
    await deps.files.write(resolve(out), text).catch((error: unknown) => {
      throw new UsageError(`The page couldn't be written to ${plain(out)}: ${writeFailure(error)}.`);
    });
    output.info(`Wrote the spending to ${plain(out)}.`);
  }
  if (output.json) output.object({ version: 1, folder: place.runs, total: totalOf(spending), ...spending });
  if (out !== undefined) return EXIT.done;
  for (const sentence of spendingSentences(spending, ENGLISH)) output.print(sentence);
  for (const [title, { head, rows, left }] of spending.rows.length === 0 ? [] : spendingTables(spending, ENGLISH)) {
    output.print(`\n${output.colors.bold(title)}`);
    for (const line of inColumns([head, ...rows], FIGURES)) output.print(plain(line));
    if (left > 0) output.print(`… and ${left} more`);
  }
  return EXIT.done;
}
