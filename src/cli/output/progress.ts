import { Presets, SingleBar } from "cli-progress";
import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { Iterated, LoggedEvent } from "../../engine/events.ts";
import { callsLabel, paceLabels } from "../../i18n/labels.ts";
import { ENGLISH, roundedInside } from "../../i18n/locale.ts";
import { waitingLabel } from "../../i18n/waiting.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import type { Run } from "../../run/run.ts";
import { type Completed, type PaceNow, progressOf } from "../../run/state/pace.ts";
import type { RunState } from "../../run/state/state.ts";
import type { Output } from "./output.ts";

/** Milliseconds between two updates of the bar. */
const UPDATE_INTERVAL = 100;

/** The parts of a run that progress shows. */
export type Shown = Pick<Run, "state" | "pace" | "waiting">;

export interface Progress {
  show(event: LoggedEvent, run: Shown): void;
  /** Shows what the run of the last event waits for. null if it no longer waits. */
  wait(waiting: Waiting | null): void;
  /** Prints a line. */
  say(line: string): void;
  /** Hides the bar while a question is asked. */
  hold(isHeld: boolean): void;
  stop(): void;
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
  let isHeld = false;
  let shown: Shown | null = null;
  const draw = ({ state: now, pace, waiting }: Shown) => {
    const state = now();
    const wait = waiting();
    const { done, of } = progressOf(state);
    const isWaiting = wait !== null && state.paused === null;
    single.setTotal(Math.max(1, of));
    const what = isWaiting ? waitingLabel(wait, ENGLISH) : whatNow(state, pace(), { done, of });
    single.update(Math.min(done, of), { what });
  };
  return {
    show({ type, at }, run) {
      shown = run;
      if (isHeld) return;
      if (!begun) single.start(1, 0, { what: "starting" });
      if (begun && at - drawn < UPDATE_INTERVAL && type !== "paused" && type !== "continued") return;
      begun = true;
      drawn = at;
      draw(run);
    },
    wait() {
      if (begun && !isHeld && shown) draw(shown);
    },
    say(line) {
      if (isHeld) return;
      // The bar is drawn again below the line.
      if (begun) single.stop();
      output.info(line);
      begun = false;
    },
    hold(wanted) {
      if (wanted && begun) single.stop();
      isHeld = wanted;
      begun = false;
    },
    stop: () => single.stop(),
  };
}

/** `iteration 2/12, stops after 2 · 45% · 123 calls · $0.04 · $0.02/min · at most 12 min left · 8 in flight` */
function whatNow(state: RunState, pace: PaceNow, { done, of }: Completed): string {
  if (state.paused !== null) return `paused · ${costLabels(state).join(" · ")} · p continues`;
  const { iteration, iterations, stopAfter, curve, nodes } = state;
  const score = curve.at(-1);
  const inFlight = Object.values(nodes).reduce(
    (sum, node) => sum + node.forwardInFlight + node.backwardInFlight + node.optimizerInFlight,
    0,
  );
  const scoring = iterations === 0 ? `${done} of ${of} samples` : "scoring the current graph";
  const last = stopAfter === null ? "" : `, stops after ${stopAfter}`;
  const parts = [iteration === 0 ? scoring : `iteration ${iteration}/${iterations}${last}`];
  if (score && (score.low > 0 || score.high < 1))
    parts.push(`${range(wholePercent(score.low), wholePercent(score.high))}%`);
  parts.push(...costLabels(state), ...paceLabels(pace, iterations > 0, ENGLISH));
  if (inFlight > 0) parts.push(`${inFlight} in flight`);
  return parts.join(" · ");
}

function costLabels({ calls, usd }: RunState): string[] {
  return [callsLabel(calls, ENGLISH), ...(usd ? [ENGLISH.money(usd)] : [])];
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

function wholePercent(score: number): number {
  return Math.round(100 * roundedInside(score, 2));
}

function range(low: number | string, high: number | string): string {
  return low === high ? `${low}` : `${low} … ${high}`;
}

function lines(output: Output): Progress {
  let said: Waiting | null = null;
  return {
    show(event, { state: now, pace }) {
      const state = now();
      if (event.type === "started") {
        const { train, validation, test } = event.samples;
        const names = { training: train, validation, test };
        const sets = Object.entries(names).flatMap(([name, size]) => (size > 0 ? [`${size} ${name}`] : []));
        const most = event.iterations > 1 ? `, at most ${event.iterations} iterations` : "";
        output.info(`${startLabel(event.method)} ${sets.join(", ")} samples${most}.`);
      }
      if (event.type === "iteration") {
        const [low, high] = [1 - event.validationLoss[1], 1 - event.validationLoss[0]];
        const score = low <= 0 && high >= 1 ? "unknown so far" : range(ENGLISH.decimal(low), ENGLISH.decimal(high));
        const taken = acceptedLabel(event);
        output.info(
          `Iteration ${event.iteration}/${state.iterations}: ${[taken, `validation score ${score}`, callsLabel(state.calls, ENGLISH), ...paceLabels(pace(), true, ENGLISH)].join(", ")}.`,
        );
      }
    },
    wait(waiting) {
      // One line for each cause, and one a minute while it lasts.
      const isNews = waiting && (waiting.reason !== said?.reason || waiting.until - said.until >= 60_000);
      if (!waiting || !isNews) return;
      said = waiting;
      output.info(`${waitingLabel(waiting, ENGLISH).replace(/\.$/, "")}.`);
    },
    say: (line) => output.info(line),
    hold() {},
    stop() {},
  };
}
