import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { type Bench, open } from "./cli.ts";
import { BETTER, scripted } from "./scripted.ts";

const FILE = "graph.agentgraph.json";

/** Every answer is right once the instruction says so, in a text that is three times as long. */
const model = scripted({
  forward: (prompt, better) => (better ? (/word: (\w+)/.exec(prompt)?.[1] ?? "") : "nothing"),
  rewrite: () =>
    JSON.stringify({ hypothesis: "More words.", text: `Say the word. ${BETTER} ${"as it stands ".repeat(40)}` }),
});

async function bench(objectives: unknown): Promise<Bench> {
  const made = await open({ model });
  const rows = (name: string) =>
    Array.from({ length: 8 }, (_, at) => ({ id: `${name}${at}`, q: `word: ${name}${at}`, answer: `${name}${at}` }));
  const graph = {
    version: 1,
    inputs: { q: "a word" },
    nodes: { say: { inputs: ["q"], instruction: "Answer." } },
    output: "say",
    models: { forward: "scripted" },
    data: { train: rows("t"), validation: rows("v"), target: "answer", id: "id" },
    loss: { kind: "exact" },
    optimize: { objectives },
  };
  await writeFile(join(made.folder, FILE), JSON.stringify(graph));
  return made;
}

const text = async ({ folder }: Bench): Promise<string> =>
  JSON.parse(await readFile(join(folder, FILE), "utf8")).nodes.say.instruction;

describe("with Pareto's objectives", () => {
  it("the user chooses among the original graph and the result, and a command writes the choice", async () => {
    const made = await bench("pareto");
    const { stdout, stderr } = await made.online("optimize", FILE, "--json", "--model", "scripted");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.front).toMatchObject([
      { n: 8, score: 0, isResult: false },
      { n: 8, score: 1, isResult: true },
    ]);
    expect(report.front[1]?.tokens).toBeGreaterThan(1.5 * (report.front[0]?.tokens ?? 0));
    expect((await made.run("report", FILE)).stdout).toContain(`agentgraph pick ${report.run} `);

    const first = await made.run("pick", FILE, "1");
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining("original graph")]);
    expect(await text(made)).toBe("Answer.");
    expect((await made.run("pick", FILE, "2")).code).toBe(0);
    expect(await text(made)).toContain(BETTER);
    const third = await made.run("pick", FILE, "3");
    expect([third.code, third.stderr]).toEqual([2, expect.stringContaining("has the results 1 to 2")]);
  });
});

describe("with weights", () => {
  it("the gate rejects a change that costs more than it gains", async () => {
    const { online } = await bench({ tokens: 5 });
    const { stdout, stderr } = await online("optimize", FILE, "--json", "--model", "scripted");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.proposals).toMatchObject([{ verdict: "rejected", reason: "costs more than it gains" }]);
    expect(report.front).toEqual([]);
  });

  it("a weight below 0 or of an unknown name is an error at its place", async () => {
    const { run } = await bench({ tokens: -1 });
    const { code, stdout, stderr } = await run("check", FILE);
    expect([code, stdout + stderr]).toEqual([2, expect.stringMatching(/graph\.agentgraph\.json:\d+:\d+/)]);
  });
});
