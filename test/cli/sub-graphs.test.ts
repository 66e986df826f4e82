import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { type Bench, open } from "./cli.ts";
import { AROUND_SUMS, orderGraph, orderModel } from "./order-model.ts";

const GRAPH = "order.agentgraph.json";
const PART = "parts/sum.agentgraph.json";

const { sentences, total } = AROUND_SUMS;
const sums = { kind: "map", over: "sentences", inputs: ["sentences"], graph: { file: PART } };

/** The sum of one sentence of an order: the sentence has another name there. */
const PART_GRAPH = `{
  // Each sentence alone.
  "version": 1,
  "inputs": { "sentence": "one sentence of an order" },
  "nodes": {
    "items": {
      "role": "lists what was ordered",
      "inputs": ["sentence"],
      "instruction": [
        "List the items that are ordered,",
        "as a JSON list." // all of them
      ],
      "output": { "json": "" }
    },
    "sum": { "kind": "function", "inputs": ["items", "sentence"], "code": { "file": "sum.js" } }
  },
  "output": "sum"
}
`;
const SUM =
  "export default ({ items, sentence }) => ({ sum: items.reduce((sum, { count, price }) => sum + count * price, 0), of: sentence });\n";

async function put(bench: Bench, nodes: object, part = PART_GRAPH): Promise<void> {
  const whole = orderGraph({ nodes, output: "total" });
  const files = { [GRAPH]: JSON.stringify(whole, null, 2), [PART]: part, "parts/sum.js": SUM };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(bench.folder, name)), { recursive: true });
    await writeFile(join(bench.folder, name), text);
  }
}

describe("a map over a graph in another file", () => {
  it("runs it for each element, improves its text, and writes only that line of that file", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { sentences, sums, total });
    const checked = await bench.run("check", GRAPH);
    expect([checked.stdout, checked.code]).toEqual([expect.stringContaining("0 errors, 0 warnings"), 0]);
    const before = await readFile(join(bench.folder, GRAPH), "utf8");
    const { stdout, stderr } = await bench.online("optimize", GRAPH, "--json", "--model", "orders", "--apply");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThan(0.7);
    expect(report.test?.after).toBe(1);
    expect(report.proposals.map(({ node }) => node)).toEqual(["items"]);
    expect(await readFile(join(bench.folder, GRAPH), "utf8")).toBe(before);
    const after = (await readFile(join(bench.folder, PART), "utf8")).split("\n");
    const kept = after.filter((line) => PART_GRAPH.split("\n").includes(line));
    expect(after.length - kept.length).toBe(1);
    expect(after.join("\n")).toContain('"as a JSON list. Put a voucher in the list, too." // all of them');
    const asked = bench.server.log.map(({ body }) => body.messages.map(({ content }) => content).join("\n"));
    const forward = asked.filter((prompt) => !prompt.includes("<feedback>"));
    expect(forward.some((prompt) => prompt.includes("voucher of") && prompt.includes("Please send"))).toBe(false);
    const again = await bench.online("evaluate", GRAPH, "--json", "--model", "orders", "--split", "test");
    expect(JSON.parse(again.stdout)).toMatchObject({ score: 1, calls: 0 });
  });

  it.each<[string, object, string, string]>([
    ["that is not there", { ...sums, graph: { file: "parts/no.agentgraph.json" } }, PART_GRAPH, "does not exist"],
    [
      "outside the repository",
      { ...sums, graph: { file: "../no.agentgraph.json" } },
      PART_GRAPH,
      "it points outside the repository",
    ],
    ["that is itself", { ...sums, graph: { file: GRAPH } }, PART_GRAPH, "A graph can't run itself."],
    [
      "with errors",
      sums,
      PART_GRAPH.replace('"items", "sentence"', '"itens"'),
      `The graph ${PART} can't run. Line 15:`,
    ],
    ["with a name of this graph", sums, PART_GRAPH.replaceAll('"sum"', '"total"'), `Both this graph and ${PART} have`],
    [
      "with two open inputs",
      sums,
      PART_GRAPH.replace('"inputs": { ', '"inputs": { "order": "", '),
      `${PART} has the input "order", which "sums" doesn't give.`,
    ],
    [
      "with a variable that it doesn't know",
      { ...sums, variables: { phrase: "sentences" } },
      PART_GRAPH,
      `"phrase" is not an input of ${PART}.`,
    ],
    [
      "with a map",
      sums,
      PART_GRAPH.replace('"output": "sum"', '"output": "all"').replace(
        '"sum":',
        '"all": { "kind": "map", "over": "sentence", "inputs": ["sentence"], "instruction": "x" },\n    "sum":',
      ),
      'because it is a node of kind "map"',
    ],
    [
      "whose answer is the same for all elements",
      sums,
      PART_GRAPH.replace('"output": "sum"', '"output": "rest"').replace(
        '"sum":',
        '"rest": { "inputs": [], "instruction": "x" },\n    "sum":',
      ),
      "reads nothing of the element",
    ],
    ["and an instruction", { ...sums, instruction: "x" }, PART_GRAPH, 'needs "instruction", "nodes" or "graph"'],
    ["without its list among the inputs", { ...sums, inputs: [] }, PART_GRAPH, "which is not one of its inputs"],
  ])("%s is refused before any request", async (_, map, part, said) => {
    const bench = await open({ model: orderModel });
    await put(bench, { sentences, sums: map, total }, part);
    const { code, stdout } = await bench.run("check", GRAPH);
    expect(stdout).toContain(said);
    expect(code).toBe(2);
  });

  it("gets other values by name or by variables", async () => {
    const bench = await open({ model: orderModel });
    const part = PART_GRAPH.replace('"inputs": { ', '"inputs": { "whole": "", "order": "", ').replace(
      '"inputs": ["items", "sentence"]',
      '"inputs": ["items", "sentence", "whole", "order"]',
    );
    await put(
      bench,
      { sentences, sums: { ...sums, inputs: ["sentences", "order"], variables: { whole: "order" } }, total },
      part,
    );
    await writeFile(
      join(bench.folder, "parts/sum.js"),
      SUM.replace("items, sentence }) =>", "items, sentence, whole, order }) => whole !== order ? null :"),
    );
    const { stdout } = await bench.online("evaluate", GRAPH, "--json", "--model", "orders", "--split", "test");
    expect(JSON.parse(stdout)).toMatchObject({ formatErrors: 0, unscored: 0 });
    expect(JSON.parse(stdout).score).toBeGreaterThan(0.5);
  });
});
