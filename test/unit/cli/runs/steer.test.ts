import { describe, expect, it } from "vitest";
import type { Cli } from "../../../../src/cli/cli.ts";
import type { Progress } from "../../../../src/cli/output/progress.ts";
import type { SteeringSignal } from "../../../../src/cli/output/terminal.ts";
import { steer } from "../../../../src/cli/runs/steer.ts";
import { RunControl } from "../../../../src/engine/run-control.ts";
import type { Run } from "../../../../src/run/run.ts";

/** A run in its second iteration, on a terminal where these lines are typed. */
function sit(...typed: string[]) {
  const control = new RunControl();
  control.listen(() => {});
  control.enter(2);
  const said: string[] = [];
  const asked: string[] = [];
  const held: boolean[] = [];
  let press: (key: string) => void = () => {};
  const signals = new Map<SteeringSignal, () => void>();
  let isCancelled = false;
  const terminal: Cli["terminal"] = {
    hasKeys: true,
    onKey: (listener) => {
      press = listener;
      return () => {};
    },
    onSignal: (name, listener) => {
      signals.set(name, listener);
      return () => {};
    },
    ask: async (question) => {
      asked.push(question);
      return typed.shift() ?? "";
    },
  };
  const say = (line: string) => void said.push(line);
  const output = { isInteractive: true, info: say } as Cli["output"];
  const state = {
    method: "semantic",
    iterations: 5,
    parameters: ["plan", "solve"],
    calls: { total: 120 },
    usd: 5.02,
  } as unknown as ReturnType<Run["state"]>;
  const progress = { say, hold: (isHeld: boolean) => void held.push(isHeld) } as unknown as Progress;
  const { signal } = new AbortController();
  const cancel = () => {
    isCancelled = true;
  };
  const cli = { output, terminal, signal, cancel } as Cli;
  const steering = steer({ control, state: () => state } as Run, cli, progress);
  steering.see();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    control,
    said,
    asked,
    held,
    press: (key: string) => press(key),
    steering,
    settled,
    isCancelled: () => isCancelled,
  };
}

describe("keys", () => {
  it("are listed once", () => {
    const { said, steering } = sit();
    steering.see();
    expect(said).toEqual(["Keys: p pauses and continues, s stops after this iteration, n pins a node, q cancels."]);
  });

  it("pause and continue, stop after the iteration and take that back, cancel", () => {
    const { control, press, isCancelled } = sit();
    press("p");
    expect(control.paused).toBe("user");
    press("p");
    expect(control.paused).toBeNull();
    press("s");
    expect(control.stopAfter).toBe(2);
    press("s");
    expect(control.stopAfter).toBeNull();
    expect(isCancelled()).toBe(false);
    press("q");
    expect(isCancelled()).toBe(true);
  });

  it("pin a node by number or name, and release it", async () => {
    const { control, asked, press, settled, said } = sit("2", "solve", "none", "");
    press("n");
    await settled();
    expect(asked[0]).toBe("  1 plan\n  2 solve\nPin or release which node? Its number or name, or Enter for none: ");
    expect(control.pinned).toEqual(["solve"]);
    press("n");
    await settled();
    expect(asked[1]).toContain("2 solve (pinned)");
    expect(control.pinned).toEqual([]);
    press("n");
    await settled();
    expect(said.at(-1)).toBe("There is no node none.");
    const before = said.length;
    press("n");
    await settled();
    expect(said).toHaveLength(before);
  });
});

describe("a limit at which the user wants to be asked", () => {
  it.each([
    ["y", null, null, false],
    ["yes", null, null, false],
    ["s", null, 2, false],
    ["q", "limit", null, true],
    // What is no answer is asked again.
    ["no", "limit", null, false],
  ] as const)("is answered with %s", async (answer, paused, stopAfter, cancelled) => {
    const { control, asked, said, steering, settled, isCancelled } = sit(answer, "q");
    control.pause("limit");
    steering.see();
    await settled();
    expect(asked[0]).toBe(
      "The run has used $5.02 in 120 calls. Continue? y: yes, s: stop after this iteration, q: cancel (it can be resumed): ",
    );
    expect(control.paused).toBe(paused);
    expect(control.stopAfter).toBe(stopAfter);
    expect(said.includes("The run stops after iteration 2.")).toBe(stopAfter === 2);
    expect(isCancelled()).toBe(cancelled || asked.length > 1);
  });

  it("has the terminal for itself each time that it is asked", async () => {
    const { control, held, steering, settled } = sit("no", "q");
    control.pause("limit");
    steering.see();
    await settled();
    expect(held).toEqual([true, false, true, false]);
  });
});
