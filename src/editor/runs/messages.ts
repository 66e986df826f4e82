import { l10n } from "vscode";
import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { Evaluated } from "../../engine/events.ts";
import { SOLVE } from "../../engine/solve/solve.ts";
import { paceLabels, splitLabel, statusLabel } from "../../i18n/labels.ts";
import { waitingPart } from "../../i18n/waiting.ts";
import type { RunManifest } from "../../run/record/run-manifest.ts";
import type { Run } from "../../run/run.ts";
import type { RunState } from "../../run/state/state.ts";
import { LOCALE } from "../editor-locale.ts";
import type { RunSummary } from "./run-summary.ts";

/** `Word problems, 21 Nov, 10:32`: a run in a sentence or for a screen reader. */
export function runLabel(entry: RunSummary): string {
  return l10n.t("{0}, {1}", entry.graphName, startedLabel(entry.startedAt));
}

/** The time alone for today's runs. */
export function startedLabel(at: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

/** `0.70 → 0.85 · from another machine · 10:32`: the description of a run in a tree, the most important part first. */
export function runOutcome(entry: RunSummary): string {
  return [...runFigures(entry), startedLabel(entry.startedAt)].join(" · ");
}

/** The figures of a run: its outcome without the time. */
export function runFigures(entry: RunSummary): string[] {
  const parts = [];
  if (entry.evaluated) parts.push(evaluationFigure(entry.evaluated));
  else if (entry.job?.kind === "evaluate") parts.push(splitLabel(entry.job.split, LOCALE));
  else if (entry.before !== null && entry.after !== null) {
    parts.push(`${LOCALE.decimal(entry.before)} → ${LOCALE.decimal(entry.after)}`);
  }
  if (entry.job?.kind === "evaluate" && entry.job.method) parts.push(l10n.t("with a step-by-step suffix"));
  if (entry.job?.kind === "solve") parts.push(l10n.t("improved answers"));
  if (entry.job?.kind === "recheck") parts.push(l10n.t("recheck"));
  if (entry.status !== "done") parts.push(statusLabel(entry.status, LOCALE));
  if (entry.untrusted) parts.push(l10n.t("from another machine"));
  return parts;
}

/** `0.55 (0.34–0.74) · validation set`, with a 95 % interval. */
export function evaluationFigure({ split, score, interval: [low, high] }: Evaluated): string {
  if (score === null) return l10n.t("{0}: not scored", splitLabel(split, LOCALE));
  return `${LOCALE.decimal(score)} (${LOCALE.decimal(low)}–${LOCALE.decimal(high)}) · ${splitLabel(split, LOCALE)}`;
}

/** The title of a running run. */
export function runTitle({ graph, job }: Pick<RunManifest, "graph" | "job">): string {
  switch (job?.kind) {
    case "evaluate":
      return l10n.t("Scoring {0}", graph.name);
    case "solve":
      return l10n.t("Improving answers of {0}", graph.name);
    case "recheck":
      return l10n.t("Rechecking the proposals for {0}", graph.name);
    default:
      return l10n.t("Optimizing {0}", graph.name);
  }
}

/** Milliseconds without a reply from the model after which progress says so. */
const SILENT = 15_000;

/**
 * `iteration 2/4 · score 0.70 · $0.04`, for the status bar and the progress notification. While the run waits, the
 * server and the time of the next try; while it waits for a batch, `iteration 2/4 · 10 of 18 requests in the batch done · $0.04`.
 */
export function progressLine(run: Pick<Run, "state" | "waiting" | "pace">): string {
  const [state, waiting] = [run.state(), run.waiting()];
  const silent = silence(state);
  const cost = costSoFar(state);
  if (state.paused !== null) return [pausedLabel(state.paused), cost].join(" · ");
  if (waiting?.reason === "batch") return [progress(state), waitingPart(waiting, LOCALE), cost].join(" · ");
  if (waiting) return waitingPart(waiting, LOCALE);
  const parts = [progress(state)];
  const point = state.curve.at(-1);
  // While few samples are scored, the score is a range.
  if (point && point.high - point.low < 1) {
    const [low, high] = [LOCALE.decimal(point.low), LOCALE.decimal(point.high)];
    parts.push(low === high ? l10n.t("score {0}", low) : l10n.t("score {0} to {1}", low, high));
  }
  parts.push(cost);
  if (silent > SILENT) parts.push(l10n.t("no reply for {0}", LOCALE.duration(1000 * Math.floor(silent / 1000))));
  else parts.push(...paceLabels(run.pace(), state.iterations > 0, LOCALE));
  return parts.join(" · ");
}

/** What the run waits for. */
export function pausedLabel(reason: "user" | "limit"): string {
  return reason === "limit" ? l10n.t("paused at your cost limit") : l10n.t("paused");
}

/** Milliseconds since the last event while requests are in flight. */
function silence({ nodes, lastAt }: RunState): number {
  const isAsked = Object.values(nodes).some(
    ({ forwardInFlight, backwardInFlight, optimizerInFlight }) =>
      forwardInFlight + backwardInFlight + optimizerInFlight > 0,
  );
  return isAsked ? Date.now() - lastAt : 0;
}

function progress(state: RunState): string {
  if (state.method === "evaluate" || (state.method === CHAIN_OF_THOUGHT && state.iterations === 0)) {
    const { train, validation, test } = state.samples;
    const scored = Object.keys(state.scores[state.theta] ?? {}).length;
    return l10n.t("{0} of {1} samples scored", scored, train + validation + test);
  }
  if (state.method === SOLVE) {
    const { train, validation, test } = state.samples;
    return l10n.t("{0} of {1} answers done", state.solutions.length, train + validation + test);
  }
  if (state.method === "recheck") return l10n.t("scoring the proposed texts");
  return state.iteration > 0
    ? l10n.t("iteration {0}/{1}", state.iteration, state.iterations)
    : l10n.t("scoring the current graph");
}

/** `1 call`, `489 calls`, or the cost if the price is known. */
export function costLabel({ calls, usd, estimated }: Pick<RunSummary, "calls" | "usd" | "estimated">): string {
  if (usd) return LOCALE.money(usd, estimated);
  return LOCALE.count(calls, "call");
}

/** The cost of a running run so far. */
export function costSoFar({ calls, usd, tokens }: Pick<RunState, "calls" | "usd" | "tokens">): string {
  return costLabel({ calls: calls.total, usd, estimated: tokens.estimated });
}
