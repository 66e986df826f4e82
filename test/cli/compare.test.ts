import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { open } from "./cli.ts";

const SMALL = ["--repeats", "2", "--set", "optimize.iterations=1", "--budget-calls", "120"];

describe("compare", () => {
  it("scores each method and both baselines, reuses finished runs, and writes a page", async () => {
    const bench = await open({ rows: "all" });
    const first = await bench.online("compare", bench.graph, "--methods", "semantic", ...SMALL, "--json");
    expect(first.stderr).toContain("8 runs");
    expect(first.stderr).toMatch(/Of these calls, semantic [\d,]+, scoring [\d,]+\./);
    expect(first.code).toBe(0);
    const report = JSON.parse(first.stdout);
    expect(bench.server.requests()).toBeGreaterThan(60);
    expect(report).toMatchObject({ version: 1, kind: "methods", seeds: [1, 2], samples: { test: 30 } });
    expect(report.baselines.map(({ name }: { name: string }) => name)).toEqual(["untouched", "chain-of-thought"]);
    const [semantic] = report.variants;
    expect(semantic.heldOut.scored).toBe(30);
    for (const { calls } of semantic.repeats) expect(calls).toBeLessThanOrEqual(120);

    const asked = bench.server.requests();
    const page = join(bench.folder, "methods.html");
    const again = await bench.online("compare", bench.graph, "--methods", "semantic", ...SMALL, "--output", page);
    expect(again.stderr).toContain("8 of 8 runs are done already");
    expect(bench.server.requests()).toBe(asked);
    const html = await readFile(page, "utf8");
    expect(html).toContain("sign-flip");
    expect(html).not.toContain("<script");
  });

  it.each([
    [
      "a method that there is not",
      ["--methods", "semantic,magic"],
      "There is no method named magic. Use one or more of: semantic",
    ],
    ["a graph without test samples", ["--set", "data.test=null"], "test"],
  ])("refuses %s before any call", async (_, args, message) => {
    const bench = await open();
    const { code, stderr } = await bench.online("compare", bench.graph, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(bench.server.requests()).toBe(0);
  });
});

it("ablate compares variants of a method, each with one option changed", async () => {
  const bench = await open();
  const args = ["--vary", "neighbors", "--repeats", "1", "--set", "optimize.iterations=1", "--format", "markdown"];
  const { code, stdout } = await bench.online("ablate", bench.graph, ...args);
  expect(code).toBe(0);
  expect(stdout).toContain("| unchanged |");
  expect(stdout).toContain("| neighbors off |");
});

it("holds each row out once with data.folds", async () => {
  const bench = await open({ rows: "all" });
  const file = JSON.parse(await readFile(join(bench.folder, bench.graph), "utf8"));
  const rows = (await readFile(join(bench.folder, "data", "test.jsonl"), "utf8")).trim().split("\n").slice(0, 18);
  await writeFile(join(bench.folder, "few.jsonl"), `${rows.join("\n")}\n`);
  const { train: _, validation: __, test: ___, ...data } = file.data;
  const few = { ...file, data: { ...data, file: "few.jsonl", folds: 3 } };
  await writeFile(join(bench.folder, "few.agentgraph.json"), JSON.stringify(few));
  const args = ["--methods", "semantic", "--set", "optimize.iterations=1"];
  const first = await bench.online("compare", "few.agentgraph.json", ...args, "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain("1 variant, 3 folds: 12 runs");
  const report = JSON.parse(first.stdout);
  expect(report).toMatchObject({ folds: 3, seeds: [1, 2, 3], samples: { train: 6, validation: 6, test: 18 } });
  expect(report.variants[0].heldOut).toMatchObject({
    scored: 18,
    repeats: [expect.any(Number), expect.any(Number), expect.any(Number)],
  });
  expect(report.variants[0].gain.better + report.variants[0].gain.worse).toBeLessThanOrEqual(18);
  const asked = bench.server.requests();
  const again = await bench.online("compare", "few.agentgraph.json", ...args, "--format", "markdown");
  expect(again.stdout).toContain("Each of the 18 samples is held out once, in 3 searches");
  expect(bench.server.requests()).toBe(asked);
  const optimized = await bench.online("optimize", "few.agentgraph.json", "--set", "optimize.iterations=1", "--json");
  expect(JSON.parse(optimized.stdout)).toMatchObject({ test: null, validation: { n: 9 } });
});
