import { PassThrough } from "node:stream";
import { expect, it, vi } from "vitest";
import type { Output } from "../../../../src/cli/output/output.ts";
import { createProgress, type Shown } from "../../../../src/cli/output/progress.ts";
import type { LoggedEvent } from "../../../../src/engine/events.ts";
import type { Waiting } from "../../../../src/models/stack/waiting.ts";
import { RunReducer } from "../../../../src/run/state/reduce.ts";

/** A terminal with the bar of a run. `shows` waits until it shows this. */
function terminal() {
  let written = "";
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 200, rows: 20 });
  for (const name of ["clearLine", "cursorTo", "moveCursor", "clearScreenDown"])
    Object.assign(stream, { [name]: () => true });
  stream.on("data", (text: Buffer) => {
    written += text.toString();
  });
  const colors = { cyan: (text: string) => text };
  const output = { isInteractive: true, progress: stream, colors, info: () => {} } as unknown as Output;
  const reducer = new RunReducer();
  let at = 0;
  let waiting: Waiting | null = null;
  const pace = { usdPerMinute: null, callsPerMinute: null, left: null };
  const run: Shown = { state: () => reducer.state, pace: () => pace, waiting: () => waiting };
  const progress = createProgress(output);
  const apply = (event: object) => {
    at += 1_000;
    reducer.apply({ ...event, at } as LoggedEvent);
    written = "";
    progress.show({ ...event, at } as LoggedEvent, run);
  };
  const wait = (now: Waiting | null) => {
    waiting = now;
    written = "";
    progress.wait(now);
  };
  const texts = { a: "x" };
  const samples = { train: 9, validation: 9, test: 0 };
  const about = { engine: "6", method: "semantic", theta: "t", texts, parameters: ["a"], samples, iterations: 9 };
  apply({ type: "started", ...about });
  const shows = (words: string) => vi.waitFor(() => expect(written).toContain(words), { timeout: 20_000 });
  return { progress, apply, wait, shows };
}

const ITERATED = { type: "iteration", theta: "t", accepted: [], batch: [], looked: 9 };
const LIMITED: Waiting = { identity: "openai https://api.example", reason: "rate limit", until: 60_000, detail: "" };

it("says what a run waits for until it no longer waits, whatever else happens", async () => {
  const { progress, apply, wait, shows } = terminal();
  wait(LIMITED);
  await shows("Waiting for api.example until");
  apply({ ...ITERATED, iteration: 1, validationLoss: [0, 1] });
  await shows("Waiting for api.example until");
  apply({ type: "paused", reason: "user" });
  await shows("paused");
  apply({ type: "continued" });
  await shows("Waiting for api.example until");
  progress.say("a line");
  apply({ ...ITERATED, iteration: 2, validationLoss: [0, 1] });
  await shows("Waiting for api.example until");
  wait(null);
  await shows("iteration 2/9");
  progress.stop();
});

it("gives no score where nothing is known of it", async () => {
  const { progress, apply, shows } = terminal();
  apply({ ...ITERATED, iteration: 1, validationLoss: [0, 1] });
  await shows("iteration 1/9 · 0 calls");
  apply({ ...ITERATED, iteration: 2, validationLoss: [0.25, 0.5] });
  await shows("iteration 2/9 · 50 … 75% · 0 calls");
  apply({ type: "stopping", after: 2 });
  await shows("iteration 2/9, stops after 2 · 50 … 75%");
  progress.stop();
});

it("ends a line with one full stop, whatever the server's message ends with", () => {
  const said: string[] = [];
  const output = { isInteractive: false, info: (line: string) => void said.push(line) } as unknown as Output;
  createProgress(output).wait({ ...LIMITED, detail: "Limit 3, Used 3, Requested 1." });
  createProgress(output).wait(LIMITED);
  expect(said[0]).toMatch(/\(rate limit\): Limit 3, Used 3, Requested 1\.$/);
  expect(said[1]).toMatch(/\(rate limit\)\.$/);
});
