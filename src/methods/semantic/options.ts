import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of semantic gradient descent, with their defaults: chosen by measurement (`npm run bench -- worlds`). */
export const semanticOptions = z
  .strictObject({
    iterations: wholeNumber("At most this many iterations.", { least: 0, byDefault: 12, example: 20 }),
    batch: wholeNumber("Training samples looked at in an iteration.", { least: 1, byDefault: 8, example: 4 }),
    patience: wholeNumber("Iterations without improvement before the run stops.", {
      least: 1,
      byDefault: 3,
      example: 2,
    }),
    proposals: wholeNumber(
      "Drafts for each text in an iteration. Several compete on failing training samples, and the best goes on.",
      { least: 1, byDefault: 1, example: 2 },
    ),
    update: oneOf("How many texts an iteration changes.", ["all", "half", "one"], "all"),
    gateEvery: wholeNumber(
      "The gate looks after at most so many iterations, and at once when training samples have not got better.",
      { least: 1, byDefault: 4, example: 1 },
    ),
    neighbors: flag("Whether a gradient is computed in view of all inputs of a node.", true),
    gradients: flag("Whether the optimizer sees gradients.", true),
  })
  .describe("Options of the method `semantic`.");

export type SemanticOptions = z.output<typeof semanticOptions>;
