import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { addSample, rate, worstFirst } from "../../../src/run/rate.ts";

const deps = nodeDeps();

/** A graph of one node with these rows. `last` reads the last row. */
async function graphWith(rows: readonly object[], data: object, kind = "exact") {
  const folder = await mkdtemp(join(tmpdir(), "rate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [file, graph] = [join(folder, "rows.jsonl"), join(folder, "g.agentgraph.json")];
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const inputs = { question: "a question" };
  const nodes = { solve: { inputs: ["question"], instruction: "Answer the question." } };
  const named = { ...data, train: "rows.jsonl" };
  await writeFile(graph, JSON.stringify({ version: 1, inputs, nodes, output: "solve", data: named, loss: { kind } }));
  const last = async () => JSON.parse((await readFile(file, "utf8")).trim().split("\n").at(-1) ?? "");
  return { graph, last };
}

describe("a column of lists", () => {
  it("gets a list from a new row, too", async () => {
    const rows = [
      { question: "Who?", gold: ["Ada", "Ada L."] },
      { question: "How?", gold: ["by car"] },
    ];
    const { graph, last } = await graphWith(rows, { target: "gold" });
    await addSample(graph, { question: "Why?" }, "for fun", deps, ENGLISH);
    expect(await last()).toEqual({ question: "Why?", gold: ["for fun"] });
  });

  it("gets the elements of a correction as a list if the loss compares sets", async () => {
    const rows = [
      { id: "a", question: "Who?", gold: ["Ada", "Bob"] },
      { id: "b", question: "What?", gold: ["a car", "a bus"] },
    ];
    const { graph, last } = await graphWith(rows, { target: "gold", id: "id" }, "set");
    await rate(graph, "b", { correction: "a car, a train" }, deps, ENGLISH);
    expect((await last()).gold).toEqual(["a car", "a train"]);
  });
});

it("answers are rated from the highest loss to the lowest, and otherwise in their order", () => {
  const scores = { a: { loss: 0 }, b: { loss: 1 }, c: { loss: null }, d: { loss: 0.5 }, e: { loss: 1 } };
  expect(worstFirst(scores)).toEqual(["b", "e", "d", "a", "c"]);
});
