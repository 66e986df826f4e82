import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Model, ModelReply } from "../../src/models/model.ts";
import type { Migration } from "../../src/run/migration.ts";
import { open } from "./cli.ts";

/** `senior` adds with carries; `junior` does so only if its instruction says it. Both write feedback and rewrites. */
const adders: Model = {
  identity: "adders",
  async complete({ model, messages, schema }): Promise<ModelReply> {
    const all = messages.map(({ content }) => content).join("\n\n");
    const keys = Object.keys(Object(schema?.schema.properties));
    const [, a = "0", b = "0"] = /(\d+) plus (\d+)/.exec(all) ?? [];
    const carries = model === "senior" || /carry/i.test(messages[0]?.content ?? "");
    const sum = carries
      ? `${Number(a) + Number(b)}`
      : `${Math.floor(Number(a) / 10) + Math.floor(Number(b) / 10)}${(Number(a) + Number(b)) % 10}`;
    const old = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(all)?.[1] ?? "";
    const text = !schema
      ? sum
      : keys.includes("text")
        ? JSON.stringify({ hypothesis: "It forgets to carry.", text: `${old} Carry the tens.` })
        : JSON.stringify(Object.fromEntries(keys.map((key) => [key, "It does not carry."])));
    const usage = { prompt: 100, completion: 10, estimated: false };
    // A gateway that answers with the name of a dearer model: the price of the requested one counts.
    const named = model === "junior" ? "gpt-6-astra" : model;
    return { text, usage, model: named, finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
  },
};

const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => {
    const [a, b] = [10 + from + at, 11 + 3 * at];
    return { id: `${a}+${b}`, question: `What is ${a} plus ${b}?`, answer: `${a + b}` };
  });

async function bench(instruction: string) {
  const opened = await open({ model: adders });
  const path = join(opened.folder, "add.agentgraph.json");
  const graph = {
    version: 1,
    description: "Adds two numbers.",
    inputs: { question: "an addition" },
    nodes: { add: { inputs: ["question"], instruction } },
    output: "add",
    models: { forward: "senior", optimizer: "senior" },
    data: { train: rows(0, 16), validation: rows(20, 16), test: rows(40, 16), target: "answer", id: "id" },
    loss: { kind: "exact" },
  };
  await writeFile(path, JSON.stringify(graph));
  const migrate = async (...options: string[]): Promise<Migration> => {
    const prices = ["--price", "senior=10,30", "--price", "junior=1,3"];
    const { stdout, stderr } = await opened.against(
      opened.server.url,
      "migrate",
      "add.agentgraph.json",
      "--json",
      ...prices,
      ...options,
    );
    return stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
  };
  return { ...opened, path, migrate };
}

describe("a graph moves to another model", () => {
  it("is tuned until the new model keeps the score, and the savings are shown", async () => {
    const { migrate, path } = await bench("Add the numbers.");
    const moved = await migrate("--to", "junior", "--apply");
    expect(moved).toMatchObject({ split: "test", n: 16, held: true, fixed: [], stillBroken: [] });
    expect(moved.from).toMatchObject({ model: "senior", score: 1 });
    expect(moved.to.score).toBeLessThan(1);
    expect(moved.broken).toHaveLength(Math.round(16 * (1 - (moved.to.score ?? 0))));
    expect(moved.tuned).toMatchObject({ model: "junior", score: 1 });
    // 100 prompt and 10 reply tokens per answer, at list price.
    expect([moved.from.usd, moved.tuned?.usd]).toEqual([expect.closeTo(1.3), expect.closeTo(0.13)]);
    const { nodes, models } = JSON.parse(await readFile(path, "utf8"));
    expect(nodes.add.instruction).toContain("Carry the tens.");
    // What wrote feedback before still does.
    expect(models).toEqual({ forward: "junior", optimizer: "senior", backward: "senior" });
    const again = await migrate("--to", "senior");
    expect(again).toMatchObject({ from: { model: "junior" }, held: true });
  });

  it("is not changed if the new model keeps the score", async () => {
    const { migrate, path, server } = await bench("Add the numbers, and carry.");
    const moved = await migrate("--to", "junior");
    expect(moved).toMatchObject({ held: true, tuned: null, run: null, broken: [] });
    expect(server.requests()).toBe(32);
    expect(await readFile(path, "utf8")).toContain("Add the numbers, and carry.");
    expect(await readFile(path, "utf8")).toContain('"forward":"senior"');
  });

  it("prints the scores and the savings", async () => {
    const { against, server } = await bench("Add the numbers, and carry.");
    const options = ["--to", "junior", "--price", "senior=10,30", "--price", "junior=1,3"];
    const { stdout } = await against(server.url, "migrate", "add.agentgraph.json", ...options);
    expect(stdout).toContain("junior keeps the score of senior: 1.00 against 1.00 on 16 test samples.");
    expect(stdout).toMatch(/1,000 answers cost \$1\.30 → \$0\.13: 90\s?% less\./);
    const same = await against(server.url, "migrate", "add.agentgraph.json", "--to", "senior");
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining("already uses senior")]);
  });
});
