import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of the paper's own code, with its defaults. */
export const semanticReferenceOptions = z
  .strictObject({
    iterations: wholeNumber("Iterations.", { least: 0, byDefault: 12, example: 4 }),
    errors: wholeNumber("Failing training samples whose feedback an iteration uses, drawn at random.", {
      least: 1,
      byDefault: 2,
      example: 3,
    }),
    gateOn: oneOf(
      "Which samples an update has to score strictly better on: the training set, as the paper's code does, or the validation set by the common gate policy.",
      ["train", "validation"],
      "train",
    ),
    update: oneOf(
      "`full` changes all texts at once. `coin` keeps each old text with probability one half.",
      ["full", "coin"],
      "full",
    ),
    neighbors: flag("Whether a gradient is computed in view of all inputs of a node.", true),
    gradients: flag("Whether the optimizer sees feedback beside inputs and outputs.", true),
  })
  .describe("Options of the method `semantic-reference`.");

export type SemanticReferenceOptions = z.output<typeof semanticReferenceOptions>;
