import type { Sample } from "../../data/sample.ts";
import type { RunEvent } from "../events.ts";
import { streamEvents } from "../runner.ts";
import { type EngineDeps, openSession } from "../session.ts";
import type { Task } from "../task.ts";
import { causeOf } from "./llm.ts";

/** A graph's answer to one query, with the values that led to it. */
export interface GraphAnswer {
  readonly answer: string;
  /** Whether the reply did not match the output node's `output`. */
  readonly formatError: boolean;
  /** Why there is no answer: a node's code or tool could not use its inputs. null: there is one. */
  readonly problem: string | null;
  /** By node, in file order; without nodes that don't lead to the answer. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Answers one query, without data or loss.
 * @param inputs by name
 * @throws what ends a run: a refused key, an unknown model, the budget, the signal's reason; ModelError if a call failed
 */
export async function* answer(
  task: Task,
  inputs: Readonly<Record<string, string>>,
  deps: EngineDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, GraphAnswer> {
  try {
    return yield* streamEvents(signal, async (stop, emit): Promise<GraphAnswer> => {
      // Nothing is scored, so nodes that only have targets are not needed.
      const { targets: _, ...graph } = task.graph;
      const { start, ask, forward } = openSession({ ...task, graph }, deps, stop, emit);
      const sample: Sample = { id: "query", inputs, targets: [], feedback: null };
      try {
        const pass = forward(start, sample, { split: "test" });
        const { text, formatError, failure } = await pass.value(task.graph.output);
        const needed = task.graph.nodes.map(({ id }) => id);
        const values = await Promise.all(
          needed.map(async (id) => [id, (await pass.value(id).catch(() => null))?.text ?? null] as const),
        );
        const known = values.flatMap(([id, value]) => (value === null ? [] : [[id, value] as const]));
        return { answer: text, formatError, problem: failure?.problem ?? null, values: Object.fromEntries(known) };
      } finally {
        await ask.settled();
      }
    });
  } catch (error) {
    throw causeOf(error);
  }
}
