import type { Split } from "../data/sample.ts";
import { evaluate } from "../engine/evaluate.ts";
import type { EngineDeps } from "../engine/session.ts";
import type { Task } from "../engine/task.ts";
import { ownModel, type Role } from "../graph/graph.ts";
import { splitCount } from "../i18n/labels.ts";
import type { Locale } from "../i18n/locale.ts";
import { roundedLoss } from "../loss/loss.ts";
import type { RunRequest } from "./record/run-manifest.ts";

/** One model on one set. */
export interface ModelFigures {
  readonly model: string;
  /** Number of samples that could be scored. */
  readonly scored: number;
  /** Mean of 1 − loss; null if none was scored. */
  readonly score: number | null;
  /** Sample id → loss; without those that could not be scored. */
  readonly losses: Readonly<Record<string, number>>;
  /** Tokens of all forward calls per answer, whether or not they were paid for now. */
  readonly tokens: number;
  /** US dollars per 1,000 answers at list price; null if a price is unknown. */
  readonly usd: number | null;
}

/** What moving a graph to another model changes. Plain data, as `--json` prints it. */
export interface Migration {
  readonly version: 1;
  readonly split: Split;
  readonly n: number;
  readonly from: ModelFigures;
  /** With the texts of the file. */
  readonly to: ModelFigures;
  /** With the tuned texts; null if nothing was tuned. */
  readonly tuned: ModelFigures | null;
  /** Samples right with the old model and wrong with the new one, untuned and after tuning; and the other way around. */
  readonly broken: readonly string[];
  readonly fixed: readonly string[];
  readonly stillBroken: readonly string[];
  /** Id of the run that tuned; null if none did. */
  readonly run: string | null;
  /** Whether the new model scores at least as high on the samples that both could be scored on. */
  readonly held: boolean;
}

/** Both sides on the samples that both could be scored on: one that fails on hard samples seems better on the rest. */
function comparedOf(from: ModelFigures, last: ModelFigures) {
  const both = Object.keys(from.losses).filter((id) => last.losses[id] !== undefined);
  const score = ({ losses }: ModelFigures) =>
    both.length === 0 ? null : both.reduce((sum, id) => sum + 1 - (losses[id] ?? 1), 0) / both.length;
  return { n: both.length, from: score(from), last: score(last) };
}

/**
 * Scores a graph with the task's forward model, and adds up what its answers cost.
 * @throws what ends a run
 */
export async function figuresOf(
  task: Task,
  split: Split,
  deps: EngineDeps,
  signal: AbortSignal,
): Promise<ModelFigures> {
  let tokens = 0;
  let usd: number | null = 0;
  const steps = evaluate(task, split, deps, signal);
  for (;;) {
    const step = await steps.next();
    if (step.done) {
      const scored = step.value.samples.flatMap(({ id, score }) =>
        score === null ? [] : [[id, roundedLoss(1 - score)] as const],
      );
      const per = Math.max(1, scored.length);
      return {
        model: task.models.forward.model,
        scored: scored.length,
        score: step.value.score,
        losses: Object.fromEntries(scored),
        tokens: tokens / per,
        usd: usd === null ? null : (1000 * usd) / per,
      };
    }
    const event = step.value;
    if (event.type !== "call" || event.purpose !== "forward" || event.error !== null) continue;
    tokens += event.usage.prompt + event.usage.completion;
    // By the requested name, as in the budget: the name that the server returns can have no price, or another one.
    const node = task.graph.nodes.find(({ id }) => id === event.node);
    const { model } = (node && ownModel(node)) ?? task.models.forward;
    const price = deps.price(model, event.usage) ?? deps.price(event.model, event.usage);
    usd = usd === null || price === null ? null : usd + price;
  }
}

/** A job with another model for the role `forward`, and for nodes that name one of their own. */
export function withForward(request: RunRequest, model: string): RunRequest {
  const { task } = request;
  const nodes = task.graph.nodes.map((node) =>
    "model" in node && node.model ? { ...node, model: { ...node.model, model } } : node,
  );
  const models = { ...task.models, forward: { ...task.models.forward, model } };
  return { ...request, task: { ...task, graph: { ...task.graph, nodes }, models } };
}

/** The set on which two models are compared. */
export function migrationSplit({ data }: Task): Split {
  return data.test.length > 0 ? "test" : "validation";
}

/** Roles that a graph uses besides `forward`. */
export function otherRoles({ loss, losses = {} }: Task): readonly Role[] {
  const isJudged = [loss, ...Object.values(losses)].some(({ kind }) => kind === "judge");
  return isJudged ? ["backward", "optimizer", "judge"] : ["backward", "optimizer"];
}

/** @param threshold τ: a loss of at most this is right */
export function migrationOf(
  measured: Pick<Migration, "split" | "n" | "from" | "to" | "tuned" | "run">,
  threshold: number,
): Migration {
  const { from, to, tuned } = measured;
  const changed = (before: ModelFigures, after: ModelFigures) => {
    const right = (figures: ModelFigures, id: string) => (figures.losses[id] ?? 1) <= threshold;
    const both = Object.keys(before.losses).filter((id) => after.losses[id] !== undefined);
    return {
      broken: both.filter((id) => right(before, id) && !right(after, id)),
      fixed: both.filter((id) => !right(before, id) && right(after, id)),
    };
  };
  const last = tuned ?? to;
  const compared = comparedOf(from, last);
  return {
    version: 1,
    ...measured,
    ...changed(from, to),
    stillBroken: changed(from, last).broken,
    held: compared.last !== null && compared.from !== null && compared.last >= compared.from - 1e-9,
  };
}

/** The outcome in a few sentences, the most important first. */
export function migrationSentences(migration: Migration, locale: Locale): string[] {
  const { t } = locale;
  const { from, to, tuned, split, n, broken, fixed, stillBroken, held } = migration;
  const last = tuned ?? to;
  const compared = comparedOf(from, last);
  const score = (value: number | null) => (value === null ? "–" : locale.decimal(value));
  const verdict = held
    ? t(
        "{0} keeps the score of {1}: {2} against {3} on {4}.",
        last.model,
        from.model,
        score(compared.last),
        score(compared.from),
        splitCount(compared.n, split, locale),
      )
    : t(
        "{0} scores lower than {1}: {2} against {3} on {4}.",
        last.model,
        from.model,
        score(compared.last),
        score(compared.from),
        splitCount(compared.n, split, locale),
      );
  const without = tuned
    ? [
        t("Without tuning, it scored {0}: {1} broken, {2} fixed.", score(to.score), broken.length, fixed.length),
        stillBroken.length === 1
          ? t("After tuning, 1 is still broken.")
          : t("After tuning, {0} are still broken.", stillBroken.length),
      ].join(" ")
    : t("With the same texts: {0} broken, {1} fixed.", broken.length, fixed.length);
  const left = n - compared.n;
  const unscored = left > 0 ? [t("{0} could not be scored with both models.", splitCount(left, split, locale))] : [];
  return [[verdict, ...unscored].join(" "), without, savings(from, last, locale)];
}

function savings(from: ModelFigures, last: ModelFigures, locale: Locale): string {
  const { t } = locale;
  if (from.usd === null || last.usd === null) {
    return t(
      "Tokens per answer: {0} → {1}. The price of a model is unknown; set it with --price, or in the editor with agentgraph.prices.",
      locale.integer(Math.round(from.tokens)),
      locale.integer(Math.round(last.tokens)),
    );
  }
  const share = 1 - last.usd / from.usd;
  const amounts = [locale.money(from.usd), locale.money(last.usd)] as const;
  if (amounts[0] === amounts[1]) return t("1,000 answers cost {0} with both.", amounts[0]);
  if (from.usd === 0) return t("1,000 answers cost {0} → {1}.", ...amounts);
  if (share <= -1) {
    const times = locale.integer(Math.round(last.usd / from.usd));
    return t("1,000 answers cost {0} → {1}: about {2} times as much.", ...amounts, times);
  }
  return share >= 0
    ? t("1,000 answers cost {0} → {1}: {2} less.", ...amounts, locale.percent(share))
    : t("1,000 answers cost {0} → {1}: {2} more.", ...amounts, locale.percent(-share));
}
