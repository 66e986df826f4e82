import type { Loss } from "./loss.ts";
import { holdsWords, normalize, scoreOf } from "./normalize.ts";

export function exactLoss({ ignoreCase }: { readonly ignoreCase: boolean }): Loss {
  return {
    kind: "exact",
    describes: `The answer equals the target; ${ignoreCase ? "case, " : ""}spacing, the kind of quotes and dashes, quotes or emphasis around it and a final full stop do not count.`,
    score(sample, answer) {
      const said = normalize(answer, ignoreCase);
      const targets = sample.targets.map((target) => normalize(target, ignoreCase));
      const right = targets.includes(said);
      const held = targets.some((target) => holdsWords(said, target));
      const hint = held ? "It holds the right answer, but must consist of nothing else." : "";
      return scoreOf(sample, answer, right ? 0 : 1, held ? 0 : 1, hint);
    },
  };
}
