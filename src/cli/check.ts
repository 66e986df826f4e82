import { resolve } from "node:path";
import { hasErrors } from "../graph/fault.ts";
import { loadTask } from "../run/load.ts";
import { count } from "../run/messages.ts";
import type { Cli } from "./cli.ts";
import { EXIT } from "./exit.ts";
import { faultLines } from "./load.ts";
import { type ModelNames, overridesOf, type TaskOptions } from "./options.ts";

/** Prints every fault of every file. Exit 2 where there is an error. */
export async function check(
  { deps, output }: Cli,
  paths: readonly string[],
  options: TaskOptions & ModelNames,
): Promise<number> {
  const found = [];
  for (const path of paths) {
    const { faults } = await loadTask(resolve(path), deps, overridesOf(options));
    for (const fault of faults) output.say(faultLines(fault, output));
    found.push({ file: path, faults });
  }
  const faults = found.flatMap((one) => one.faults);
  const errors = faults.filter(({ severity }) => severity === "error").length;
  const warnings = faults.filter(({ severity }) => severity === "warning").length;
  if (output.json) output.object({ version: 1, errors, warnings, files: found });
  output.say(`${count(paths.length, "file")}: ${count(errors, "error")}, ${count(warnings, "warning")}`);
  return hasErrors(faults) ? EXIT.wrongUse : EXIT.done;
}
