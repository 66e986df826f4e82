import { l10n, window } from "vscode";
import type { Task } from "../../engine/task.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { adviceMessage, adviceOn, withSubset } from "../../run/advice.ts";
import { type Estimate, rounded } from "../../run/estimate.ts";
import type { RunState } from "../../run/state.ts";
import type { Connection } from "../account/account.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled } from "../errors.ts";
import { oneLine } from "../markdown.ts";

/**
 * Shows the estimated cost of a run and what its sets can show, before the first call. The user starts it, changes the
 * budget, uses a subset of the validation set, or cancels.
 * @param cap the user's limit on calls, which no file can raise; null without one
 * @returns what to start
 * @throws Cancelled
 */
export async function confirmStart(
  asked: Task,
  connection: Connection,
  estimateOf: (task: Task) => Promise<Estimate>,
  cap: number | null,
): Promise<Task> {
  let task = asked;
  let estimate = await estimateOf(task);
  for (;;) {
    const limits = task.options.budget;
    const start = l10n.t("Start");
    const change = l10n.t("Change budget…");
    const message = l10n.t("Optimize “{0}”?", oneLine(task.graph.name));
    const { train, validation, test } = task.data;
    const samples = train.length + validation.length + test.length;
    const advice = adviceOn(task, limits.calls);
    const few = advice.find((one) => one.code === "budget holds few verdicts");
    const subset = few?.subset ? l10n.t("Use {0} validation samples", few.subset) : null;
    const words = advice.map((one) => adviceMessage(one, LOCALE)).join("\n");
    const detail = [costs(estimate, limits), words, answers(task, connection, samples)].filter(Boolean).join("\n\n");
    const buttons = [start, change, ...(subset === null ? [] : [subset])];
    const answer = await window.showInformationMessage(message, { modal: true, detail }, ...buttons);
    if (answer === start) return task;
    if (answer === change) {
      const calls = await askCalls(few?.calls ?? limits.calls ?? estimate.calls, 1, cap);
      task = { ...task, options: { ...task.options, budget: { ...limits, calls } } };
    } else if (few?.subset && answer === subset) task = withSubset(task, few.subset);
    else throw new Cancelled();
    estimate = await estimateOf(task);
  }
}

/** A confirmation for calls outside an optimization. */
export interface Asking {
  readonly question: string;
  readonly button: string;
  /** `calls` that are sent, besides the cached ones. */
  readonly estimate: Pick<Estimate, "calls" | "tokens" | "usd" | "cached">;
  readonly task: Task;
  /** Number of samples that are sent. */
  readonly samples: number;
  readonly connection: Connection;
  /** Maximum number of calls, if known. */
  readonly most?: number;
  /** Further information. */
  readonly about?: readonly string[];
}

/**
 * Shows the estimated cost before the first call. Does not ask if nothing is sent and there is nothing to show. @throws
 * Cancelled
 */
export async function confirmCalls({
  question,
  button,
  estimate,
  task,
  samples,
  connection,
  most,
  about,
}: Asking): Promise<void> {
  const { calls, tokens, usd, cached } = estimate;
  if (calls === 0 && !about) return;
  const bound = task.options.budget.calls;
  const lines = [
    ...(about ?? []).filter(Boolean),
    calls === 0
      ? l10n.t("Every reply is cached from earlier runs, so this costs nothing.")
      : l10n.t("About {0}.", amounts({ calls, tokens, usd })),
    calls > 0 && most !== undefined ? l10n.t("At most {0}.", l10n.t("{0} calls", most)) : "",
    calls > 0 && cached > 0
      ? l10n.t("{0} more replies are cached from earlier runs and cost nothing.", rounded(cached).toLocaleString())
      : "",
    bound !== null && calls > bound
      ? l10n.t("The budget of {0} calls will be reached before the run finishes.", bound.toLocaleString())
      : "",
    calls > 0 ? answers(task, connection, samples) : "",
  ];
  const detail = lines.filter(Boolean).join("\n\n");
  if ((await window.showInformationMessage(question, { modal: true, detail }, button)) !== button)
    throw new Cancelled();
}

function amounts({ calls, tokens, usd }: Pick<Estimate, "calls" | "tokens" | "usd">): string {
  const price = usd === null ? l10n.t("price unknown") : usd === 0 ? l10n.t("free") : LOCALE.money(usd);
  const all = [
    l10n.t("{0} calls", rounded(calls).toLocaleString()),
    l10n.t("{0} tokens", rounded(tokens).toLocaleString()),
    price,
  ];
  return all.join(", ");
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

function costs(estimate: Estimate, limits: BudgetLimits): string {
  const { calls, cached, range } = estimate;
  return [
    calls > 0
      ? l10n.t("About {0}, or more if the prompts keep improving.", amounts(estimate))
      : l10n.t("Replies are cached from earlier runs, so this costs little or nothing."),
    uncertainty(range),
    bounds(estimate, limits),
    limits.calls !== null && limits.calls < calls ? l10n.t("This is probably too few: the run would end early.") : "",
    calls > 0 && cached > 0
      ? l10n.t("{0} more replies are cached from earlier runs and cost nothing.", rounded(cached).toLocaleString())
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** Empty if the estimate is exact. Shows money instead of tokens if there is a price. */
function uncertainty({ least, most }: Estimate["range"]): string {
  const shown = (amount: number) => rounded(amount).toLocaleString();
  const calls = l10n.t("{0} to {1} calls", shown(least.calls), shown(most.calls));
  const rest = most.usd
    ? l10n.t("{0} to {1}", LOCALE.money(least.usd ?? 0), LOCALE.money(most.usd))
    : l10n.t("{0} to {1} tokens", shown(least.tokens), shown(most.tokens));
  const isOpen = shown(least.calls) !== shown(most.calls) || shown(least.tokens) !== shown(most.tokens);
  return isOpen ? l10n.t("Uncertain: {0}, {1}.", calls, rest) : "";
}

/** If only calls are limited, their approximate cost. */
function bounds({ calls: usual, usd: price }: Estimate, { calls, tokens, usd }: BudgetLimits): string {
  const all = [];
  if (calls !== null) all.push(l10n.t("{0} calls", calls.toLocaleString()));
  if (tokens !== null) all.push(l10n.t("{0} tokens", tokens.toLocaleString()));
  if (usd !== null) all.push(LOCALE.money(usd));
  else if (calls !== null && price) all.push(l10n.t("about {0}", LOCALE.money((price / usual) * calls)));
  return all.length > 0 ? l10n.t("At most {0}.", all.join(", ")) : l10n.t("There is no upper bound.");
}

function answers({ models }: Task, { provider, url }: Connection, samples: number): string {
  if (provider.names === "one") return l10n.t("The simulated model is used: no data leaves this machine.");
  const names = [...new Set([models.forward.model, models.backward.model, models.optimizer.model])];
  const shown = oneLine(names.join(", "));
  if (url !== null && samples === 1) {
    return l10n.t("The instructions and this sample are sent to model {1} at {0}.", new URL(url).host, shown);
  }
  if (url !== null) {
    return l10n.t("Instructions and {0} samples are sent to model {2} at {1}.", samples, new URL(url).host, shown);
  }
  return l10n.t(
    "Instructions and {0} samples are sent to model {1} through VS Code. VS Code doesn't report token usage, so cost is an estimate. It may also ignore the temperature, so results can vary between runs.",
    samples,
    shown,
  );
}
