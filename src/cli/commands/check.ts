import { resolve } from "node:path";
import { hasErrors } from "../../graph/fault.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { loadTask } from "../../run/load.ts";
import { type ModelNames, overridesOf, type TaskOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit.ts";
import { faultLines } from "../runs/load.ts";

/** Prints the faults of all files. Exit code 2 if there is an error. */
export async function check(
  { deps, output }: Cli,
  paths: readonly string[],
  options: TaskOptions & ModelNames,
): Promise<number> {
  const found = [];
  for (const path of paths) {
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
      `${ENGLISH.count(paths.length, "file")}:`,
      `${ENGLISH.count(errors, "error")},`,
      ENGLISH.count(warnings, "warning"),
    ].join(" "),
  );
  return hasErrors(faults) ? EXIT.wrongUse : EXIT.done;
}
