import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench } from "./cli.ts";

describe("agentgraph report", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
    await bench.run("optimize", bench.graph, "--model", "simulated");
  });
  afterAll(() => bench.close());

  it("prints Markdown of a graph file's last run, even if it is finished", async () => {
    const { code, stdout } = await bench.run("report", bench.graph);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Word problems\n/);
    expect(stdout).toMatch(/## Before you rely on this\n[\s\S]*## Result\n[\s\S]*```diff\n/);
  });

  it("writes the format of the file's extension, or of --format", async () => {
    const page = await bench.run("report", bench.graph, "--output", "report.html");
    expect(page).toMatchObject({ code: 0, stdout: "" });
    expect(await readFile(join(bench.folder, "report.html"), "utf8")).toMatch(
      /^<!doctype html>[\s\S]*<svg class="plot"/,
    );
    await bench.run("report", bench.graph, "--output", "report.txt", "--format", "json");
    expect(JSON.parse(await readFile(join(bench.folder, "report.txt"), "utf8"))).toMatchObject({ version: 1 });
  });

  it("prints one JSON object with --json, also if it fails", async () => {
    const { stdout } = await bench.run("report", bench.graph, "--json");
    const report = JSON.parse(stdout);
    const named = await bench.run("report", report.run.id, "--json");
    expect(named.stdout).toBe(stdout);
    expect(report.validation.after.score).toBeGreaterThan(report.validation.before.score);
    const wrong = await bench.run("report", "nowhere.agentgraph.json", "--json");
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout).error.message).toMatch(/does not exist/);
  });
});

describe("a baseline", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ rows: "all" });
  });
  afterAll(() => bench.close());

  it("is scored by a run with optimize.baseline, and is in its report", async () => {
    const args = ["optimize", bench.graph, "--model", "simulated", "--set", "optimize.baseline=true"];
    const { stdout } = await bench.run(...args, "--json");
    const { baselines, run } = JSON.parse(stdout);
    expect(baselines).toMatchObject([{ method: "chain-of-thought", validation: { n: 20 }, test: { n: 30 } }]);
    const report = await bench.run("report", run);
    expect(report.stdout).toMatch(/\| original graph with a step-by-step suffix \| 0\.\d\d/);
  });

  it("is scored by itself with the replies of the run", async () => {
    const args = ["evaluate", bench.graph, "--model", "simulated", "--split", "test", "--method", "chain-of-thought"];
    const { stdout } = await bench.run(...args);
    expect(stdout).toMatch(/test score with a step-by-step suffix 0\.\d+ \(n = 30\)\n0 calls/);
    const wrong = await bench.run("evaluate", bench.graph, "--model", "simulated", "--method", "magic");
    expect(wrong).toMatchObject({ code: 2 });
  });
});
