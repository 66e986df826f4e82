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

  it("prints Markdown of a graph file's last run, though it is done", async () => {
    const { code, stdout } = await bench.run("report", bench.graph);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Word problems\n/);
    expect(stdout).toMatch(/## Before you believe it\n[\s\S]*## Result\n[\s\S]*```diff\n/);
  });

  it("writes the form that the file's ending names, or that is asked for", async () => {
    const page = await bench.run("report", bench.graph, "--out", "report.html");
    expect(page).toMatchObject({ code: 0, stdout: "" });
    expect(await readFile(join(bench.folder, "report.html"), "utf8")).toMatch(
      /^<!doctype html>[\s\S]*<svg class="plot"/,
    );
    await bench.run("report", bench.graph, "--out", "report.txt", "--format", "json");
    expect(JSON.parse(await readFile(join(bench.folder, "report.txt"), "utf8"))).toMatchObject({ version: 1 });
  });

  it("prints one JSON object with --json, also where it fails", async () => {
    const { stdout } = await bench.run("report", bench.graph, "--json");
    const report = JSON.parse(stdout);
    const named = await bench.run("report", report.run.id, "--json");
    expect(named.stdout).toBe(stdout);
    expect(report.validation.after.score).toBeGreaterThan(report.validation.before.score);
    const wrong = await bench.run("report", "nowhere.agentgraph.json", "--json");
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout).error.message).toMatch(/no file or folder/);
  });
});
