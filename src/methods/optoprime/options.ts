import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of OptoPrime. */
export const optoprimeOptions = z
  .strictObject({
    iterations: wholeNumber("Number of steps.", { least: 0, byDefault: 12, example: 4 }),
    batch: wholeNumber("Training samples per step, whose traces the optimizer sees.", {
      least: 1,
      byDefault: 3,
      example: 1,
    }),
    revert: flag(
      "Whether each step must pass the gate on the whole validation set, and is reverted otherwise. If false, every step is kept, as in Trace, and only the result must pass the gate.",
      true,
    ),
    memory: wholeNumber("Earlier attempts that the optimizer sees, with their feedback.", {
      least: 0,
      byDefault: 5,
      example: 2,
    }),
    form: oneOf(
      "Format of the reply: `tags` as in OptoPrime's second version, `json` as in its first.",
      ["tags", "json"],
      "tags",
    ),
  })
  .describe("Options of the method `optoprime`.");

export type OptoprimeOptions = z.output<typeof optoprimeOptions>;
