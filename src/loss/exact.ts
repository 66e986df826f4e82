import type { Loss } from "./loss.ts";
import { compact, containsWords, normalize, scoreOf } from "./normalize.ts";

export function exactLoss({ ignoreCase }: { readonly ignoreCase: boolean }): Loss {
  return {
    kind: "exact",
    describe: ({ t }) =>
      ignoreCase
        ? t(
            "The answer equals the target. Ignored are case, spacing, the kind of quotes and dashes, quotes, emphasis or \\boxed around the answer, and punctuation at its end.",
          )
        : t(
            "The answer equals the target in the same case. Ignored are spacing, the kind of quotes and dashes, quotes, emphasis or \\boxed around the answer, and punctuation at its end.",
          ),
    score(sample, answer) {
      const said = compact(normalize(answer, ignoreCase));
      const targets = sample.targets.map((target) => compact(normalize(target, ignoreCase)));
      const right = targets.includes(said);
      const held = targets.some((target) => containsWords(said, target));
      const hint = held ? "It holds the right answer, but must consist of nothing else." : "";
      return scoreOf(sample, answer, right ? 0 : 1, held ? 0 : 1, hint);
    },
  };
}
