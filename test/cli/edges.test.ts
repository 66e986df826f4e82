import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { open } from "./cli.ts";
import { priceGraph, priceModel } from "./price-model.ts";

async function bench(more: { answer?: object; optimize?: object } = {}) {
  const opened = await open({ model: priceModel });
  const { nodes, optimize } = priceGraph;
  const graph = {
    ...priceGraph,
    nodes: { ...nodes, answer: { ...nodes.answer, ...more.answer } },
    optimize: { ...optimize, ...more.optimize },
  };
  const path = join(opened.folder, "price.agentgraph.json");
  await writeFile(path, `${JSON.stringify(graph, null, 2)}\n`);
  const online = (command: string, ...options: string[]) =>
    opened.online(command, "price.agentgraph.json", "--model", "prices", ...options);
  return { ...opened, online, path, text: () => readFile(path, "utf8") };
}

describe("edges as parameters", () => {
  it("add a missing input, drop a harmful one, and are written to the file with their placeholders", async () => {
    const { online, text, run } = await bench();
    const before = await text();
    const { stdout, stderr } = await online("optimize", "--json", "--apply");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test).toMatchObject({ before: 0, after: 1 });
    const [proposal, ...others] = report.proposals.filter(({ verdict }) => verdict === "accepted");
    expect(others).toEqual([]);
    expect(proposal).toMatchObject({
      node: "answer:inputs",
      base: "question\ngossip",
      text: "question\nlist",
      edges: { list: true, gossip: true },
    });
    const after = await text();
    const lines = (of: string) => of.split("\n");
    const changed = lines(after).filter((line) => !lines(before).includes(line));
    expect(changed.map((line) => line.trim())).toEqual(['"list"', '"<list>",', '"{{list}}",', '"</list>"']);
    expect(JSON.parse(after).nodes.answer).toMatchObject({
      inputs: ["question", "list"],
      instruction: ["Say what it costs.", "", "Question: {{question}}", "", "<list>", "{{list}}", "</list>"],
    });
    const check = await run("check", "price.agentgraph.json");
    expect(check.code, check.stdout).toBe(0);
    // The file as it is written now scores what the run said.
    const evaluated = await online("evaluate", "--json", "--split", "test");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ score: 1 });
  });

  it("do not change by default, nor with methods that change only texts", async () => {
    const { online, run, path, text } = await bench({ optimize: { edges: false } });
    const { stdout } = await online("optimize", "--json");
    expect(JSON.parse(stdout).proposals.map(({ node }: { node: string }) => node)).not.toContain("answer:inputs");
    const graph = JSON.parse(await text());
    await writeFile(path, JSON.stringify({ ...graph, optimize: { edges: true, method: "gepa" } }));
    const check = await run("check", "price.agentgraph.json");
    expect(check.stdout).toContain('The method gepa changes texts alone, so "edges" has no effect.');
    await writeFile(path, JSON.stringify({ ...graph, optimize: { edges: ["gosip"] } }));
    expect((await run("check", "price.agentgraph.json")).stdout).toContain('Did you mean "gossip"?');
  });

  it("cost no second call when an interrupted run is resumed", async () => {
    const { online, run, server } = await bench();
    await online("optimize", "--json");
    const asked = server.requests();
    await online("optimize", "--json");
    expect(server.requests()).toBe(asked);
    const { stdout } = await run("runs", "--json");
    expect(JSON.parse(stdout).runs).toHaveLength(2);
  });

  it("are named in what a run prints and in its report", async () => {
    const { online, run, folder } = await bench();
    const { stderr, stdout } = await online("optimize");
    expect(`${stdout}${stderr}`).toContain("answer:inputs");
    const file = join(folder, "report.html");
    await run("report", "price.agentgraph.json", "--output", file);
    const report = await readFile(file, "utf8");
    expect(report).toContain("answer:inputs");
    expect(report).toContain("now reads list");
  });
});
