import { resolve } from "node:path";
import type { Files } from "../../deps.ts";
import { hasErrors } from "../../graph/fault.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { filesUnder, match } from "../../import/find-files.ts";
import { loadTask } from "../../run/load.ts";
import { type ModelNames, overridesOf, type TaskOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit.ts";
import { faultLines } from "../runs/load.ts";

/** Prints the faults of all files, and of all graph files in folders. Exit code 2 if there is an error. */
export async function check(
  { deps, output }: Cli,
  paths: readonly string[],
  options: TaskOptions & ModelNames,
): Promise<number> {
  const found = [];
  const graphFiles = (await Promise.all(paths.map((path) => graphsAt(path, deps.files)))).flat();
  for (const path of graphFiles) {
    const { faults } = await loadTask(resolve(path), deps, overridesOf(options));
    for (const fault of faults) output.print(faultLines(fault, output));
    found.push({ file: path, faults });
  }
  const faults = found.flatMap((one) => one.faults);
  const errors = faults.filter(({ severity }) => severity === "error").length;
  const warnings = faults.filter(({ severity }) => severity === "warning").length;
  if (output.json) output.object({ version: 1, errors, warnings, files: found });
  output.print(
    [
      `${ENGLISH.count(graphFiles.length, "file")}:`,
      `${ENGLISH.count(errors, "error")},`,
      ENGLISH.count(warnings, "warning"),
    ].join(" "),
  );
  return hasErrors(faults) ? EXIT.wrongUse : EXIT.done;
}

/** The graph files in a folder and its subfolders, and those that a pattern fits; the path itself if there is none, so that its fault is named. */
async function graphsAt(path: string, files: Files): Promise<string[]> {
  const kind = await files.stat(path).then(
    (found) => found.kind,
    () => "other",
  );
  // A shell leaves a pattern as it is if nothing fits, and on Windows always.
  if (kind === "other" && path.includes("*")) {
    const fitting = await match(path.replaceAll("\\", "/"), resolve("."), files);
    return fitting.length === 0 ? [path] : fitting;
  }
  if (kind !== "folder") return [path];
  const graphs = (await filesUnder(path, files)).filter((file) => file.endsWith(".agentgraph.json"));
  return graphs.length === 0 ? [path] : graphs;
}
