import * as z from "zod";
import { wholeNumber } from "../../engine/options.ts";

export const gepaOptions = z
  .strictObject({
    metricCalls: wholeNumber(
      "Answers scored at most, on training and validation samples, whether or not they are known already. The step that reaches it is finished.",
      { least: 1, byDefault: 400, example: 800 },
    ),
    minibatch: wholeNumber("Training samples on which a new text has to beat the one it comes from.", {
      least: 1,
      byDefault: 3,
      example: 5,
    }),
    merges: wholeNumber("Merges of two lineages at most. 0: none.", { least: 0, byDefault: 5, example: 0 }),
    parents: wholeNumber("Parents drawn for each step.", { least: 1, byDefault: 1, example: 2 }),
    proposals: wholeNumber("New texts for each parent in a step, all at once, each from samples of its own.", {
      least: 1,
      byDefault: 1,
      example: 4,
    }),
  })
  .describe("Options of the method `gepa`.");

export type GepaOptions = z.output<typeof gepaOptions>;
