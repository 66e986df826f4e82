import { relative, resolve } from "node:path";
import { decodeData } from "../../data/rows.ts";
import { MAX_DATA } from "../../graph/containment.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";

interface ImportRowsOptions {
  readonly output: string;
  readonly acceptOutputs?: boolean;
}

/** Writes rows of what happened: traces of OpenTelemetry, OpenInference, Langfuse and LangSmith. */
export async function importRowsCommand(
  { deps, output }: Cli,
  paths: readonly string[],
  options: ImportRowsOptions,
): Promise<number> {
  const { rowsOfTraces } = await import("../../import/traces.ts");
  const records: unknown[] = [];
  for (const path of paths) records.push(...(await recordsOf(path, deps.files)));
  const { rows, format, answered, unknown } = rowsOfTraces(records, options.acceptOutputs === true);
  if (rows.length === 0 || format === null) {
    throw new UsageError(
      `${paths.join(", ")} holds no traces with inputs: OTLP JSON, OpenInference, Langfuse and LangSmith are read.`,
    );
  }
  const target = resolve(options.output);
  const exists = await deps.files.stat(target).then(
    () => true,
    () => false,
  );
  if (exists) throw new UsageError(`${options.output} exists. Name another file with --output.`);
  try {
    await deps.files.write(target, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  } catch (error) {
    throw new UsageError(`${options.output} can't be written: ${writeFailure(error)}.`);
  }
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const name = relative(process.cwd(), target) || target;
  output.print(
    `Wrote ${rows.length} rows of ${format} traces to ${plain(name)}. Columns: ${plain(columns.join(", "))}.`,
  );
  output.print(`${ENGLISH.count(answered, "answer")} confirmed or corrected by people, in the column "answer".`);
  const open = rows.length - answered;
  if (open > 0)
    output.print(
      `${open} rows have no answer: correct them, use a judge, or count outputs that nobody criticized with --accept-outputs.`,
    );
  if (unknown > 0) output.warn(`${unknown} records are of no known format and are left out.`);
  if (output.json) output.object({ version: 1, file: name, format, rows: rows.length, answered, unknown, columns });
  return EXIT.done;
}

async function recordsOf(path: string, files: Cli["deps"]["files"]): Promise<unknown[]> {
  const read = async () => {
    const { bytes, kind } = await files.stat(resolve(path));
    if (kind !== "file" || bytes > MAX_DATA)
      throw new UsageError(`${path} is not a file of at most ${MAX_DATA} bytes.`);
    return decodeData(await files.read(resolve(path)));
  };
  const text = await read().catch((error: unknown) => {
    throw error instanceof UsageError ? error : new UsageError(`${path} does not exist or can't be read.`);
  });
  if (text === null) throw new UsageError(`${path} is not UTF-8 text.`);
  try {
    return [JSON.parse(text)];
  } catch {
    // One record a line.
  }
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line)];
    } catch {
      throw new UsageError(`${path}, line ${at + 1}, is not JSON.`);
    }
  });
}
