import * as z from "zod";
import { flag, oneOf, wholeNumber } from "../../engine/options.ts";

/** Options of OptoPrime. */
export const optoprimeOptions = z
  .strictObject({
    iterations: wholeNumber("Steps.", { least: 0, byDefault: 12, example: 4 }),
    batch: wholeNumber("Training samples whose traces a step shows.", { least: 1, byDefault: 3, example: 1 }),
    revert: flag(
      "Whether the gate looks after each step, on the whole validation set, and what it rejects is taken back. Off, every step is kept, as Trace does by itself, and the gate looks once at the end.",
      true,
    ),
    memory: wholeNumber("Earlier attempts that the optimizer is shown with what came of them.", {
      least: 0,
      byDefault: 5,
      example: 2,
    }),
    form: oneOf(
      "Form of the reply: `tags` as the second version of OptoPrime, `json` as the first.",
      ["tags", "json"],
      "tags",
    ),
  })
  .describe("Options of the method `optoprime`.");

export type OptoprimeOptions = z.output<typeof optoprimeOptions>;
