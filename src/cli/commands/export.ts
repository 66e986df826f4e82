import { dirname, join, resolve } from "node:path";
import type { ExportSource } from "../../graph/exporters/exporter.ts";
import { EXPORTERS, type ExportFormat } from "../../graph/exporters/exporters.ts";
import { hasErrors } from "../../graph/fault.ts";
import { graphNameOf } from "../../graph/file-name.ts";
import { plain } from "../../i18n/plain-text.ts";
import { loadTask, type Overrides } from "../../run/load.ts";
import { type ModelNames, overridesOf, type TaskOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { faultLines, runnable } from "../runs/load.ts";

export interface ExportOptions extends ModelNames, TaskOptions {
  readonly format: ExportFormat;
  /** A file, or a folder for formats with several files. Default: stdout for one file, else the graph's folder. */
  readonly output?: string;
}

/** Writes a graph in another format. Says what the format can't hold. */
export async function exportCommand({ deps, output }: Cli, path: string, options: ExportOptions): Promise<number> {
  const graphFile = resolve(path);
  const overrides = { ...overridesOf(options), needs: [], targetless: true };
  const { graph, model } = await sourceOf(graphFile, options.format, overrides, { deps, output });
  const name = graphNameOf(graphFile);
  const { files, left } = EXPORTERS[options.format].export({ graph, model, name });
  const [only, ...more] = Object.entries(files);
  if (!only) throw new UsageError(left.join(" "));
  const written: string[] = [];
  if (more.length === 0 && options.output === undefined) {
    if (output.json) output.object({ version: 1, files, left });
    else output.write(only[1]);
  } else {
    for (const [file, text] of Object.entries(files)) {
      const target =
        more.length === 0 ? resolve(options.output ?? file) : join(resolve(options.output ?? dirname(graphFile)), file);
      const write = () => deps.files.makeFolder(dirname(target)).then(() => deps.files.write(target, text));
      await write().catch((error: unknown) => {
        throw new UsageError(`${plain(target)} can't be written: ${writeFailure(error)}.`);
      });
      written.push(target);
    }
    if (output.json) output.object({ version: 1, files: written, left });
    for (const target of written) output.info(`Wrote ${plain(target)}.`);
  }
  for (const one of left) output.warn(one);
  return EXIT.done;
}

/** Formats that show a graph as it is, also one with errors. */
const SHOWN: readonly ExportFormat[] = ["mermaid", "dot", "texts"];

/** The graph, and the model that it names, if any: an exported graph runs elsewhere, with other data. @throws InvalidGraph */
async function sourceOf(
  graphFile: string,
  format: ExportFormat,
  overrides: Overrides,
  { deps, output }: Pick<Cli, "deps" | "output">,
): Promise<Pick<ExportSource, "graph" | "model">> {
  const loaded = await loadTask(graphFile, deps, overrides);
  const isUsable = SHOWN.includes(format) || !hasErrors(loaded.faults);
  if (loaded.task || !loaded.graph || !isUsable) {
    const { task } = runnable(loaded, graphFile, output).subject;
    return { graph: task.graph, model: task.models.forward };
  }
  for (const fault of loaded.faults) if (fault.severity === "error") output.info(faultLines(fault, output));
  return { graph: loaded.graph, model: null };
}
