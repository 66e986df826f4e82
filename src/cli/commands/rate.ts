import { titleOf } from "../../data/sample-title.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import { Yielder } from "../../models/yielder.ts";
import { FormUnknown, NotRated, rate } from "../../run/rate.ts";
import { readReplies } from "../../run/record/replies.ts";
import { readRun } from "../../run/record/runs.ts";
import type { SampleRow } from "../../run/report/report.ts";
import { readAnswers, Samples } from "../../run/report/samples.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError, writeFailure } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { warnOfChangedTexts } from "../runs/texts-now.ts";
import { graphFileOf } from "./recheck.ts";
import { findRun } from "./runs.ts";

export interface RateOptions extends PlaceOptions {
  readonly graph?: string;
  /** Id of the sample. Default: all are listed. */
  readonly sample?: string;
  readonly right?: boolean;
  readonly correct?: string;
  readonly feedback?: string;
}

/** Writes a person's rating of an answer to its row in the data file, or lists the answers of a run. */
export async function rateCommand(cli: Cli, name: string, options: RateOptions): Promise<number> {
  const { deps, output } = cli;
  const { id, place, root } = await findRun(cli, name, options, "any");
  const run = await readRun(deps, place, id);
  const { start, state, trusted } = run;
  if (!trusted)
    throw new UsageError(`Run ${id} was made on another machine or changed since, so its answers aren't used.`);
  const replies = await readReplies(deps, run.files.replies, trusted);
  const turns = new Yielder(deps.clock);
  const answers = await readAnswers(start, state, replies, turns);
  const known = await Samples.of(start, state, answers, () => null, turns);
  const rows = await known.rows(Object.keys(state.scores[state.theta] ?? {}), state.theta, state.theta);
  await warnOfChangedTexts(run, root, cli);
  const { sample, right = false, correct: correction, feedback: comment } = options;
  if (sample === undefined) {
    if (right || correction !== undefined || comment !== undefined) {
      throw new UsageError("Name the sample with --sample. Without it, the answers are listed.");
    }
    return list(rows, id, cli);
  }
  if (right && correction !== undefined) throw new UsageError("Use one of --right and --correct.");
  if (!right && correction === undefined && comment === undefined) {
    throw new UsageError("Say what you think of the answer: --right, --correct or --feedback.");
  }
  const answer = rows.find((row) => row.id === sample)?.after?.text ?? null;
  if (right && answer === null) throw new UsageError(`Run ${id} has no answer to the sample ${plain(sample)}.`);
  const graphFile = await graphFileOf(id, start.graphFile, root, options.graph, deps.files);
  const said = {
    ...(right && answer !== null && { answer }),
    ...(correction !== undefined && { correction }),
    ...(comment !== undefined && { comment }),
  };
  try {
    const { file, values, namesFeedback } = await rate(graphFile, sample, said, deps, ENGLISH);
    const written = Object.entries(values).map(([field, value]) => `${field}: ${oneLine(String(value), 80)}`);
    output.print(
      written.length > 0
        ? `Wrote to ${plain(file)}: ${plain(written.join(", "))}`
        : `Nothing to write: ${plain(file)} expects this answer already.`,
    );
    if (namesFeedback) output.print('Added "feedback" to "data" in the graph file.');
    if (output.json) output.object({ version: 1, sample, file, values, namesFeedback });
    return EXIT.done;
  } catch (error) {
    if (error instanceof FormUnknown) throw new UsageError(`${error.message} Use --correct.`);
    if (error instanceof NotRated) throw new UsageError(error.message);
    throw error instanceof Error && "code" in error
      ? new UsageError(`Nothing was written: ${writeFailure(error)}.`)
      : error;
  }
}

function list(rows: readonly SampleRow[], run: string, { output }: Cli): number {
  const samples = rows.map(({ id, inputs, expected, after }) => ({
    sample: id,
    inputs,
    expected,
    answer: after?.text ?? null,
    score: after?.score ?? null,
  }));
  if (output.json) output.object({ version: 1, run, samples });
  for (const { id, inputs, expected, after, change } of rows) {
    const { colors } = output;
    const mark = change === "unscored" ? "?" : change === "right" ? "✓" : "✗";
    const answer = after?.text ?? null;
    output.print(`${mark} ${colors.bold(plain(id))} ${oneLine(titleOf({ id, inputs }), 100)}`);
    output.print(`  answer: ${answer === null ? "not recorded" : oneLine(answer, 200)}`);
    if (expected.length > 0) output.print(colors.dim(`  expected: ${oneLine(expected.join(" or "), 200)}`));
  }
  output.print(`To rate one: agentgraph rate ${run} --sample <id> --right, --correct <text> or --feedback <text>`);
  return EXIT.done;
}
