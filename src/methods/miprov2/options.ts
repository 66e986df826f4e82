import * as z from "zod";
import { decimal, wholeNumber } from "../../engine/options.ts";

/** Defaults are those of DSPy's `auto="light"`. */
export const miprov2Options = z
  .strictObject({
    instructions: wholeNumber(
      "Versions of each text to choose from, including the current one. 0: as in DSPy, 3, or 6 if no examples are shown.",
      { least: 0, byDefault: 0, example: 6 },
    ),
    demonstrations: wholeNumber(
      "Sets of worked examples to choose from for each instruction, including the empty set. 1: no examples; proposals still see some.",
      { least: 1, byDefault: 6, example: 1 },
    ),
    examples: wholeNumber("Maximum number of worked examples in a set.", { least: 1, byDefault: 4, example: 2 }),
    trials: wholeNumber(
      "Combinations to try. 0: DSPy's formula, which grows with the number of texts and of their versions.",
      { least: 0, byDefault: 0, example: 30 },
    ),
    minibatch: wholeNumber("Validation samples on which a combination is scored.", {
      least: 1,
      byDefault: 35,
      example: 20,
    }),
    fullEvery: wholeNumber(
      "Trials after which the combination with the best mean is scored on the whole validation set.",
      {
        least: 1,
        byDefault: 5,
        example: 10,
      },
    ),
    temperature: decimal("Temperature of the optimizer model.", { least: 0, most: 2, byDefault: 1, example: 0.7 }),
  })
  .describe("Options of the method `miprov2`.");

export type Miprov2Options = z.output<typeof miprov2Options>;

/** Number of examples in a set, at most, if only proposals see them. */
const PROPOSER_EXAMPLES = 3;

/** Versions of each text to choose from, including the current one. */
export function versionsOf({ instructions, demonstrations }: Miprov2Options): number {
  if (instructions > 0) return instructions;
  return demonstrations > 1 ? 3 : 6;
}

/** Sets of worked examples to make. Without `demonstrations`, DSPy makes as many as there are versions, and only proposals see them. */
export function setsOf(options: Miprov2Options): { readonly demonstrations: number; readonly examples: number } {
  const { demonstrations, examples } = options;
  return demonstrations > 1
    ? { demonstrations, examples }
    : { demonstrations: versionsOf(options), examples: PROPOSER_EXAMPLES };
}
