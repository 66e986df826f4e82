import { relative, resolve } from "node:path";
import { hasErrors } from "../../graph/fault.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { ImportRefused } from "../../import/importer.ts";
import type { GuessedLoss } from "../../loss/guess.ts";
import { loadTask } from "../../run/load.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { faultLines } from "../runs/load.ts";

interface InitOptions {
  readonly data?: string;
  readonly target?: string;
  readonly loss?: GuessedLoss;
  readonly output?: string;
  readonly split?: string;
  readonly dryRun?: boolean;
}

/** Creates a graph file from prompt files and a data file. Exit code 2 if the graph has errors. */
export async function initCommand(
  { deps, output }: Cli,
  paths: readonly string[],
  options: InitOptions,
): Promise<number> {
  const { newGraph } = await import("../../import/new-graph.ts");
  const given = (paths.length > 0 ? paths : ["."]).map((path) => resolve(path));
  const chosen = { ...options, ...(options.data !== undefined && { data: resolve(options.data) }) };
  const graph = await newGraph(given, deps.files, ENGLISH.t, chosen).catch((error: unknown) => {
    if (error instanceof ImportRefused) throw new UsageError(error.message);
    throw error;
  });
  const name = relative(process.cwd(), graph.path) || graph.path;
  if (!options.dryRun) await deps.files.write(graph.path, graph.text);
  else output.print(graph.text.trimEnd());
  const { data, target, loss, output: last, split } = graph.guesses;
  const rows = [
    ["--data", "data", data],
    ["--target", "column with the answer", target],
    ["--loss", "loss", loss],
    ["--output", "output", last],
    ...(split.value === null ? [] : [["--split", "percent for training, validation and test", split] as const]),
  ] as const;
  output.print(`${options.dryRun ? "Would write" : "Wrote"} ${plain(name)}. Guessed:`);
  for (const [option, what, { value, others }] of rows) {
    const more = others.length > 0 ? `; ${option} changes it: ${others.slice(0, 6).join(", ")}` : "";
    output.print(`  ${what}: ${plain(value ?? "none found")}${output.colors.dim(plain(more))}`);
  }
  for (const note of graph.notes) output.print(`  - ${plain(note)}`);
  const { faults } = options.dryRun ? { faults: [] } : await loadTask(graph.path, deps);
  for (const fault of faults) if (fault.severity !== "information") output.print(faultLines(fault, output));
  if (output.json) {
    output.object({
      version: 1,
      graph: name,
      guesses: graph.guesses,
      notes: graph.notes,
      faults,
      ...(options.dryRun && { text: graph.text }),
    });
  }
  if (!hasErrors(faults) && !options.dryRun) output.print(`Next: agentgraph optimize ${plain(name)} --model <name>`);
  return hasErrors(faults) ? EXIT.wrongUse : EXIT.done;
}
