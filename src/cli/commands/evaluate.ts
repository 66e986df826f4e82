import type { Split } from "../../data/sample.ts";
import { plain } from "../../i18n/plain-text.ts";
import type { Job } from "../../run/job.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { type RunOptions, runGraph } from "../runs/run-graph.ts";

export interface EvaluateOptions extends Omit<RunOptions, "method"> {
  readonly split: Split;
  /** A baseline instead of the graph itself. */
  readonly method?: (Job & { readonly kind: "evaluate" })["method"];
}

/** Scores the graph, or a baseline of it, on one set. */
export function evaluateCommand(
  cli: Cli,
  path: string,
  { split, method, ...options }: EvaluateOptions,
): Promise<number> {
  return runGraph(cli, path, { ...options, needs: [split] }, (subject) => {
    if (subject.task.data[split].length === 0) {
      throw new UsageError(
        `${plain(path)} has no ${split} samples. Choose another set with --split, or add data.${split}.`,
      );
    }
    return { ...subject, job: { kind: "evaluate", split, ...(method && { method }) } };
  });
}
