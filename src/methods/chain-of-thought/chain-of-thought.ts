import * as z from "zod";
import { chainOfThought as stepByStep } from "../../engine/baseline.ts";
import type { RunEvent } from "../../engine/events.ts";
import { createFinalGate } from "../../engine/gate/final-gate.ts";
import type { Engine, Method } from "../../engine/method.ts";
import { withTexts } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import type { Texts } from "../../graph/graph.ts";

/**
 * The baseline of Kojima et al. 2022 (arXiv 2205.11916) as a method: appends “Let's think step by step.” to every
 * instruction that can change, all at once, and lets the gate decide whether that helps. It asks no model for a
 * text.
 */
export const chainOfThought: Method<Record<string, never>> = {
  name: "chain-of-thought",
  describes: "A baseline: the step-by-step suffix on every LLM node, kept if the gate accepts it.",
  options: z.strictObject({}).describe("The method `chain-of-thought` has no options."),
  iterations: () => 1,
  run,
};

async function* run({ graph, data }: Task, _: unknown, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const gate = createFinalGate(engine);
  const suffixed = stepByStep(graph);
  const candidates = await Promise.all(
    engine.parameters.map(({ id }) => {
      const text = suffixed[id];
      const isAsked = text !== undefined && text !== engine.start[id];
      const hypothesis = "A model that works step by step makes fewer mistakes.";
      return isAsked ? engine.candidate(id, engine.start, { text, hypothesis }) : null;
    }),
  );
  const made = candidates.filter((one) => one !== null);
  gate.remember(made);
  // In sequence, so that the order of calls never depends on the order of replies.
  await engine.score(engine.start, data.validation, { split: "validation" });
  yield gate.iteration(1, await gate.settle(withTexts(engine.start, made)));
  await gate.close();
  return gate.incumbent;
}
