import * as z from "zod";
import { flag, texts, wholeNumber } from "../../engine/options.ts";

/** Options of TextGrad, with the values of its prompt optimization script. */
export const textgradOptions = z
  .strictObject({
    iterations: wholeNumber("Number of steps.", { least: 0, byDefault: 12, example: 4 }),
    batch: wholeNumber("Training samples per step.", { least: 1, byDefault: 3, example: 8 }),
    revert: flag(
      "Whether each step must pass the gate on the whole validation set, and is reverted otherwise, also on a tie. If false, every step is kept, as in TextGrad's paper, and only the result must pass the gate.",
      true,
    ),
    gradientMemory: wholeNumber("Earlier steps whose feedback the optimizer sees again.", {
      least: 0,
      byDefault: 0,
      example: 2,
    }),
    constraints: texts("Rules that every new text must follow.", "Write in the second person."),
    examples: texts("Texts that show the optimizer what a good text looks like.", "Add the numbers. Give the sum."),
  })
  .describe("Options of the method `textgrad`.");

export type TextgradOptions = z.output<typeof textgradOptions>;
