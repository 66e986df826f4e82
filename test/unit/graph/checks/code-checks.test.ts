import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { loadTask } from "../../../../src/run/load.ts";

const graph = (total: object, loss: object = { kind: "exact" }) => ({
  version: 1,
  inputs: { question: "" },
  nodes: {
    items: { inputs: ["question"], instruction: "List the items." },
    total: { kind: "function", ...total },
    solve: { inputs: ["total"], instruction: "Answer." },
  },
  output: "solve",
  data: { train: [{ question: "a", answer: "b" }], validation: [{ question: "c", answer: "d" }], target: "answer" },
  loss,
  models: { forward: "m" },
});

async function faultsOf(content: object, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "code-names-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ "g.agentgraph.json": JSON.stringify(content), ...files })) {
    await writeFile(join(folder, name), text);
  }
  const { files: disk, clock } = nodeDeps();
  const { faults, task } = await loadTask(join(folder, "g.agentgraph.json"), { files: disk, clock });
  expect(task).not.toBeNull();
  return faults.map(({ code, severity, message, remedy }) => `${severity} ${code}: ${message} ${remedy}`);
}

it("warns of a name that a function reads and never gets, with its line", async () => {
  const code = "// adds\nexport default ({ itmes, rate = 1 }) => itmes;\n";
  expect(await faultsOf(graph({ inputs: ["items"], code: { file: "total.js" } }), { "total.js": code })).toEqual([
    'warning unknown-in-code: total.js:2: The code of "total" reads "itmes", which is not one of its inputs. Did you mean "items"?',
  ]);
  expect(await faultsOf(graph({ inputs: ["items"], code: "export default ({ rate }) => rate" }))).toEqual([
    'warning unknown-in-code: The code of "total" reads "rate", which is not one of its inputs. Add "rate" to the inputs of "total", or correct the name.',
  ]);
});

it("knows the variables of a function, and not the inputs that they stand for", async () => {
  const total = { inputs: ["items"], variables: { list: "items" } };
  expect(await faultsOf(graph({ ...total, code: "export default ({ list }) => list" }))).toEqual([]);
  expect(await faultsOf(graph({ ...total, code: "export default ({ items }) => items" }))).toHaveLength(1);
});

it("warns of nodes, inputs and arguments that a script reads and never gets", async () => {
  const loss = { kind: "script", file: "metric.js" };
  const code = "export default ({ values, inputs, goal, target }) => (values.item === inputs.query ? 0 : 1);\n";
  const total = { inputs: ["items"], code: "export default ({ items }) => items" };
  expect(await faultsOf(graph(total, loss), { "metric.js": code })).toEqual([
    expect.stringContaining('metric.js:1: The script reads "goal". It gets inputs, target, answer, values.'),
    expect.stringContaining('metric.js:1: The script reads "query", which is not an input of the graph.'),
    expect.stringContaining('reads the value of "item", which is not a node. Did you mean "items"?'),
  ]);
  const inner = "export default ({ values: { item }, inputs: { question } }) => (item ? 0 : 1);\n";
  expect(await faultsOf(graph(total, loss), { "metric.js": inner })).toEqual([
    expect.stringContaining('reads the value of "item"'),
  ]);
});
