import { resolve } from "node:path";
import { plain } from "../../i18n/plain-text.ts";
import { reportHtml } from "../../run/report/format/html.ts";
import { reportJson } from "../../run/report/format/json.ts";
import { reportMarkdown } from "../../run/report/format/markdown.ts";
import { readReportedRun } from "../../run/report/read.ts";
import type { Report } from "../../run/report/report.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { warnOfChangedTexts } from "../runs/texts-now.ts";
import { findRun } from "./runs.ts";

export const FORMATS = ["html", "markdown", "json"] as const;

const WRITERS: Readonly<Record<(typeof FORMATS)[number], (report: Report) => string>> = {
  html: reportHtml,
  markdown: reportMarkdown,
  json: reportJson,
};

export interface ReportOptions extends PlaceOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly output?: string;
}

/**
 * Writes the report of a run to stdout or to a file. The default format follows the file extension, else Markdown, or
 * JSON with `--json`.
 */
export async function reportCommand(cli: Cli, name: string, options: ReportOptions): Promise<number> {
  const { deps, output } = cli;
  const { id, place, root } = await findRun(cli, name, options, "last");
  const { report, run } = await readReportedRun(deps, place, id);
  await warnOfChangedTexts(run, root, cli);
  const { output: out } = options;
  if (out === undefined) {
    output.write(WRITERS[output.json ? "json" : (options.format ?? "markdown")](report));
    return EXIT.done;
  }
  const format = options.format ?? FORMATS.find((one) => out.toLowerCase().endsWith(`.${one}`)) ?? "markdown";
  await deps.files.write(resolve(out), WRITERS[format](report)).catch((error: unknown) => {
    throw new UsageError(`The report couldn't be written to ${plain(out)}: ${writeFailure(error)}.`);
  });
  if (output.json) output.object({ version: 1, run: id, format, file: resolve(out) });
  else output.info(`Wrote the report of run ${id} to ${plain(out)}.`);
  return EXIT.done;
}
