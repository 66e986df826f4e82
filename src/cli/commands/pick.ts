import { textsOf } from "../../engine/theta.ts";
import { readRun } from "../../run/record/runs.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { applyChanges } from "../runs/apply.ts";
import { graphFileOf } from "./recheck.ts";
import { findRun } from "./runs.ts";

export interface PickOptions extends PlaceOptions {
  /** If the run does not name it, or names it wrongly. */
  readonly graph?: string;
}

/**
 * Writes one of the results that a run with `"pareto"` as objectives leaves to the user.
 * @param number counted from 1, as the run and its report print it
 */
export async function pickCommand(cli: Cli, name: string, number: number, options: PickOptions): Promise<number> {
  const { deps, output } = cli;
  const { id, place, root } = await findRun(cli, name, options, "last");
  const { start, state, trusted } = await readRun(deps, place, id);
  const front = state.finished?.front ?? [];
  if (front.length === 0) {
    throw new UsageError(
      `Run ${id} leaves no results to choose among. Set "optimize.objectives" to "pareto" in the graph file.`,
    );
  }
  if (!trusted)
    throw new UsageError(`Run ${id} was made on another machine or changed since, so its texts are not written.`);
  const point = front[number - 1];
  if (!point) throw new UsageError(`There is no result ${number}. Run ${id} has the results 1 to ${front.length}.`);
  const graphFile = await graphFileOf(id, start.graphFile, root, options.graph, deps.files);
  const changes = Object.entries(textsOf(start.graph)).flatMap(([node, base]) => {
    const text = point.texts[node] ?? base;
    return text === base ? [] : [{ node, base, text }];
  });
  if (changes.length === 0) output.info("This result is the original graph, so nothing is written.");
  const { isDone: isWritten } = await applyChanges(changes, start.graph, graphFile, deps.files, output);
  if (output.json)
    output.object({ version: 1, run: id, number, nodes: changes.map(({ node }) => node), written: isWritten });
  return isWritten ? EXIT.done : EXIT.failed;
}
