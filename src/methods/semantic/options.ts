import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of semantic gradient descent, with their defaults: chosen by measurement (`npm run bench -- worlds`). */
export const semanticOptions = z
  .strictObject({
    iterations: wholeNumber("Maximum number of iterations.", { least: 0, byDefault: 12, example: 20 }),
    batch: wholeNumber("Training samples per iteration.", { least: 1, byDefault: 6, example: 4 }),
    patience: wholeNumber("Iterations without improvement before the run stops.", {
      least: 1,
      byDefault: 3,
      example: 2,
    }),
    proposals: wholeNumber(
      "Drafts of each text per iteration. Several drafts compete on failing training samples, and the best one is validated.",
      { least: 1, byDefault: 1, example: 2 },
    ),
    update: oneOf("How many of the texts change in an iteration.", ["all", "half", "one"], "all"),
    gateEvery: wholeNumber(
      "Maximum number of iterations before validation. Proposals are validated at once when training samples do not improve. 0: 2 for up to two texts, 3 for more.",
      { least: 0, byDefault: 0, example: 4 },
    ),
    neighbors: flag("Whether the gradients of a node are computed with all its inputs in view.", true),
    gradients: flag("Whether the optimizer sees gradients.", true),
  })
  .describe("Options of the method `semantic`.");

export type SemanticOptions = z.output<typeof semanticOptions>;

/** Maximum number of texts for which two iterations before validation are best. */
const FEW_TEXTS = 2;

/**
 * Maximum number of iterations before validation. The more texts, the more of them have to be right before a sample is, and the
 * more calls a look at the validation set takes.
 * @param parameters number of elements of Θ
 */
export function gateEveryOf({ gateEvery }: Pick<SemanticOptions, "gateEvery">, parameters: number): number {
  if (gateEvery > 0) return gateEvery;
  return parameters <= FEW_TEXTS ? 2 : 3;
}
