import { Presets, SingleBar } from "cli-progress";
import { CHAIN_OF_THOUGHT } from "../engine/baseline.ts";
import type { Iterated, LoggedEvent } from "../engine/events.ts";
import { callsLabel } from "../i18n/labels.ts";
import { ENGLISH } from "../i18n/locale.ts";
import { waitingLabel } from "../i18n/waiting.ts";
import type { Waiting } from "../models/waiting.ts";
import type { Run } from "../run/run.ts";
import type { RunState } from "../run/state.ts";
import type { Output } from "./output.ts";

/** Milliseconds between two updates of the bar. */
const UPDATE_INTERVAL = 100;

export interface Progress {
  show(event: LoggedEvent, state: RunState): void;
  /** What the run now waits for; null: the wait is over. */
  wait(waiting: Waiting | null): void;
  stop(): void;
}

/** Shows the progress of a run until its end. @returns its last state */
export async function showProgress(run: Run, output: Output): Promise<RunState> {
  const progress = createProgress(output);
  run.onWaiting((waiting) => progress.wait(waiting));
  try {
    for await (const event of run.events) progress.show(event, run.state());
  } finally {
    progress.stop();
  }
  return run.state();
}

/** A bar on a terminal, otherwise a line per iteration. Both on stderr. */
export function createProgress(output: Output): Progress {
  return output.isInteractive ? bar(output) : lines(output);
}

function bar(output: Output): Progress {
  const format = `${output.colors.cyan("{bar}")} {what}`;
  const single = new SingleBar(
    {
      format,
      stream: output.progress,
      barsize: Math.max(6, Math.min(24, Math.floor(output.progress.columns / 5))),
      hideCursor: true,
      clearOnComplete: true,
      fps: 1000 / UPDATE_INTERVAL,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let begun = false;
  let drawn = 0;
  return {
    show({ at }, state) {
      if (!begun) single.start(1, 0, { what: "starting" });
      if (begun && at - drawn < UPDATE_INTERVAL) return;
      begun = true;
      drawn = at;
      const { done, of } = progressOf(state);
      single.setTotal(Math.max(1, of));
      single.update(Math.min(done, of), { what: whatNow(state, { done, of }) });
    },
    wait(waiting) {
      if (!begun || !waiting) return;
      single.update({ what: waitingLabel(waiting, ENGLISH) });
    },
    stop: () => single.stop(),
  };
}

interface Completed {
  readonly done: number;
  readonly of: number;
}

/** Iterations, or samples for a run without iterations. */
function progressOf({ iteration, iterations, samples, scores, theta, solutions }: RunState): Completed {
  if (iterations > 0) return { done: iteration, of: iterations };
  const done = Object.keys(scores[theta] ?? {}).length + solutions.length;
  return { done, of: samples.train + samples.validation + samples.test };
}

/** `iteration 2/12 · 45% · 123 calls · $0.04 · 8 in flight` */
function whatNow(state: RunState, { done, of }: Completed): string {
  const { iteration, iterations, curve, calls, usd, nodes } = state;
  const score = curve.at(-1);
  const inFlight = Object.values(nodes).reduce(
    (sum, node) => sum + node.forwardInFlight + node.backwardInFlight + node.optimizerInFlight,
    0,
  );
  const scoring = iterations === 0 ? `${done} of ${of} samples` : "scoring the current graph";
  const parts = [iteration === 0 ? scoring : `iteration ${iteration}/${iterations}`];
  if (score) parts.push(`${range(Math.round(100 * score.low), Math.round(100 * score.high))}%`);
  parts.push(callsLabel(calls, ENGLISH));
  if (usd) parts.push(ENGLISH.money(usd));
  if (inFlight > 0) parts.push(`${inFlight} in flight`);
  return parts.join(" · ");
}

/** The start of `… 20 training, 20 validation samples.` */
function startLabel(method: string): string {
  switch (method) {
    case "evaluate":
      return "Scoring the graph on";
    case CHAIN_OF_THOUGHT:
      return "Scoring the graph with a step-by-step suffix on";
    case "recheck":
      return "Scoring the proposed texts on";
    default:
      return `Running ${method} on`;
  }
}

function acceptedLabel({ accepted, waiting = 0, batch }: Iterated): string {
  if (accepted.length > 0) return `${accepted.length} accepted`;
  if (waiting === 0) return "nothing accepted";
  return `${ENGLISH.count(batch.length, "training sample")} failed, ${ENGLISH.count(waiting, "proposal")} to be validated`;
}

function range(low: number | string, high: number | string): string {
  return low === high ? `${low}` : `${low} … ${high}`;
}

function lines(output: Output): Progress {
  let said: Waiting | null = null;
  return {
    show(event, state) {
      if (event.type === "started") {
        const { train, validation, test } = event.samples;
        const names = { training: train, validation, test };
        const sets = Object.entries(names).flatMap(([name, size]) => (size > 0 ? [`${size} ${name}`] : []));
        const most = event.iterations > 1 ? `, at most ${event.iterations} iterations` : "";
        output.info(`${startLabel(event.method)} ${sets.join(", ")} samples${most}.`);
      }
      if (event.type === "iteration") {
        const [low, high] = [1 - event.validationLoss[1], 1 - event.validationLoss[0]];
        const score = low <= 0 && high >= 1 ? "unknown so far" : range(low.toFixed(2), high.toFixed(2));
        const taken = acceptedLabel(event);
        output.info(
          `Iteration ${event.iteration}/${state.iterations}: ${taken}, validation score ${score}, ${callsLabel(state.calls, ENGLISH)}.`,
        );
      }
    },
    wait(waiting) {
      // One line for each cause, and one a minute while it lasts.
      const isNews = waiting && (waiting.reason !== said?.reason || waiting.until - said.until >= 60_000);
      if (!waiting || !isNews) return;
      said = waiting;
      output.info(`${waitingLabel(waiting, ENGLISH)}.`);
    },
    stop() {},
  };
}
