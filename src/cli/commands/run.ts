import { resolve } from "node:path";
import { answer, type GraphAnswer } from "../../engine/forward/answer.ts";
import { callsLabel } from "../../i18n/labels.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import { askWithoutRun } from "../../run/ask-without-run.ts";
import { modelsOf } from "../../run/models.ts";
import { runPathsOf } from "../../run/record/run-paths.ts";
import { RunReducer } from "../../run/state/reduce.ts";
import { textOrFile } from "../arguments/option-file.ts";
import type { BudgetOptions, ModelOptions, PlaceOptions, TaskOptions } from "../arguments/options.ts";
import { overridesOf, pricesFor } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { Cancelled, UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { loadOrThrow } from "../runs/load.ts";
import { runDepsOf } from "../runs/run-deps.ts";
import { connect } from "../server/provider.ts";

export interface AnswerOptions extends ModelOptions, BudgetOptions, TaskOptions, PlaceOptions {
  /** Inputs of the graph: `question=…`, or `question=@file`. */
  readonly input: readonly (readonly [name: string, value: string])[];
  /** Whether the values of all nodes are printed. */
  readonly trace?: boolean;
}

/** Answers one query with the graph as it is. */
export async function answerCommand(cli: Cli, path: string, options: AnswerOptions): Promise<number> {
  const { deps, output, signal } = cli;
  const graphFile = resolve(path);
  const overrides = { ...overridesOf(options), needs: [], targetless: true };
  const { subject, root } = await loadOrThrow(graphFile, deps, overrides, output);
  const { task } = subject;
  const inputs = await inputsOf(
    task.graph.inputs.map(({ name }) => name),
    options.input,
    cli,
  );
  const models = modelsOf(task);
  const price = pricesFor(models, task.options.budget, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const place = runPathsOf(root.folder, options.runsDir && resolve(options.runsDir));
  const runDeps = await runDepsOf(cli, task, options, { provider, price });
  const reducer = new RunReducer();
  const answered = await askWithoutRun(task, place, root.folder, runDeps, async (engine): Promise<GraphAnswer> => {
    const steps = answer(task, inputs, engine, signal);
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      reducer.apply({ ...step.value, at: deps.clock.now() });
    }
  });
  if (signal.aborted) throw new Cancelled();
  const { calls, usd, tokens } = reducer.state;
  if (output.json) {
    const spent = { calls: calls.total, tokens: { prompt: tokens.prompt, completion: tokens.completion }, usd };
    output.object({ version: 1, ...answered, ...spent });
  } else {
    if (options.trace) {
      for (const [id, value] of Object.entries(answered.values)) output.info(`${oneLine(id, 80)}: ${plain(value)}`);
    }
    if (answered.problem === null) output.print(plain(answered.answer));
    output.info(`${callsLabel(calls, ENGLISH)} · ${ENGLISH.money(usd)}`);
  }
  if (answered.problem !== null) output.error(`There is no answer: ${answered.problem}.`);
  else if (answered.formatError) output.warn("The reply is not in the form that the output node asks for.");
  return answered.problem === null ? EXIT.done : EXIT.failed;
}

/** @throws UsageError if an input is missing or not one of the graph's */
async function inputsOf(
  names: readonly string[],
  given: AnswerOptions["input"],
  { deps }: Cli,
): Promise<Record<string, string>> {
  const unknown = given.filter(([name]) => !names.includes(name)).map(([name]) => plain(name));
  const missing = names.filter((name) => !given.some(([one]) => one === name));
  const all = names.map(plain).join(", ");
  if (unknown.length > 0) throw new UsageError(`The graph has no input ${unknown.join(", ")}. Its inputs are ${all}.`);
  if (missing.length > 0) {
    throw new UsageError(`Set ${missing.map((name) => `--input ${plain(name)}=…`).join(" ")}. @file reads a file.`);
  }
  const values = given.map(
    async ([name, value]) => [name, await textOrFile(value, `--input ${name}`, deps.files)] as const,
  );
  return Object.fromEntries(await Promise.all(values));
}
