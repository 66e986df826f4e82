import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import type { Run } from "../../run/run.ts";
import type { RunState } from "../../run/state/state.ts";
import { canAsk } from "../ask.ts";
import type { Cli } from "../cli.ts";
import { createProgress, type Progress } from "../output/progress.ts";

/** The keys, as printed at the start of a run. */
const KEYS = "Keys: p pauses and continues, s stops after this iteration, n pins a node, q cancels.";
const KEYS_WITHOUT_ITERATIONS = "Keys: p pauses and continues, q cancels.";

/** Milliseconds. */
const KEEP_ALIVE = 60_000;

export interface Steering {
  /** Called after each event of the run. */
  see(): void;
  stop(): void;
}

/**
 * Lets the user pause a run, end it early and pin nodes: by keys, or by signals from another terminal (SIGUSR2 pauses
 * and continues, SIGUSR1 stops after the iteration).
 */
export function steer(
  { control, state }: Run,
  { output, terminal, signal, cancel }: Cli,
  progress: Progress,
): Steering {
  const hasKeys = canAsk({ terminal, output });
  let hasSaid = false;
  let isAsking = false;
  let paused = control.paused;

  const togglePause = () => (control.paused === null ? control.pause("user") : control.proceed());
  const toggleStop = () => {
    if (state().iterations === 0) return;
    control.stop(control.stopAfter === null);
    sayWhetherItStops();
  };
  const sayWhetherItStops = () =>
    progress.say(
      control.stopAfter === null
        ? "The run goes on to its last iteration."
        : `The run stops after iteration ${control.stopAfter}.`,
    );

  const asking = async (question: string, answered: (line: string) => void) => {
    if (isAsking) return;
    isAsking = true;
    progress.hold(true);
    const line = await terminal.ask(question, signal);
    isAsking = false;
    // First: the answer may lead to another question.
    progress.hold(false);
    if (!signal.aborted) answered(line.trim());
  };

  const pin = () => {
    const nodes = state().parameters;
    if (nodes.length === 0 || state().iterations === 0) return;
    const listed = nodes.map((node, index) => {
      const mark = control.isPinnedLast(node) ? " (pinned)" : "";
      return `  ${index + 1} ${plain(node)}${mark}`;
    });
    const question = `${listed.join("\n")}\nPin or release which node? Its number or name, or Enter for none: `;
    void asking(question, (line) => {
      const node = nodes.find((name, index) => line === name || line === String(index + 1));
      if (node === undefined) {
        if (line !== "") output.info(`There is no node ${plain(line)}.`);
        return;
      }
      const isPinned = !control.isPinnedLast(node);
      control.pin(node, isPinned);
      output.info(
        isPinned ? `No more texts are written for ${plain(node)}.` : `Texts are written for ${plain(node)} again.`,
      );
    });
  };

  const askWhetherToGoOn = () => {
    const { calls, usd } = state();
    const spent = usd
      ? `${ENGLISH.money(usd)} in ${ENGLISH.count(calls.total, "call")}`
      : ENGLISH.count(calls.total, "call");
    const stops = state().iterations > 0 ? " s: stop after this iteration," : "";
    void asking(`The run has used ${spent}. Continue? y: yes,${stops} q: cancel (it can be resumed): `, (line) => {
      const answer = line.toLowerCase();
      if (["y", "yes"].includes(answer)) control.proceed();
      else if (answer === "s" && stops !== "") {
        control.stop();
        sayWhetherItStops();
        control.proceed();
      } else if (answer === "q") cancel();
      else askWhetherToGoOn();
    });
  };

  const onKey = (key: string) => {
    if (key === "p") togglePause();
    else if (key === "s") toggleStop();
    else if (key === "n") pin();
    else if (key === "q") cancel();
  };
  // Nothing else keeps the process while a paused run waits for a signal.
  const alive = setInterval(() => {}, KEEP_ALIVE);
  const ends = [
    terminal.onSignal("SIGUSR2", togglePause),
    terminal.onSignal("SIGUSR1", toggleStop),
    ...(hasKeys ? [terminal.onKey(onKey)] : []),
  ];
  return {
    see() {
      if (hasKeys && !hasSaid && state().method !== "") {
        progress.say(state().iterations > 0 ? KEYS : KEYS_WITHOUT_ITERATIONS);
        hasSaid = true;
      }
      if (paused === control.paused) return;
      paused = control.paused;
      if (paused === "limit" && hasKeys) askWhetherToGoOn();
      else if (!hasKeys) progress.say(paused === null ? "The run goes on." : pausedMessage());
    },
    stop() {
      clearInterval(alive);
      for (const end of ends) end();
    },
  };
}

function pausedMessage(): string {
  return `The run is paused. To continue: kill -USR2 ${process.pid}`;
}

/** Shows the progress of a run until its end, and lets the user steer it. @returns its last state */
export async function showProgress(run: Run, cli: Cli): Promise<RunState> {
  const progress = createProgress(cli.output);
  const steering = steer(run, cli, progress);
  run.onWaiting((waiting) => progress.wait(waiting));
  try {
    for await (const event of run.events) {
      progress.show(event, run);
      steering.see();
    }
  } finally {
    steering.stop();
    progress.stop();
  }
  return run.state();
}
