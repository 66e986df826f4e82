import { relative } from "node:path";
import type { Deps } from "../../deps.ts";
import type { Fault } from "../../graph/fault.ts";
import { plain } from "../../i18n/plain-text.ts";
import { type LoadedTask, loadTask, type Overrides } from "../../run/load.ts";
import { type RunRequest, runRequestOf } from "../../run/record/run-manifest.ts";
import { InvalidGraph } from "../errors.ts";
import type { Output } from "../output/output.ts";

/** `file:line:col severity code message`, then the remedy. */
export function faultLines({ file, line, column, severity, code, message, remedy }: Fault, output: Output): string {
  const { colors } = output;
  const paint = { error: colors.red, warning: colors.yellow, information: colors.cyan }[severity];
  const place = `${relative(process.cwd(), file) || file}:${line}:${column}`;
  return `${plain(place)} ${paint(severity)} ${code} ${plain(message)}\n    ${colors.dim(plain(remedy))}`;
}

/** Reads a graph file and the files it names, and prints errors and warnings. @throws InvalidGraph if it cannot run */
export async function loadOrThrow(
  path: string,
  deps: Pick<Deps, "files" | "clock">,
  overrides: Overrides,
  output: Output,
): Promise<LoadedTask & { readonly subject: RunRequest }> {
  return runnable(await loadTask(path, deps, overrides), path, output);
}

/** Prints errors and warnings of a graph file that was read. @throws InvalidGraph if it cannot run */
export function runnable(
  loaded: LoadedTask,
  path: string,
  output: Output,
): LoadedTask & { readonly subject: RunRequest } {
  for (const fault of loaded.faults) {
    if (fault.severity !== "information") output.info(faultLines(fault, output));
  }
  const subject = runRequestOf(loaded);
  if (subject) return { ...loaded, subject };
  const errors = loaded.faults.filter(({ severity }) => severity === "error");
  const more = errors.length > 1 ? ` and ${errors.length - 1} more` : "";
  const first = errors[0] ?? loaded.faults.find(({ code }) => code === "no-model");
  const remedy =
    first?.code === "no-model" ? " Name one with --model, or try the graph without a key: --model simulated." : "";
  throw new InvalidGraph(`${path} can't run: ${first?.message ?? "it has errors"}${more}${remedy}`);
}
