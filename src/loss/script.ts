import type { Code } from "../deps.ts";
import { structureIn } from "../graph/replies/json.ts";
import { CodeUnavailable, type Loss, type Score } from "./loss.ts";
import { scoreOf } from "./normalize.ts";

/** Maximum characters of a criticism. */
const CRITICISM = 4000;

/** A script returned something that is not a loss. */
export class NotALoss extends Error {
  override readonly name = "NotALoss";
  constructor(
    readonly file: string,
    readonly problem: string,
  ) {
    super(`${file}: ${problem}. A loss is a number from 0 (right) to 1 (wrong), or { loss, criticism }`);
  }
}

/**
 * Runs a script of the repository in the sandbox: `({ inputs, target, answer, values }) => number | { loss,
 * criticism, fixed }`. An error in the script leaves the sample unscored. Lenient is the same.
 */
export function scriptLoss(code: Code): Loss {
  return {
    kind: "script",
    targetless: true,
    code: [{ key: "file", code }],
    describe: ({ t }) => t("The script {0} scores the answer, 0 to 1.", code.file),
    async score(sample, answer, _, runner) {
      if (!runner) throw new CodeUnavailable();
      const [target = null] = sample.targets.map((text) => structureIn(text) ?? text);
      const { inputs } = sample;
      const result = await runner.call(code, { inputs, target, answer, values: await runner.values() });
      return { ...scoreOf(sample, answer, 0, 0), ...readScore(code.file, result, () => scoreOf(sample, answer, 1, 1)) };
    },
  };
}

function readScore(file: string, result: unknown, plain: () => Score): Pick<Score, "loss" | "lenient" | "criticism"> {
  const of = (key: string): unknown =>
    typeof result === "object" && result !== null ? Reflect.get(result, key) : null;
  const loss = typeof result === "object" ? of("loss") : result;
  if (typeof loss !== "number" || !(loss >= 0 && loss <= 1)) {
    throw new NotALoss(file, `it returned ${(JSON.stringify(result) ?? "nothing").slice(0, 100)}`);
  }
  if (loss === 0) return { loss, lenient: loss, criticism: "" };
  const [criticism, fixed] = [of("criticism"), of("fixed")].map((one) => (typeof one === "string" ? one.trim() : ""));
  const said = [criticism, fixed && `A right answer would be: ${fixed}`].filter(Boolean).join("\n");
  return { loss, lenient: loss, criticism: said.slice(0, CRITICISM) || plain().criticism };
}
