import { l10n, ProgressLocation, window } from "vscode";
import type { Task } from "../../engine/task.ts";
import { capitalized } from "../../i18n/labels.ts";
import { TIER_PRICE, type Tier } from "../../models/known-models.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { tierForAllRoles } from "../../models/tiers/choice.ts";
import { type Estimate, rounded } from "../../run/estimate/estimate.ts";
import { estimateLine } from "../../run/estimate/estimate-line.ts";
import { tierCost, tierLines, tiersFor, tierTime } from "../../run/estimate/tier-lines.ts";
import { adviceMessage, adviceOn, withSubset } from "../../run/explain/advice.ts";
import type { RunState } from "../../run/state/state.ts";
import type { Connection } from "../account/account.ts";
import { readSettings, writeTier } from "../account/settings.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled } from "../errors.ts";
import { oneLine } from "../ui/markdown.ts";
import { withoutLinks } from "../ui/notifications.ts";

/** The user's decision before a run: to start this task, or to choose another model or tier first. */
export type Confirmed = { readonly start: Task } | "change model" | "change tier";

/**
 * Shows the estimated cost of a run and what its sets can show, before the first call. The user starts it, chooses another
 * model, changes the budget, uses a subset of the validation set, or cancels.
 * @param cap the user's limit on calls, which no file can raise; null without one
 * @param pace milliseconds per call
 * @param isFixed whether the model and the standard price are decided, so that neither can be changed. Default: false
 * @throws Cancelled
 */
export async function confirmStart(
  asked: Task,
  connection: Connection,
  estimateOf: (task: Task) => Promise<Estimate>,
  cap: number | null,
  pace: number,
  isFixed = false,
): Promise<Confirmed> {
  let task = asked;
  let estimate = await estimating(() => estimateOf(task));
  for (;;) {
    const limits = task.options.budget;
    const start = l10n.t("Start");
    const model = l10n.t("Change model…");
    const change = l10n.t("Change budget…");
    const message = questionOf(task);
    const { train, validation, test } = task.data;
    const samples = train.length + validation.length + test.length;
    const advice = adviceOn(task, limits.calls);
    const few = advice.find((one) => one.code === "budget holds few verdicts");
    const subset = few?.subset ? l10n.t("Use {0} validation samples", few.subset) : null;
    const words = advice.map((one) => adviceMessage(one, LOCALE)).join("\n");
    const offered = isFixed ? [] : offeredTiers(task, connection);
    const tier = l10n.t("Change tier…");
    const detail = [
      costs(estimate, limits, pace, connection),
      isFixed ? "" : tierWords(task, estimate, connection),
      answers(task, connection, samples),
      words,
    ]
      .filter(Boolean)
      .join("\n\n");
    const buttons = [
      start,
      ...(isFixed ? [] : [model]),
      change,
      ...(offered.length > 0 ? [tier] : []),
      ...(subset === null ? [] : [subset]),
    ];
    const answer = await window.showInformationMessage(message, { modal: true, detail }, ...buttons);
    if (answer === start) return { start: task };
    if (answer === model) return "change model";
    if (answer === tier) {
      await askTier(estimate, connection, offered);
      return "change tier";
    }
    if (answer === change) {
      const calls = await askCalls(few?.calls ?? limits.calls ?? estimate.calls, 1, cap);
      task = { ...task, options: { ...task.options, budget: { ...limits, calls } } };
    } else if (few?.subset && answer === subset) task = withSubset(task, few.subset);
    else throw new Cancelled();
    estimate = await estimating(() => estimateOf(task));
  }
}

function questionOf({ graph }: Task): string {
  const tuned = graph.nodes.filter(({ trainable }) => trainable);
  const [only] = tuned;
  const name = oneLine(graph.name);
  return only && tuned.length === 1 && graph.nodes.length > 1
    ? l10n.t("Optimize “{0}” in “{1}”?", oneLine(only.id), name)
    : l10n.t("Optimize “{0}”?", name);
}

/** The tiers at half the price that can be chosen. */
function offeredTiers(task: Task, { url, tier }: Connection): readonly Tier[] {
  if (url === null) return [];
  const offered = tiersFor(task);
  return tier === "now" || offered.includes(tier) ? offered : [...offered, tier];
}

/** Sentences on the chosen tier, or on those that can be chosen. */
function tierWords(task: Task, estimate: Pick<Estimate, "usd" | "waves">, { url, tier: own }: Connection): string {
  if (url === null) return "";
  const chosen = own === "now" ? undefined : tierForAllRoles(own);
  const standard = LOCALE.money(estimate.usd);
  return tierLines(task, estimate, chosen, LOCALE, readSettings().tierFallback)
    .map(({ tier, isChosen, cost, time }) => {
      if (!isChosen) return l10n.t("Half price with the {0} tier: about {1}; {2}.", tier, cost, time);
      return estimate.usd === null
        ? l10n.t("You chose the {0} tier, half the standard price: {1}.", tier, time)
        : l10n.t("You chose the {0} tier: about {1} instead of {2}; {3}.", tier, cost, standard, time);
    })
    .join("\n");
}

/** @throws Cancelled */
async function askTier(
  { usd, waves }: Pick<Estimate, "usd" | "waves">,
  { tier: current }: Connection,
  offered: readonly Tier[],
): Promise<void> {
  const { tierFallback } = readSettings();
  const labels = { now: l10n.t("Standard"), flex: l10n.t("Flex"), batch: l10n.t("Batch") };
  const items = (["now", ...offered] as const).map((tier) => {
    const cost =
      usd === null || tier === "now" ? LOCALE.money(usd, true) : tierCost(usd, tier === "flex" && tierFallback, LOCALE);
    return {
      tier,
      label: labels[tier],
      description: tier === current ? l10n.t("{0} · used now", cost) : cost,
      detail:
        tier === "now" ? l10n.t("Requests are answered at once") : capitalized(tierTime(tier, waves, LOCALE), LOCALE),
    };
  });
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Which price tier should be used?"),
    placeHolder: l10n.t("For all runs, until you change it"),
    ignoreFocusOut: true,
  });
  if (!picked) throw new Cancelled();
  await writeTier(picked.tier);
}

/** Shows progress while an estimate is computed, which takes seconds for many samples on a busy machine. */
export function estimating<T>(work: () => Promise<T>): Thenable<T> {
  const title = withoutLinks(l10n.t("AgentGraph: Estimating cost…"));
  return window.withProgress({ location: ProgressLocation.Window, title }, work);
}

/** A confirmation for calls outside an optimization. */
export interface AskOptions {
  readonly question: string;
  readonly button: string;
  /** The estimate. `calls` are sent, without the cached ones. */
  readonly estimate: Pick<Estimate, "calls" | "usd" | "cached" | "waves">;
  readonly task: Task;
  /** Number of samples that are sent. */
  readonly samples: number;
  readonly connection: Connection;
  /** Maximum number of calls, if known. */
  readonly most?: number;
  /** Names of the models that are asked. Default: those of the task. */
  readonly models?: readonly string[];
  /** Further information. */
  readonly about?: readonly string[];
  /** The price tier can be changed. Default: it can't. */
  readonly hasTiers?: boolean;
}

/**
 * Shows the estimated cost before the first call. Does not ask if nothing is sent and there is nothing to show.
 * @returns whether to start; false: the user has changed the tier
 * @throws Cancelled
 */
export async function confirmCalls({
  question,
  button,
  estimate,
  task,
  samples,
  connection,
  most,
  models,
  about,
  hasTiers = false,
}: AskOptions): Promise<boolean> {
  const { calls, usd, cached } = estimate;
  if (calls === 0 && !about) return true;
  const bound = task.options.budget.calls;
  const lines = [
    ...(about ?? []).filter(Boolean),
    calls === 0
      ? l10n.t("Every reply is cached from earlier runs, so this costs nothing.")
      : estimateLine(
          { calls, usd: usdAt(usd, connection) },
          null,
          most === undefined ? null : { calls: most, tokens: null, usd: null },
          LOCALE,
        ),
    calls > 0 && cached > 0
      ? cached === 1
        ? l10n.t("1 more reply is cached from earlier runs and costs nothing.")
        : l10n.t("{0} more replies are cached from earlier runs and cost nothing.", LOCALE.integer(rounded(cached)))
      : "",
    bound !== null && calls > bound
      ? l10n.t("The budget of {0} will be reached before the run finishes.", LOCALE.count(bound, "call"))
      : "",
    calls > 0 && hasTiers ? tierWords(task, estimate, connection) : "",
    calls > 0 ? answers(task, connection, samples, models) : "",
  ];
  const detail = lines.filter(Boolean).join("\n\n");
  const offered = calls > 0 && hasTiers ? offeredTiers(task, connection) : [];
  const change = l10n.t("Change tier…");
  const buttons = offered.length > 0 ? [button, change] : [button];
  const answer = await window.showInformationMessage(question, { modal: true, detail }, ...buttons);
  if (answer === change) await askTier(estimate, connection, offered);
  else if (answer !== button) throw new Cancelled();
  return answer === button;
}

/** Asks for a larger budget to resume a run. @throws Cancelled */
export async function askForMore(
  limits: BudgetLimits,
  { calls, tokens, usd }: RunState,
  cap: BudgetLimits,
): Promise<BudgetLimits> {
  const more = await askCalls(Math.max(limits.calls ?? 0, calls.total) * 2, calls.total + 1, cap.calls);
  const used = tokens.prompt + tokens.completion;
  // Another limit may have ended the run, so the other limits are doubled, too.
  return {
    calls: more,
    tokens: limits.tokens && smaller(Math.max(limits.tokens, used) * 2, cap.tokens),
    usd: limits.usd && smaller(Math.max(limits.usd, usd ?? 0) * 2, cap.usd),
  };
}

async function askCalls(value: number, least: number, cap: number | null): Promise<number> {
  const most = cap ?? Number.MAX_SAFE_INTEGER;
  const answer = await window.showInputBox({
    title: l10n.t("Budget"),
    prompt: l10n.t(
      "The maximum number of calls for this run. At the limit, the run stops and its results so far can be reviewed.",
    ),
    value: String(Math.max(least, Math.min(value, most))),
    ignoreFocusOut: true,
    validateInput: (text) => {
      const calls = Number(text);
      if (!Number.isInteger(calls) || calls < least) return l10n.t("Enter a whole number of at least {0}.", least);
      return calls > most ? l10n.t("Your setting agentgraph.budget.calls allows at most {0}.", most) : null;
    },
  });
  if (!answer) throw new Cancelled();
  return Number(answer);
}

function smaller(value: number, cap: number | null): number {
  return cap === null ? value : Math.min(value, cap);
}

/** What an estimate at the standard price costs at the tier of a connection, at most. */
function usdAt(usd: number | null, { tier }: Connection): number | null {
  const isStandard = tier === "now" || (tier === "flex" && readSettings().tierFallback);
  return usd === null || isStandard ? usd : usd * TIER_PRICE;
}

function costs(estimate: Estimate, limits: BudgetLimits, pace: number, connection: Connection): string {
  const { calls, cached } = estimate;
  const usd = usdAt(estimate.usd, connection);
  return [
    calls > 0
      ? estimateLine({ calls, usd }, connection.tier === "now" ? pace : null, limits, LOCALE)
      : l10n.t("Replies are cached from earlier runs, so this costs little or nothing."),
    limits.calls !== null && limits.calls < calls ? l10n.t("This is probably too few: the run would end early.") : "",
    calls > 0 && cached > 0
      ? cached === 1
        ? l10n.t("1 more reply is cached from earlier runs and costs nothing.")
        : l10n.t("{0} more replies are cached from earlier runs and cost nothing.", LOCALE.integer(rounded(cached)))
      : "",
  ]
    .filter(Boolean)
    .join("\n");
}

function answers(
  { models }: Task,
  { provider, url }: Connection,
  samples: number,
  asked: readonly string[] = [models.forward.model, models.backward.model, models.optimizer.model],
): string {
  if (provider.names === "one") return l10n.t("The simulated model is used: no data leaves this machine.");
  const names = [...new Set(asked)];
  const shown = oneLine(
    names.length === 1 ? l10n.t("model {0}", names.join("")) : l10n.t("models {0}", names.join(", ")),
  );
  const count = LOCALE.count(samples, "sample");
  if (url !== null && samples === 1) {
    return l10n.t("The instructions and this sample are sent to {1} at {0}.", new URL(url).host, shown);
  }
  if (url !== null) {
    return l10n.t("Instructions and {0} are sent to {2} at {1}.", count, new URL(url).host, shown);
  }
  return l10n.t(
    "Instructions and {0} are sent to {1} through VS Code. VS Code doesn't report token usage, so cost is an estimate. It may also ignore the temperature, so results can vary between runs.",
    count,
    shown,
  );
}
