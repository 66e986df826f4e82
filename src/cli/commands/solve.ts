import type { Sample, Split } from "../../data/sample.ts";
import type { SolverName } from "../../engine/solve/solvers.ts";
import { plain } from "../../i18n/plain-text.ts";
import { textOrFile } from "../arguments/option-file.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { type RunOptions, runGraph } from "../runs/run-graph.ts";

export interface SolveOptions extends Omit<RunOptions, "method"> {
  readonly split: Split;
  readonly rows?: string;
  readonly method: SolverName;
  readonly steps: number;
  readonly instruction?: string;
  /** A JSON Lines file for the answers. */
  readonly output?: string;
}

/** Improves single answers at test time. */
export async function solveCommand(
  cli: Cli,
  path: string,
  { split, rows, method: solver, steps, instruction: given, output: answers, ...options }: SolveOptions,
): Promise<number> {
  const instruction = given === undefined ? undefined : await instructionOf(given, cli);
  return runGraph(cli, path, { ...options, needs: [split], targetless: true, answers }, (subject) => {
    const samples = subject.task.data[split];
    if (samples.length === 0) {
      throw new UsageError(
        `${plain(path)} has no ${split} samples. Choose another set with --split, or add data.${split}.`,
      );
    }
    const chosen = rows === undefined ? undefined : rowsOf(samples, rows, split);
    const job = { kind: "solve", split, solver, steps, ...(chosen && { rows: chosen }) } as const;
    return { ...subject, job: { ...job, ...(instruction !== undefined && { instruction }) } };
  });
}

/** Samples to solve. @param rows `12` for the first twelve rows, else ids separated by commas */
function rowsOf(samples: readonly Sample[], rows: string, split: Split): string[] {
  const ids = samples.map(({ id }) => id);
  const names = rows.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !ids.includes(name));
  if (unknown.length === 0) return names;
  if (/^[1-9]\d*$/.test(rows.trim())) return ids.slice(0, Number(rows));
  const examples = ids.slice(0, 3).map(plain).join(", ");
  throw new UsageError(`The ${split} set has no row ${unknown.map(plain).join(", ")}. Its first rows are ${examples}.`);
}

async function instructionOf(given: string, { deps }: Cli): Promise<string> {
  const text = await textOrFile(given, "--instruction", deps.files);
  if (text.trim() === "") throw new UsageError("The instruction is empty. Describe a good answer.");
  return text;
}
