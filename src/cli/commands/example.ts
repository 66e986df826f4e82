import { relative, resolve } from "node:path";
import { hasErrors } from "../../graph/fault.ts";
import { plain } from "../../i18n/plain-text.ts";
import { loadTask } from "../../run/load.ts";
import { overridesOf } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { comparableWith, DataMissing, type Example } from "../examples/example.ts";
import { dataFolder, writeExample } from "../examples/write.ts";
import { EXIT } from "../exit.ts";
import { faultLines } from "../runs/load.ts";

export interface ExampleOptions {
  /** Folder with the user's own copies of data sets. */
  readonly data?: string;
  /** Output folder. Default: the name of the example. */
  readonly output?: string;
}

/** Lists the example graphs, or writes one with its rows to a new folder. */
export async function exampleCommand(cli: Cli, name: string | undefined, options: ExampleOptions): Promise<number> {
  const { EXAMPLES } = await import("../examples/catalog.ts");
  return name === undefined ? list(cli, EXAMPLES) : write(cli, EXAMPLES, name, options);
}

function list({ output }: Cli, all: readonly Example[]): number {
  if (output.json) {
    const examples = all.map(({ name, describes, source, comparable }) => ({
      name,
      describes,
      source,
      comparable,
    }));
    output.object({ version: 1, examples });
  }
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, describes } of all) output.print(`${name.padEnd(width)}  ${describes}`);
  output.info(
    "Write one to a folder with agentgraph example <name>. Rows of public data sets come from --data <folder>.",
  );
  return EXIT.done;
}

async function write(
  { deps, output }: Cli,
  all: readonly Example[],
  name: string,
  options: ExampleOptions,
): Promise<number> {
  const example = all.find((one) => one.name === name);
  if (!example) throw new UsageError(`There is no example named ${plain(name)}. List them with agentgraph example.`);
  if (example.source !== null && options.data === undefined) {
    throw new UsageError(`The rows of ${name} are not included. Get ${example.source}, then add --data <folder>.`);
  }
  const folder = resolve(options.output ?? name);
  const isThere = await deps.files.stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere && (await deps.files.list(folder)).length > 0) {
    throw new UsageError(`${plain(folder)} is not empty. Choose another folder with --output.`);
  }
  let written: Awaited<ReturnType<typeof writeExample>>;
  try {
    written = await writeExample(deps.files, example, dataFolder(deps.files, resolve(options.data ?? ".")), folder);
  } catch (error) {
    if (!(error instanceof DataMissing)) throw error;
    const wanted = error.wanted.join(", ");
    throw new UsageError(
      `${plain(options.data ?? "")} has none of ${wanted}. The rows are those of ${example.source}.`,
    );
  }
  const { path } = written;
  const { faults } = await loadTask(path, deps, overridesOf({ set: [] }));
  const serious = faults.filter(({ severity }) => severity !== "information");
  for (const fault of serious) output.print(faultLines(fault, output));
  const shown = relative(".", path) || path;
  const { train, validation, test } = written.rows;
  const samples = { train: train.length, validation: validation.length, test: test.length };
  const comparable = comparableWith(example, samples);
  if (output.json) output.object({ version: 1, file: path, samples, comparable });
  const counts = `${train.length} training, ${validation.length} validation and ${test.length} test samples`;
  output.print(`Wrote ${plain(shown)} with ${counts}.`);
  output.print(`Compare its figures with: ${comparable}`);
  output.info(`Next: agentgraph check ${plain(shown)}`);
  return hasErrors(faults) ? EXIT.wrongUse : EXIT.done;
}
