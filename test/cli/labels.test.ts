import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/cli/output/json.ts";
import { open } from "./cli.ts";
import { messagesToSort, type SortableMessage, sortingModel } from "./sorting-model.ts";

/** Names that stand only in the data; three of them are long. */
const LABELS = {
  money: "refund or billing matter",
  parcel: "delivery complaint",
  access: "login trouble",
  praise: "compliment",
} as const;
const label = ({ matter }: SortableMessage) => LABELS[matter];

describe("labels that are only in the data are learned", () => {
  it.each<[string, object, (message: SortableMessage) => unknown, object, object?]>([
    ["as exact answers", { kind: "exact" }, label, {}],
    ["as a choice", { kind: "choice", options: Object.values(LABELS) }, label, {}],
    ["as fields of JSON", { kind: "json" }, (one) => ({ category: label(one), urgent: one.urgent }), {}],
    [
      "as a field of JSON that is taken out of the reply",
      { kind: "exact" },
      (one) => label(one),
      {
        output: { json: "category" },
        instruction: 'Sort the message. Reply with JSON that has the field "category".',
      },
    ],
    [
      "behind another step",
      { kind: "exact" },
      label,
      { inputs: ["message", "gist"] },
      { gist: { inputs: ["message"], instruction: "Say in one sentence what the customer wants." } },
    ],
  ])("%s", async (_, loss, target, node, before = {}) => {
    const bench = await open({ model: sortingModel });
    const set = (name: string, count: number) =>
      messagesToSort(name, count).map((one) => ({ message: one.text, answer: target(one) }));
    const graph = {
      version: 1,
      description: "Sorts messages of customers.",
      inputs: { message: "what a customer wrote" },
      nodes: { sort: { inputs: ["message"], instruction: "Sort the message.", ...node }, ...before },
      output: "sort",
      models: { forward: "sorting" },
      data: { train: set("first", 24), validation: set("second", 24), test: set("third", 40), target: "answer" },
      loss,
    };
    await writeFile(join(bench.folder, "sort.agentgraph.json"), JSON.stringify(graph));
    const { stdout, stderr } = await bench.online("optimize", "sort.agentgraph.json", "--json", "--model", "sorting");
    const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.test?.before).toBe(0);
    expect(report.test?.after).toBeGreaterThanOrEqual(0.95);
    for (const name of Object.values(LABELS)) expect(report.proposals[0]?.text).toContain(name);
  });
});
