import { relative, resolve } from "node:path";
import { DataUnreadable } from "../../data/row.ts";
import { decodeData, formatOf } from "../../data/rows.ts";
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

/** Converts traces of OpenTelemetry, OpenInference, Langfuse and LangSmith to rows. */
export async function importRowsCommand(
  { deps, output }: Cli,
  paths: readonly string[],
  options: ImportRowsOptions,
): Promise<number> {
  const { rowsOfTraces } = await import("../../import/traces.ts");
  const records: TraceRecord[] = [];
  for (const path of paths) records.push(...(await recordsOf(path, deps.files)));
  const { rows, format, answered, accepted, unknown, empty } = rowsOfTraces(
    records.map(({ value }) => value),
    options.acceptOutputs === true,
  );
  if (format !== null && rows.length === 0) {
    const remedy =
      format === "Langfuse"
        ? "Its download of one trace can leave them out: export the table of observations, or take the trace from its API."
        : "Record the content of messages, e.g. with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, and name the file with the logs, too.";
    throw new UsageError(`The ${format} traces of ${paths.join(", ")} have no inputs. ${remedy}`);
  }
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
    `Wrote ${ENGLISH.count(rows.length, "row")} of ${format} traces to ${plain(name)}. Columns: ${plain(columns.join(", "))}.`,
  );
  const others = accepted > 0 ? `, and ${ENGLISH.count(accepted, "answer")} that nobody criticized` : "";
  output.print(
    `${ENGLISH.count(answered, "answer")} confirmed or corrected by people${others}, in the column "answer".`,
  );
  const open = rows.length - answered - accepted;
  if (open > 0)
    output.print(
      `Rows without an answer: ${open}. Correct them, use a judge, or count outputs that nobody criticized with --accept-outputs.`,
    );
  if (unknown.length > 0) {
    const places = unknown.slice(0, 5).map((index) => records[index]?.place ?? "");
    const more = unknown.length > places.length ? ", …" : "";
    output.warn(`Of no known format, so left out (${unknown.length}): ${plain(places.join(", "))}${more}.`);
  }
  if (empty > 0) output.warn(`Traces without inputs, left out: ${empty}.`);
  if (output.json)
    output.object({
      version: 1,
      file: name,
      format,
      rows: rows.length,
      answered,
      accepted,
      unknown: unknown.length,
      empty,
      columns,
    });
  return EXIT.done;
}

interface TraceRecord {
  readonly value: unknown;
  /** Path of the file, with the line or the row. */
  readonly place: string;
}

async function recordsOf(path: string, files: Cli["deps"]["files"]): Promise<TraceRecord[]> {
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
  if (/\.(?:csv|tsv)$/i.test(path)) return tableOf(path, text);
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value)
      ? value.map((one, at) => ({ value: one, place: `${path}, record ${at + 1}` }))
      : [{ value, place: path }];
  } catch {
    // One record a line.
  }
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    const place = `${path}, line ${at + 1}`;
    try {
      return [{ value: JSON.parse(line), place }];
    } catch {
      throw new UsageError(`${place}, is not JSON.`);
    }
  });
}

async function tableOf(path: string, text: string): Promise<TraceRecord[]> {
  const context = { name: path, locale: ENGLISH, yieldNow: async () => {} };
  try {
    const table = await formatOf(path)?.(text, context);
    return (table?.rows ?? []).map(({ fields, number }) => ({ value: fields, place: `${path}, row ${number}` }));
  } catch (error) {
    if (error instanceof DataUnreadable) throw new UsageError(error.message);
    throw error;
  }
}
