import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { open } from "./cli.ts";

const SMALL = ["--repeats", "2", "--set", "optimize.iterations=1", "--budget-calls", "120"];

describe("compare", () => {
  it("scores each method beside both baselines, goes on with the runs that it has, and writes a page", async () => {
    const bench = await open();
    const first = await bench.online("compare", bench.graph, "--methods", "semantic", ...SMALL, "--json");
    expect(first.stderr).toContain("8 runs");
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

it("ablate compares the method with itself, an option changed", async () => {
  const bench = await open();
  const args = ["--vary", "neighbors", "--repeats", "1", "--set", "optimize.iterations=1", "--format", "markdown"];
  const { code, stdout } = await bench.online("ablate", bench.graph, ...args);
  expect(code).toBe(0);
  expect(stdout).toContain("| unchanged |");
  expect(stdout).toContain("| neighbors off |");
});
