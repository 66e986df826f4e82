import * as z from "zod";
import { wholeNumber } from "../../engine/options.ts";

export const gepaOptions = z
  .strictObject({
    metricCalls: wholeNumber(
      "Maximum number of answers to score, on training and validation samples. Answers that are already known count too. The last step is finished even if it exceeds the maximum. 0: DSPy's formula, which grows with the number of texts and of validation samples.",
      { least: 0, byDefault: 0, example: 400 },
    ),
    minibatch: wholeNumber("Training samples on which a new text must score higher than its parent.", {
      least: 1,
      byDefault: 3,
      example: 5,
    }),
    merges: wholeNumber("Maximum number of merges of two lineages.", { least: 0, byDefault: 5, example: 0 }),
    parents: wholeNumber("Parents per step.", { least: 1, byDefault: 1, example: 2 }),
    proposals: wholeNumber("New texts per parent and step. Each uses its own training samples.", {
      least: 1,
      byDefault: 1,
      example: 4,
    }),
  })
  .describe("Options of the method `gepa`.");

export type GepaOptions = z.output<typeof gepaOptions>;
