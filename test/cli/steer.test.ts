import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import type { Server } from "../server/server.ts";
import { open, type Started } from "./cli.ts";

/** A run is steered by signals where it has no terminal of its own. */

function outcome({ status, proposals, final, validation, test }: RunReport) {
  return { status, proposals, final, validation, test };
}

/** Resolves once the command has printed this. */
function printed({ child }: Started, text: string): Promise<void> {
  return new Promise((resolve) => {
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      if (said.includes(text)) resolve();
    });
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

/** Resolves when no request arrives for a while: those that were on their way when the run paused still arrive. */
async function untilStill(server: Server): Promise<void> {
  for (let before = -1; before !== server.requests() || server.inFlight().now > 0; await sleep(300)) {
    before = server.requests();
  }
}

it.skipIf(process.platform === "win32")(
  "SIGUSR2 pauses a run and continues it, and it ends as without a pause",
  async () => {
    const plain = await open();
    const whole: RunReport = JSON.parse((await plain.online("optimize", plain.graph, "--json")).stdout);
    const bench = await open({ latency: 30 });
    const started = bench.start("optimize", bench.graph, "--json", "--concurrency", "4");
    for (const sent of [10, 60]) {
      await until(() => bench.server.requests() >= sent);
      const isPaused = printed(started, "The run is paused.");
      started.child.kill("SIGUSR2");
      await isPaused;
      await untilStill(bench.server);
      expect(started.child.exitCode).toBeNull();
      const goesOn = printed(started, "The run goes on.");
      started.child.kill("SIGUSR2");
      await goesOn;
    }
    const { stdout, code, stderr } = await started.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`To continue: kill -USR2 ${started.child.pid}`);
    const report: RunReport = JSON.parse(stdout);
    expect(outcome(report)).toEqual(outcome(whole));
    expect(report.calls).toEqual(whole.calls);
  },
);

it.skipIf(process.platform === "win32")("SIGUSR1 ends a run after its iteration, with its scores", async () => {
  const bench = await open({ latency: 5 });
  const started = bench.start("optimize", bench.graph, "--json", "--method", "optoprime");
  await until(() => bench.server.requests() >= 10);
  started.child.kill("SIGUSR1");
  const { stdout, code, stderr } = await started.ended;
  expect(code).toBe(0);
  const report: RunReport = JSON.parse(stdout);
  expect(report.status).toBe("done");
  expect(report.validation.after).not.toBeNull();
  expect(report.test?.after).not.toBeNull();
  expect(report.warnings).toContainEqual(
    expect.stringMatching(/^You stopped the run after iteration [12] of at most \d+\.$/),
  );
  expect(stderr).toMatch(/The run stops after iteration [12]\./);
});

it("asks nothing without a terminal, and names the alternative", async () => {
  const bench = await open();
  for (const name of ["usd", "calls"]) {
    const { code, stderr } = await bench.run("optimize", bench.graph, "--model", "simulated", `--pause-${name}`, "5");
    expect(code).toBe(2);
    expect(stderr).toContain(`--pause-${name} asks on the terminal, and there is none. Use --budget-${name}`);
  }
});
