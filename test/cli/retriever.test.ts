import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { open } from "./cli.ts";
import { searchModel } from "./search-model.ts";

describe("the example with two hops", () => {
  it("passes check, and its two searches improve with feedback on missing passages", async () => {
    const bench = await open({ model: searchModel }, "multihop");
    expect((await bench.run("check", bench.graph)).code).toBe(0);
    const { stdout, stderr } = await bench.online("optimize", bench.graph, "--json", "--model", "search");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThan(0.3);
    expect(report.test?.after).toBe(1);
    const changed = report.proposals.filter(({ verdict }) => verdict === "accepted").map(({ node }) => node);
    expect(changed.sort()).toEqual(["search1", "search2"]);
  });

  it("is scored on the articles that the run began with, also when it is resumed without them", async () => {
    const bench = await open({ model: searchModel }, "multihop");
    const whole = await bench.online("optimize", bench.graph, "--json", "--model", "search");
    const cut = await open({ model: searchModel }, "multihop");
    const first = await cut.online("optimize", cut.graph, "--json", "--model", "search", "--budget-calls", "150");
    expect(first.code).toBe(3);
    await rm(join(cut.folder, "articles"), { recursive: true });
    const { run }: RunReport = JSON.parse(first.stdout);
    const resumed = await cut.online("resume", run ?? "", "--json", "--budget-calls", "2000");
    expect(JSON.parse(resumed.stdout).test).toEqual(JSON.parse(whole.stdout).test);
  });

  it("names patterns that match nothing or point outside", async () => {
    const bench = await open({ model: searchModel }, "multihop");
    const path = join(bench.folder, bench.graph);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replaceAll('["articles/**/*.md"]', '["../../../**/*.md"]'));
    expect((await bench.run("check", bench.graph)).stdout).toContain("reference-refused");
    await writeFile(path, text.replaceAll('["articles/**/*.md"]', '["nowhere/*.md"]'));
    expect((await bench.run("check", bench.graph)).stdout).toContain("empty-corpus");
  });
});
