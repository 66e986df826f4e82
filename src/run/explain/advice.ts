import type { Data, Sample } from "../../data/sample.ts";
import { signTest } from "../../engine/gate/statistics.ts";
import type { Task } from "../../engine/task.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import type { Locale } from "../../i18n/locale.ts";

/** Below this many validation samples a verdict is weak (docs/method.md, "Small sets"). */
const ENOUGH_SAMPLES = 50;
/** Number of verdicts that the budget should allow: about two per iteration. */
const ENOUGH_VERDICTS = 12;
/** p-value below which a difference is not attributed to chance. */
const RARE = 0.05;

/** Limitations of a run that are known before its first call, and how to avoid them. */
export type Advice =
  /** `fixed`: fixed samples, with none broken, from which a gain is more than chance; null: no number is enough. */
  | {
      readonly code: "few validation samples";
      readonly samples: number;
      readonly fixed: number | null;
      readonly policy: "strict" | "significant";
    }
  | {
      readonly code: "budget holds few verdicts";
      readonly samples: number;
      /** How many times the calls can score the validation set. */
      readonly verdicts: number;
      readonly budget: number;
      /** Number of calls that is enough. */
      readonly calls: number;
      /** Number of validation samples that the budget allows; null: too few to be useful. */
      readonly subset: number | null;
    };

/** @param calls maximum number; null: no limit */
export function adviceOn({ graph, data, options }: Pick<Task, "graph" | "data" | "options">, calls: number | null) {
  const samples = data.validation.length;
  const found: Advice[] = [];
  const { policy, alpha } = options.gate;
  if (samples < ENOUGH_SAMPLES && policy !== "off") {
    const fixed = leastFixed(policy === "significant" ? alpha : RARE);
    found.push({ code: "few validation samples", samples, fixed: fixed > samples ? null : fixed, policy });
  }
  const perAnswer = Math.max(1, graph.nodes.filter((node) => traitsOf(node).asksModel).length);
  if (calls === null || samples === 0) return found;
  // The original graph is scored on both sets, the final texts on the test set.
  const left = calls - perAnswer * 2 * data.test.length;
  const verdicts = Math.max(0, Math.floor(left / (perAnswer * samples)) - 1);
  if (verdicts >= ENOUGH_VERDICTS) return found;
  const subset = Math.floor(left / (perAnswer * (ENOUGH_VERDICTS + 1)));
  found.push({
    code: "budget holds few verdicts",
    samples,
    verdicts,
    budget: calls,
    calls: twoDigits(perAnswer * (samples * (ENOUGH_VERDICTS + 1) + 2 * data.test.length), Math.ceil),
    subset: subset >= ENOUGH_SAMPLES && subset < samples ? twoDigits(subset, Math.floor) : null,
  });
  return found;
}

/** Minimum number of fixed samples, with none broken, for a sign test at this level. */
function leastFixed(level: number): number {
  let fixed = 1;
  while (signTest(fixed, 0) > level) fixed++;
  return fixed;
}

function twoDigits(value: number, round: (value: number) => number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return round(value / step) * step;
}

export function adviceMessage(advice: Advice, locale: Locale): string {
  const { t } = locale;
  const samples = locale.count(advice.samples, "sample");
  if (advice.code === "few validation samples") {
    if (advice.policy === "significant") {
      return advice.fixed === null
        ? t(
            "The validation set has {0}, too few for the gate to accept anything. Use at least {1}.",
            samples,
            ENOUGH_SAMPLES,
          )
        : t(
            "The validation set has {0}. The gate accepts a change only if it fixes at least {1}, or more if it also breaks some.",
            samples,
            locale.count(advice.fixed, "sample"),
          );
    }
    return advice.fixed === null
      ? t("The validation set has {0}, so any gain can be chance. Use at least {1}.", samples, ENOUGH_SAMPLES)
      : t(
          "The validation set has {0}. A gain of fewer than {1} can be chance, though the gate accepts it.",
          samples,
          locale.count(advice.fixed, "sample"),
        );
  }
  const [budget, calls] = [locale.count(advice.budget, "call"), locale.count(advice.calls, "call")];
  const holds =
    advice.verdicts === 0
      ? t("The budget of {0} is not enough to score a change on the whole validation set ({1}).", budget, samples)
      : t(
          "The budget of {0} is enough to score about {1} on the whole validation set ({2}).",
          budget,
          locale.count(advice.verdicts, "change"),
          samples,
        );
  return advice.subset === null
    ? `${holds} ${t("Allow about {0}.", calls)}`
    : `${holds} ${t("Use a subset of {0}, or allow about {1}.", locale.count(advice.subset, "sample"), calls)}`;
}

/** The same task with an evenly drawn subset of the validation set. */
export function withSubset(task: Task, size: number): Task {
  const data: Data = { ...task.data, validation: evenly(task.data.validation, size) };
  return { ...task, data };
}

function evenly(samples: readonly Sample[], most: number): readonly Sample[] {
  const turn = (index: number) => Math.floor((index * most) / samples.length);
  return samples.length <= most ? samples : samples.filter((_, index) => turn(index + 1) > turn(index));
}
