import * as z from "zod";
import { flag, texts, wholeNumber } from "../../engine/options.ts";

/** Options of TextGrad, with the figures of its prompt optimization script. */
export const textgradOptions = z
  .strictObject({
    iterations: wholeNumber("Steps.", { least: 0, byDefault: 12, example: 4 }),
    batch: wholeNumber("Training samples of a step.", { least: 1, byDefault: 3, example: 8 }),
    revert: flag(
      "Whether the gate looks after each step, on the whole validation set, and what it rejects is taken back, ties included. Off, as in TextGrad's paper, every step is kept, and the gate looks once at the end.",
      true,
    ),
    gradientMemory: wholeNumber("Earlier steps whose feedback the optimizer is shown again.", {
      least: 0,
      byDefault: 0,
      example: 2,
    }),
    constraints: texts("Rules that every new text has to follow.", "Write in the second person."),
    examples: texts("Texts that show the optimizer what a good text looks like.", "Add the numbers. Give the sum."),
  })
  .describe("Options of the method `textgrad`.");

export type TextgradOptions = z.output<typeof textgradOptions>;
