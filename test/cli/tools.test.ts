import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { open } from "./cli.ts";
import { orderModel, orders } from "./order-model.ts";

const SERVER = join(import.meta.dirname, "../server/sum-tool.mjs");

async function bench(mood = "", more: object = {}) {
  const opened = await open({ model: orderModel });
  const { folder } = opened;
  const log = join(folder, "..", "calls.txt");
  const tools = join(folder, "..", "tools.json");
  await writeFile(log, "");
  const server = { command: process.execPath, args: [SERVER, log, mood] };
  await writeFile(tools, JSON.stringify({ mcpServers: { shop: server } }));
  const graph = {
    version: 1,
    description: "Says what an order costs.",
    inputs: { order: "what a customer wrote" },
    nodes: {
      items: {
        role: "lists what was ordered",
        inputs: ["order"],
        instruction: "List the items that are ordered, as a JSON list.",
      },
      total: { kind: "tool", role: "adds up the items", inputs: ["items"], tool: "add_up" },
      say: { role: "answers the customer", inputs: ["total"], instruction: "Say what it costs." },
      ...more,
    },
    output: "say",
    models: { forward: "orders" },
    data: { train: orders(0, 24), validation: orders(1, 15), test: orders(2, 15), target: "sum" },
    loss: { kind: "number" },
  };
  await writeFile(join(folder, "order.agentgraph.json"), JSON.stringify(graph));
  const calls = async () => (await readFile(log, "utf8")).split("\n").length - 1;
  const online = (command: string, ...options: string[]) =>
    opened.online(command, "order.agentgraph.json", "--model", "orders", ...options);
  return { ...opened, tools, calls, online, log };
}

describe("tools of the user's own servers", () => {
  it("are called by a graph, and feedback crosses them to the earlier prompt", async () => {
    const { online, tools, calls, log } = await bench();
    const { stdout, stderr } = await online("optimize", "--json", "--tools", tools);
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThanOrEqual(0.7);
    expect(report.test?.after).toBe(1);
    expect(report.proposals.map(({ node }) => node)).toEqual(["items"]);
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    expect(new Set(lines).size, "no input is asked twice").toBe(lines.length);
    // The results are kept like replies: the same graph asks its tools no more.
    const before = await calls();
    await online("optimize", "--json", "--tools", tools);
    expect(await calls()).toBe(before);
  });

  it("that report a problem with their input give a format error", async () => {
    const prose = { inputs: ["order"], instruction: "List the items that are ordered." };
    const { online, tools } = await bench("", { items: prose });
    const { stdout } = await online("evaluate", "--json", "--tools", tools);
    expect(JSON.parse(stdout)).toMatchObject({ score: 0, formatErrors: 15, unscored: 0 });
  });

  it("whose server ends leave samples unscored, never wrong", async () => {
    const { online, tools } = await bench("mute");
    const { stdout, code } = await online("evaluate", "--json", "--tools", tools);
    expect(JSON.parse(stdout)).toMatchObject({ score: null, unscored: 15 });
    expect(code).toBe(4);
  });

  it("are never chosen by a file: without the user's servers no request is sent", async () => {
    const { online, run, server, tools, folder } = await bench();
    const none = await online("optimize");
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("The graph calls tools (add_up). Name a file with your tool servers with --tools");
    await writeFile(tools, JSON.stringify({ mcpServers: {} }));
    const missing = await online("optimize", "--tools", tools);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("there is no tool named add_up");
    await rm(tools);
    const gone = await online("optimize", "--tools", tools);
    expect(gone.stderr).toContain("can't be read");
    expect(server.requests()).toBe(0);
    const path = join(folder, "order.agentgraph.json");
    const graph = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...graph, mcpServers: { evil: { command: "sh" } } }));
    expect((await run("check", "order.agentgraph.json")).stdout).toContain("unknown-key");
  });

  it("name their inputs: another placeholder is a warning with its place", async () => {
    const total = { kind: "tool", inputs: ["items"], tool: "add_up", arguments: { items: "{{itmes}}" } };
    const { run } = await bench("", { total });
    const { stdout } = await run("check", "order.agentgraph.json");
    expect(stdout).toContain('"itmes" in the arguments of "total" is not an input of this node');
    expect(stdout).toContain('Did you mean "items"?');
  });
});
