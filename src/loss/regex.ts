import { Patterns } from "../graph/pattern.ts";
import type { Loss } from "./loss.ts";
import { containsWords, normalize, scoreOf } from "./normalize.ts";

/** `score` throws PatternTimeout if a pattern runs out of time: the sample is then unscored, not wrong. */
export function regexLoss({ pattern, flags }: { readonly pattern?: string; readonly flags: string }): Loss {
  const patterns = new Patterns();
  if (pattern === undefined) {
    return {
      kind: "regex",
      describe: ({ t }) => t("The target is a regular expression that matches part of the answer."),
      async score(sample, answer) {
        let loss = 1;
        for (const target of sample.targets) if (await patterns.match(target, flags, answer)) loss = 0;
        return scoreOf(sample, answer, loss, loss, "A right answer is text that this regular expression matches.");
      },
    };
  }
  return {
    kind: "regex",
    describe: ({ t }) =>
      t(
        "The part of the answer that {0} matches equals the target. Case and spacing are ignored.",
        `/${pattern}/${flags}`,
      ),
    async score(sample, answer) {
      const match = await patterns.match(pattern, flags, answer);
      const targets = sample.targets.map((target) => normalize(target));
      const right = match !== null && targets.includes(normalize(match[1] ?? match[0] ?? ""));
      const held = targets.some((target) => containsWords(normalize(answer), target));
      const hint =
        match === null ? `The answer has no part that matches the regular expression /${pattern}/${flags}.` : "";
      return scoreOf(sample, answer, right ? 0 : 1, held ? 0 : 1, hint);
    },
  };
}
