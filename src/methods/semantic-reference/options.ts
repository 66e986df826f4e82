import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of the paper's own code, with its defaults. */
export const semanticReferenceOptions = z
  .strictObject({
    iterations: wholeNumber("Number of iterations.", { least: 0, byDefault: 12, example: 4 }),
    errors: wholeNumber("Failing training samples per iteration, chosen at random, whose feedback is used.", {
      least: 1,
      byDefault: 2,
      example: 3,
    }),
    gateOn: oneOf(
      "Samples on which an update must score better. `train`: the training set, as in the paper's code. `validation`: the validation set, by the gate policy.",
      ["train", "validation"],
      "train",
    ),
    update: oneOf(
      "`full` changes all texts at once. `coin` keeps each old text with probability one half.",
      ["full", "coin"],
      "full",
    ),
    neighbors: flag("Whether the gradients of a node are computed with all its inputs in view.", true),
    gradients: flag("Whether the optimizer sees feedback in addition to inputs and outputs.", true),
  })
  .describe("Options of the method `semantic-reference`.");

export type SemanticReferenceOptions = z.output<typeof semanticReferenceOptions>;
