import { block, fill } from "../forward/prompt.ts";
import earlierTemplate from "../prompts/backward-earlier.md";
import type { Contributions } from "./backpropagation.ts";

/**
 * The feedback that backward calls gave, by what they asked. A call that asks the same again although texts were tried for its
 * sample shows it: at temperature 0 it would get the same feedback, and ϕ would write the same texts.
 */
export class EarlierFeedback {
  readonly #given = new Map<string, readonly { readonly tries: number; readonly shown: readonly string[] }[]>();

  /**
   * @param question identifies the call's sample and what it sees
   * @param tries number of texts that were tried for the sample so far
   */
  on(question: string, tries: number) {
    const earlier = (this.#given.get(question) ?? []).filter((one) => one.tries < tries);
    const feedback = earlier.flatMap(({ shown }) => shown).join("\n");
    return {
      /** For the prompt; empty if the question is new, or no text was tried since it was asked. */
      shown: feedback && fill(earlierTemplate, { feedback }),
      /** @param own key of the feedback on the instruction */
      add: ({ to, own: text }: Contributions<string>, own: string): void => {
        const parts = [...to, [own, text] as const].filter(([, said]) => said !== "");
        const shown = parts.map(([key, said]) => block("earlier_feedback", said, { on: key }));
        this.#given.set(question, [...earlier, { tries, shown }]);
      },
    };
  }
}
