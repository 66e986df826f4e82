import type { Loss } from "./loss.ts";
import { compact, containsWords, normalize, scoreOf } from "./normalize.ts";

export function containsLoss({ ignoreCase }: { readonly ignoreCase: boolean }): Loss {
  return {
    kind: "contains",
    describe: ({ t }) =>
      ignoreCase
        ? t("The answer contains the target as whole words. Case and spacing are ignored.")
        : t("The answer contains the target as whole words. Spacing is ignored."),
    score(sample, answer) {
      const said = compact(normalize(answer, ignoreCase));
      const held = sample.targets.some((target) => containsWords(said, compact(normalize(target, ignoreCase))));
      const loss = held ? 0 : 1;
      return scoreOf(sample, answer, loss, loss, "The answer has to hold the right one word for word.");
    },
  };
}
