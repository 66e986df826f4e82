import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { type Bench, open } from "./cli.ts";
import { AROUND_SUMS, orderGraph, orderModel } from "./order-model.ts";

const SUM = "export default ({ items }) => String(items.reduce((sum, { count, price }) => sum + count * price, 0));\n";
const PARSED = SUM.replace("=> String(items", "=> String(JSON.parse(items)");

const read = { role: "lists what was ordered", inputs: ["order"], instruction: "List the items that are ordered." };
const JSON_READ = { ...read, instruction: "List the items that are ordered, as a JSON list." };
const say = { role: "answers the customer", inputs: ["total"], instruction: "Say what it costs." };
const total = { kind: "function", inputs: ["items"], code: { file: "steps/total.js" } };

describe("feedback crosses code and improves the earlier prompt", () => {
  it.each<[string, object, string, Readonly<Record<string, string>>]>([
    [
      "between two model calls, where the text that it gets is no JSON at first",
      { items: read, total, say },
      "say",
      { "steps/total.js": PARSED },
    ],
    [
      "two functions in a row",
      {
        items: JSON_READ,
        lines: { kind: "function", inputs: ["items"], code: { file: "steps/lines.ts" } },
        total: { kind: "function", inputs: ["lines"], code: { file: "steps/total.js" } },
        say,
      },
      "say",
      {
        "steps/lines.ts":
          "interface Item { count: number; price: number }\nexport default ({ items }: { items: string }): number[] =>\n  (JSON.parse(items) as Item[]).map(({ count, price }) => count * price);\n",
        "steps/total.js": "export default ({ lines }) => String(lines.reduce((sum, line) => sum + line, 0));\n",
      },
    ],
    [
      "a function that knows its input by another name",
      { items: JSON_READ, total: { ...total, variables: { list: "items" } }, say },
      "say",
      { "steps/total.js": PARSED.replace("{ items }", "{ list }").replace("parse(items)", "parse(list)") },
    ],
    ["the answer itself", { items: JSON_READ, total }, "total", { "steps/total.js": PARSED }],
    [
      "a function that reads the query, too",
      {
        items: { ...JSON_READ, output: { json: "" } },
        total: { ...total, inputs: ["items", "order"] },
        say,
      },
      "say",
      {
        "steps/total.js": `export default ({ items, order }) => {
  const sum = items.reduce((all, { count, price }) => all + count * price, 0);
  return order.length > 0 ? { sum } : "nothing was ordered";
}
`,
      },
    ],
  ])("%s", async (_, nodes, output, files) => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes, output }, files);
    const { stdout, stderr } = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThanOrEqual(0.7);
    expect(report.test?.after).toBe(1);
    expect(report.proposals.map(({ node }) => node)).toEqual(["items"]);
    expect(report.proposals[0]?.text).toContain("voucher");
  });
});

describe("other methods see the code that processes a value", () => {
  it.each(["textgrad", "semantic-reference", "optoprime"])("%s", async (method) => {
    const bench = await open({ model: orderModel });
    const nodes = { items: JSON_READ, total: { ...total, code: [PARSED.trim()] }, say };
    await put(bench, { nodes, output: "say" }, {});
    const once = ["--method", method, "--set", `optimize.${method}.iterations=1`];
    await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders", ...once);
    const prompts = bench.server.log.map(({ body }) => body.messages.map(({ content }) => content).join("\n"));
    const shown = prompts.filter((prompt) => prompt.includes("feedback") && prompt.includes('<code step="total"'));
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.some((prompt) => prompt.includes("count * price"))).toBe(true);
    if (method === "optoprime") expect(shown.some((prompt) => prompt.includes("total = compute(items)"))).toBe(true);
    else expect(shown.some((prompt) => !prompt.includes("<current_text>"))).toBe(true);
  });
});

describe("a text that is code", () => {
  const program = {
    kind: "text",
    role: "adds up an order",
    language: "javascript",
    text: [
      "(order) => {",
      "  const items = [...order.matchAll(/(\\d+) \\w+ at (\\d+)/g)];",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the graph.
      "  return `${items.length}`;",
      "}",
    ],
  };
  const sum = {
    kind: "function",
    inputs: ["program", "order"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the graph.
    code: ["export default ({ program, order }) => String(new Function(`return ${program}`)()(order));"],
  };

  it("is rewritten from its results, even if the rewrite is in fences and drops braces", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes: { program, sum }, output: "sum" }, {});
    const checked = await bench.run("check", "order.agentgraph.json");
    expect([checked.code, checked.stdout]).toEqual([0, expect.not.stringContaining("placeholder")]);
    const { stdout, stderr } = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test).toMatchObject({ before: 0, after: 1 });
    expect(report.proposals[0]?.text).toMatch(/^\(order\) => \{/);
  });
});

describe("a map node", () => {
  const { sentences } = AROUND_SUMS;
  const flat = [
    "export default ({ items }) => String(items.flat().reduce((sum, { count, price }) => sum + count * price, 0))",
  ];
  const items = { ...JSON_READ, kind: "map", inputs: ["sentences"], over: "sentences", output: { json: "" } };
  const nodes = { sentences, items, total: { kind: "function", inputs: ["items"], code: flat } };

  it("calls the model for each element of a list, and its instruction improves with all of them", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes, output: "total" }, {});
    const { stdout, stderr } = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThan(0.7);
    expect(report.test?.after).toBe(1);
    expect(report.proposals.map(({ node }) => node)).toEqual(["items"]);
    const asked = bench.server.log.filter(({ body }) => !body.response_format).map(({ body }) => body.messages.at(-1));
    expect(
      asked.every((message) => !message?.content.includes("voucher of") || !message.content.includes("pens")),
    ).toBe(true);
  });

  it("without a list as input is a format error, and the feedback names it", async () => {
    const bench = await open({ model: orderModel });
    await put(
      bench,
      {
        nodes: { items: { ...items, inputs: ["order"], over: "order" }, say: { ...say, inputs: ["items"] } },
        output: "say",
      },
      {},
    );
    const { stdout } = await bench.online("evaluate", "order.agentgraph.json", "--json", "--model", "orders");
    expect(JSON.parse(stdout)).toMatchObject({ score: 0, formatErrors: 15 });
    expect(bench.server.requests()).toBe(0);
  });

  it("must name one of its inputs with `over`", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes: { ...nodes, items: { ...items, over: "sentence" } }, output: "total" }, {});
    const { code, stdout } = await bench.run("check", "order.agentgraph.json");
    expect(code).toBe(2);
    expect(stdout).toContain('"over" of "items" names "sentence", which is not one of its inputs.');
    expect(stdout).toContain('Did you mean "sentences"?');
  });
});

describe("a map over several nodes", () => {
  const { sentences, total } = AROUND_SUMS;
  const items = { ...JSON_READ, inputs: ["sentences"], output: { json: "" } };
  const sum = {
    kind: "function",
    inputs: ["items", "sentences"],
    code: [
      "export default ({ items, sentences }) => ({ sum: items.reduce((sum, { count, price }) => sum + count * price, 0), of: sentences })",
    ],
  };
  const sums = { kind: "map", over: "sentences", nodes: ["items", "sum"] };
  const nodes = { sentences, items, sum, sums, total };

  it("runs all of them for each element, in order, and feedback crosses the join to the right prompt", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes, output: "total" }, {});
    const checked = await bench.run("check", "order.agentgraph.json");
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("0 errors, 0 warnings")]);
    const { stdout, stderr } = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBeLessThan(0.7);
    expect(report.test?.after).toBe(1);
    expect(report.proposals.map(({ node }) => node)).toEqual(["items"]);
    const asked = bench.server.log.map(({ body }) => body.messages.map(({ content }) => content).join("\n"));
    const forward = asked.filter((prompt) => !prompt.includes("<feedback>"));
    expect(forward.some((prompt) => prompt.includes("voucher of") && prompt.includes("Please send"))).toBe(false);
    // A second run finds every value again.
    const again = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    expect(JSON.parse(again.stdout)).toMatchObject({ calls: { total: 0 }, test: report.test });
  });

  it("of a list without elements is empty, and of no list a format error", async () => {
    const bench = await open({ model: orderModel });
    const none = { ...sentences, code: ["export default () => []"] };
    await put(bench, { nodes: { ...nodes, sentences: none }, output: "total" }, {});
    const empty = await bench.online("evaluate", "order.agentgraph.json", "--json", "--model", "orders");
    expect(JSON.parse(empty.stdout)).toMatchObject({ score: 0, formatErrors: 0, unscored: 0 });
    const text = { ...sentences, code: ["export default () => 'no list'"] };
    await put(bench, { nodes: { ...nodes, sentences: text }, output: "total" }, {});
    const wrong = await bench.online("evaluate", "order.agentgraph.json", "--json", "--model", "orders");
    expect(JSON.parse(wrong.stdout)).toMatchObject({ score: 0, formatErrors: 15, unscored: 0 });
    expect(bench.server.requests()).toBe(0);
  });

  it.each<[string, object, string, string]>([
    [
      "reads an element elsewhere",
      { ...nodes, say: { ...say, inputs: ["sums", "items"] } },
      "say",
      "so it has no single value here",
    ],
    ["has an element as its answer", nodes, "sum", '"sum" runs for each element in "sums"'],
    [
      "names a node that is none",
      { ...nodes, sums: { ...sums, nodes: ["itens", "sum"] } },
      "total",
      'Did you mean "items"?',
    ],
    [
      "names a list that is none",
      { ...nodes, sums: { ...sums, over: "sentence" } },
      "total",
      'Did you mean "sentences"?',
    ],
    [
      "runs a node that reads nothing of the element",
      { ...nodes, items: { ...items, inputs: ["order"] } },
      "total",
      '"items" runs for each element of "sentences", but reads nothing of the element',
    ],
    [
      "runs a text for each element",
      { ...nodes, sums: { ...sums, nodes: ["style", "items", "sum"] }, style: { kind: "text", text: "x" } },
      "total",
      '"style" can\'t run for each element',
    ],
    [
      "has an instruction, too",
      { ...nodes, sums: { ...sums, instruction: "x" } },
      "total",
      'needs "instruction", "nodes" or "graph"',
    ],
  ])("is an error if the graph %s", async (_, faulty, output, message) => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes: faulty, output }, {});
    const { code, stdout } = await bench.run("check", "order.agentgraph.json");
    expect(stdout).toContain(message);
    expect(code).toBe(2);
  });
});

describe("code of a graph", () => {
  it("is checked, with line numbers, before any request", async () => {
    const bench = await open({ model: orderModel });
    const files = { "steps/total.js": "export default ({ items }) => {\n  return items +;\n};\n" };
    await put(bench, { nodes: { items: read, total, say }, output: "say" }, files);
    const checked = await bench.run("check", "order.agentgraph.json");
    expect(checked.code).toBe(2);
    expect(checked.stdout).toMatch(/bad-code The code can't run: steps\/total\.js:2: SyntaxError/);
    const optimized = await bench.online("optimize", "order.agentgraph.json", "--model", "orders");
    expect(optimized.code).toBe(2);
    expect(bench.server.requests()).toBe(0);
  });

  it("that runs without end leaves samples unscored, never wrong", async () => {
    const bench = await open({ model: orderModel });
    const files = { "steps/total.js": "export default ({ items }) => { for (;;); };\n" };
    await put(bench, { nodes: { items: read, total }, output: "total" }, files);
    const { stdout } = await bench.online(
      ...["evaluate", "order.agentgraph.json", "--json", "--model", "orders", "--code-timeout", "0.1"],
    );
    expect(JSON.parse(stdout)).toMatchObject({ score: null });
  });
});

describe("a loss that is a script", () => {
  const loss = { kind: "script", file: "steps/metric.js" };
  const metric = `export default ({ inputs, target, answer, values }) => {
  if (answer === String(target)) return 0;
  const isMissing = /voucher of/.test(inputs.order) && !/voucher/.test(values.items);
  return { loss: 1, criticism: isMissing ? "A voucher has to be in the list, with the count -1." : "Wrong." };
};
`;
  const total = { kind: "function", inputs: ["items"], code: [PARSED.trim()] };

  it("gives the feedback that improves a prompt", async () => {
    const bench = await open({ model: orderModel });
    await put(bench, { nodes: { items: JSON_READ, total }, output: "total", loss }, { "steps/metric.js": metric });
    const { stdout, stderr } = await bench.online("optimize", "order.agentgraph.json", "--json", "--model", "orders");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test).toMatchObject({ after: 1 });
    expect(report.test?.before).toBeLessThan(0.7);
  });

  it("scores nothing if it fails, and reports the reason with its line", async () => {
    const bench = await open({ model: orderModel });
    const files = { "steps/metric.js": "export default ({ target }) => {\n  return target.length.missing.more;\n};\n" };
    await put(bench, { nodes: { items: JSON_READ, total }, output: "total", loss }, files);
    const { stdout, stderr } = await bench.online("evaluate", "order.agentgraph.json", "--model", "orders");
    expect(`${stdout}${stderr}`).toMatch(/steps\/metric\.js:2: TypeError/);
    expect(stdout).toContain("The run failed.");
  });
});

async function put(bench: Bench, graph: object, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(bench.folder, "steps"), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(bench.folder, name), text);
  await writeFile(join(bench.folder, "order.agentgraph.json"), JSON.stringify(orderGraph(graph)));
}
