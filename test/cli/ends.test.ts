import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomLcg } from "d3";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import type { Model } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { unitOf } from "../server/faults.ts";
import { asked, type Bench, isWindows, open } from "./cli.ts";

/** How runs and commands end when they do not simply succeed. */

function outcome({ status, proposals, final, validation, test, formatErrors }: RunReport) {
  return { status, proposals, final, validation, test, formatErrors };
}

/** An uninterrupted run of the example with a server that works: made once, for it is the same every time. */
let whole: Promise<RunReport> | undefined;
const unbrokenRun = () => {
  whole ??= (async () => {
    const bench = await open();
    return JSON.parse((await bench.online("optimize", bench.graph, "--json")).stdout);
  })();
  return whole;
};

describe("check", () => {
  it("prints every problem with its position and remedy, and exits with 2 for an error", async () => {
    const bench = await open();
    const broken =
      '{ "version": 1, "inputs": ["q"],\n  "nodes": { "a": { "inputs": ["p"], "instruction": "x" } },\n  "output": "b" }';
    await writeFile(join(bench.folder, "broken.agentgraph.json"), broken);
    const { code, stdout } = await bench.run("check", "broken.agentgraph.json", bench.graph);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^broken\.agentgraph\.json:2:\d+ error unknown-name .+\n {4}\S/m);
    expect(stdout).toMatch(/^broken\.agentgraph\.json:3:\d+ error unknown-output /m);
    expect(stdout).toMatch(/2 files: \d+ errors/);
    expect((await bench.run("check", bench.graph)).code).toBe(0);
    await mkdir(join(bench.folder, "empty"));
    const none = await bench.run("check", "empty", bench.graph);
    expect(none.code).toBe(2);
    expect(none.stdout).toContain("empty:1:1 error no-such-file This folder has no graph file.");
    expect(none.stdout).toContain("name ends in .agentgraph.json");
    const json = JSON.parse((await bench.run("check", "broken.agentgraph.json", "--json")).stdout);
    expect(json.errors).toBe(
      json.files[0].faults.filter(({ severity }: { severity: string }) => severity === "error").length,
    );
  });
});

describe("a provider that fails", () => {
  it("rejects the key: one clear line, exit 4, and no further requests", async () => {
    const bench = await open({ key: "another" });
    const { code, stdout, stderr } = await bench.online("optimize", bench.graph, "--json");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ status: "failed", error: { code: "KeyRefused" } });
    expect(stderr.match(/^Error: .+rejected the API key \(401\).+AGENTGRAPH_API_KEY.+$/gm)).toHaveLength(1);
    expect(bench.server.requests()).toBeLessThanOrEqual(16);
  });

  it("does not know the model: says so, exit 4", async () => {
    const bench = await open({ models: ["other"] });
    const { code, stderr } = await bench.online("optimize", bench.graph);
    expect(code).toBe(4);
    expect(stderr).toMatch(/Error: .+simulated.+404/);
  });

  it("can't be reached: exit 4 for evaluate as well", async () => {
    const bench = await open({ key: "another" });
    const { code, stdout } = await bench.online("evaluate", bench.graph, "--json");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ score: null, error: { code: "KeyRefused" } });
  });
});

describe("a server that refuses every request", () => {
  it("is a failed run with the server's reason, and exit 4: for optimize and evaluate", async () => {
    const bench = await open({ faults: () => "too long" });
    for (const command of ["optimize", "evaluate"]) {
      const { code, stderr, stdout } = await bench.online(command, bench.graph);
      expect([command, code]).toEqual([command, 4]);
      expect(stderr).toMatch(/^Error: A request is too long for model simulated: /m);
      expect(stdout + stderr).not.toMatch(/already right|Done/);
    }
    const { stdout } = await bench.online("optimize", bench.graph, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "failed", error: { code: "RequestRefused" }, proposals: [] });
  });

  it("is not a failed run if one sample could be scored", async () => {
    const lucky = await open({ faults: ({ content }) => (unitOf(content) < 0.5 ? "too long" : null) });
    const { code, stderr } = await lucky.online("evaluate", lucky.graph);
    expect(code).toBe(0);
    expect(stderr).toMatch(/could not be scored/);
  });
});

describe("nothing accepted", () => {
  it("is 0, and 1 if improvement is required", async () => {
    const bench = await open();
    const nothing = ["optimize", bench.graph, "--set", "optimize.iterations=0"];
    expect((await bench.online(...nothing)).code).toBe(0);
    expect((await bench.online(...nothing, "--require-improvement")).code).toBe(1);
  });
});

describe.skipIf(isWindows)("a disk that takes no more", () => {
  const paid = ({ server }: Bench) => server.log.map(({ body }) => JSON.stringify(body));

  it("stops the run with a clear message, keeps the replies so far, and resume requests none of them again", async () => {
    const bench = await open();
    const { code, stdout, stderr } = await bench.withFileLimit(40, "optimize", bench.graph);
    expect(code).toBe(4);
    expect(stderr).toMatch(/Error: \S+\.jsonl couldn't be written: .*Free up disk space/);
    const before = paid(bench);
    expect(before.length).toBeGreaterThan(20);
    const folder = /agentgraph resume (\S+)/.exec(stdout)?.[1] ?? "";

    const resumed = await bench.online("resume", folder, "--json");
    expect(resumed.code).toBe(0);
    const kept = (await bench.files()).get(join(folder, "replies.jsonl")) ?? "";
    expect(kept.split("\n").length).toBeGreaterThan(before.length);
    // What was on its way when the disk was full is lost: no more than may be asked for at once.
    const again = paid(bench).length - new Set(paid(bench)).size;
    expect(again).toBeLessThanOrEqual(16);
  });

  it("sends nothing if the run can't start, and names the path in the way", async () => {
    const bench = await open();
    const home = join(bench.folder, ".agentgraph");
    const full = await bench.withFileLimit(0, "optimize", bench.graph);
    expect(full).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Error: .+couldn't be written: the file is too large \(EFBIG\)/),
    });
    await rm(home, { recursive: true });
    await writeFile(home, "mine");
    const blocked = await bench.online("optimize", bench.graph);
    expect(blocked).toMatchObject({ code: 4, stderr: expect.stringContaining(`${home}`) });
    expect(blocked.stderr).toMatch(/couldn't be written because a file has the name of its folder/);
    expect(bench.server.requests()).toBe(0);
    expect((await bench.files()).get(home)).toBe("mine");
  });
});

describe.skipIf(isWindows)("Ctrl-C", () => {
  it("ends the run with 130, leaves no request running, and shows how to continue", async () => {
    const bench = await open({ latency: 50 });
    const started = bench.start("optimize", bench.graph);
    await asked(bench.server, 40, started);
    started.child.kill("SIGINT");
    const { code, stdout } = await started.ended;
    expect(code).toBe(130);
    const folder = /agentgraph resume (\S+)/.exec(stdout)?.[1] ?? "";
    expect(folder).toContain(".agentgraph/runs/");
    const before = bench.server.requests();
    await new Promise((next) => setTimeout(next, 200));
    expect(bench.server.requests()).toBe(before);
    expect(bench.server.inFlight().now).toBe(0);
    const resumed = await bench.online("resume", folder, "--json");
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout).status).toBe("done");
  });

  it("is one JSON object with --json, too", async () => {
    const bench = await open({ latency: 50 });
    const started = bench.start("optimize", bench.graph, "--json");
    await asked(bench.server, 40, started);
    started.child.kill("SIGINT");
    const { code, stdout } = await started.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ status: "cancelled" });
  });

  it("ends with 130 when the server hangs", async () => {
    const bench = await open({ faults: () => "hang" });
    const started = bench.start("optimize", bench.graph, "--json");
    await asked(bench.server, 3, started);
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
  });
});

describe("kill -9 at a random moment, then resume", () => {
  it("gives the result of an uninterrupted run, and no reply is charged twice", async () => {
    const unbroken = await unbrokenRun();
    const random = randomLcg(11);
    for (let round = 0; round < 5; round++) {
      const bench = await open({ latency: 5 });
      const concurrency = 16;
      let kills = 0;
      const first = bench.start("optimize", bench.graph, "--json");
      await asked(bench.server, Math.ceil(random() * unbroken.calls.total), first);
      first.child.kill("SIGKILL");
      if ((await first.ended).signal === "SIGKILL") kills++;
      // A second kill, in the middle of the resumed run.
      const second = bench.start("resume", bench.graph, "--json");
      await asked(bench.server, bench.server.requests() + Math.ceil(random() * 50), second);
      second.child.kill("SIGKILL");
      if ((await second.ended).signal === "SIGKILL") kills++;
      const listed = JSON.parse((await bench.run("runs", "--json")).stdout).runs;
      expect(listed).toHaveLength(1);
      if (listed[0].status === "done") continue;
      expect(listed[0].status).toBe("interrupted");
      const { stdout, code } = await bench.online("resume", bench.graph, "--json");
      expect(code).toBe(0);
      const resumed: RunReport = JSON.parse(stdout);
      expect(outcome(resumed)).toEqual(outcome(unbroken));
      expect(bench.server.requests()).toBeLessThanOrEqual(unbroken.calls.total + kills * concurrency);
      expect(resumed.calls.total).toBeGreaterThanOrEqual(bench.server.requests());
      expect(resumed.calls.total).toBeLessThanOrEqual(bench.server.requests() + kills * concurrency);
    }
  });
});

describe("budget, then resume with a larger one", () => {
  it("goes on if it stopped", async () => {
    const bench = await open();
    const first = await bench.online("optimize", bench.graph, "--json", "--budget-calls", "60");
    expect(first.code).toBe(3);
    const other = await bench.run("resume", bench.graph, "--model", "another", "--base-url", bench.server.url);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("start a new run") });
    const again = await bench.online("resume", bench.graph, "--json");
    expect(again.code).toBe(3);
    expect(bench.server.requests()).toBeLessThanOrEqual(60);
    const whole = await bench.online("resume", bench.graph, "--json", "--budget-calls", "2000");
    expect(whole.code).toBe(0);
    expect(outcome(JSON.parse(whole.stdout)).final).toEqual((await unbrokenRun()).final);
  });
});

describe("two runs of one graph at once", () => {
  it("the second is rejected with a message, the first continues", async () => {
    const inner = createSimulated();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const model: Model = {
      identity: inner.identity,
      complete: (request, signal) => released.then(() => inner.complete(request, signal)),
    };
    const bench = await open({ model });
    const first = bench.start("optimize", bench.graph, "--json");
    await asked(bench.server, 5, first);
    const second = await bench.online("optimize", bench.graph, "--json");
    release();
    expect(second.code).toBe(2);
    expect(JSON.parse(second.stdout).error.code).toBe("RunInProgress");
    expect((await first.ended).code).toBe(0);
  });
});
