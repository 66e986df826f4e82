import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";
import { KEY, open } from "./cli.ts";

const QUERY = "Kai has 3 packs with 7 cards each and 54 single cards. How many cards does Kai have now?";

describe("a tuned graph in use", () => {
  it.each(["chain", "diamond", "fan-in"])(
    "answers one query as a module as on the command line: %s",
    async (example) => {
      const sent: string[] = [];
      const inner = createSimulated();
      const complete: Model["complete"] = (request, signal) => {
        sent.push(JSON.stringify(request.messages));
        return inner.complete(request, signal);
      };
      const bench = await open({ model: { ...inner, complete } }, example);
      const { inputs } = JSON.parse(await readFile(join(bench.folder, bench.graph), "utf8"));
      const names = Array.isArray(inputs) ? inputs : Object.keys(inputs);
      const row = JSON.parse((await readFile(join(bench.folder, "data/test.jsonl"), "utf8")).split("\n")[0] ?? "");
      const given = Object.fromEntries(names.map((name: string) => [name, String(row[name])]));
      const options = names.flatMap((name: string) => ["--input", `${name}=${given[name]}`]);
      const ran = await bench.online("run", bench.graph, "--json", ...options);
      const answered = ran.stdout === "" ? expect.fail(ran.stderr) : JSON.parse(ran.stdout);
      const exported = await bench.run(
        "export",
        bench.graph,
        "--format",
        "module",
        "--model",
        "simulated",
        "--output",
        "graph.mjs",
      );
      expect(exported.code).toBe(0);
      const { run } = await import(pathToFileURL(join(bench.folder, "graph.mjs")).href);
      const asked = sent.splice(0).sort();
      const { answer, values } = await run(given, { baseUrl: bench.server.url, apiKey: KEY, model: "simulated" });
      expect({ answer, values }).toEqual({ answer: answered.answer, values: answered.values });
      expect(sent.sort()).toEqual(asked);
      expect(asked).toHaveLength(answered.calls);
    },
  );

  it("draws a graph that has no model and no rows yet", async () => {
    const { run, folder } = await open();
    const graph = {
      version: 1,
      inputs: { question: "" },
      nodes: {
        plan: { inputs: ["question"], instruction: "Plan." },
        solve: { inputs: ["plan"], instruction: "Solve." },
      },
      output: "solve",
      data: {},
      loss: { kind: "exact" },
    };
    await writeFile(join(folder, "new.agentgraph.json"), JSON.stringify(graph));
    const drawn = await run("export", "new.agentgraph.json");
    expect([drawn.code, drawn.stdout]).toEqual([0, expect.stringContaining("n1 --> n2")]);
    const texts = await run("export", "new.agentgraph.json", "--format", "texts");
    expect(JSON.parse(texts.stdout)).toMatchObject({ plan: "Plan." });
  });

  it("prints the answer alone on stdout, and the values of all nodes with --trace", async () => {
    const { online, graph, folder } = await open();
    await writeFile(join(folder, "query.txt"), QUERY);
    const { stdout, stderr } = await online("run", graph, "--input", "question=@query.txt", "--trace");
    expect(stdout).toMatch(/^There are \d+ now\.\n$/);
    expect(stderr).toContain("plan: ");
    expect(stderr).toContain("2 calls");
  });

  it("names missing or unknown inputs before any request", async () => {
    const { online, graph, server } = await open();
    const missing = await online("run", graph);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("Set --input question=…")]);
    const unknown = await online("run", graph, "--input", "query=x");
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining("no input query. Its inputs are question"),
    ]);
    expect(server.requests()).toBe(0);
  });

  it("is written in several formats", async () => {
    const { run, graph, folder } = await open();
    const chart = await run("export", graph);
    expect(chart.stdout).toMatch(/^flowchart TD\n/);
    const prompty = await run("export", graph, "--format", "prompty", "--output", "out");
    expect(prompty.stderr).toContain("Wrote ");
    expect(await readFile(join(folder, "out/plan.prompty"), "utf8")).toMatch(/^---\nname: plan\n/);
    const file = await run("export", graph, "--format", "prompty", "--output", "out/plan.prompty");
    expect(file.code).toBe(2);
    expect(file.stderr).toMatch(/^Error: .+can't be written: a file has the name of its folder\.$/m);
    const refused = await run("export", graph, "--format", "promptfoo");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("calls a model in several nodes")]);
  });
});
