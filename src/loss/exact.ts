import type { Loss } from "./loss.ts";
import { compact, holdsWords, normalize, scoreOf } from "./normalize.ts";

export function exactLoss({ ignoreCase }: { readonly ignoreCase: boolean }): Loss {
  return {
    kind: "exact",
    describes: `The answer equals the target; ${ignoreCase ? "case, " : ""}spacing, the kind of quotes and dashes, quotes, emphasis or \\boxed{} around it and punctuation at its end do not count.`,
    score(sample, answer) {
      const said = normalize(answer, ignoreCase);
      const targets = sample.targets.map((target) => normalize(target, ignoreCase));
      const right = targets.some((target) => compact(target) === compact(said));
      const held = targets.some((target) => holdsWords(said, target));
      const hint = held ? "It holds the right answer, but must consist of nothing else." : "";
      return scoreOf(sample, answer, right ? 0 : 1, held ? 0 : 1, hint);
    },
  };
}
