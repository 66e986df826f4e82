import { describe, expect, it } from "vitest";
import { answerTo, fullText } from "../../../../src/editor/graph/page-answers.ts";
import { sampleExcerpts } from "../../../../src/editor/graph/run-view.ts";
import { isHostMessage, type Question } from "../../../../webview/protocol.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const run = runOf(five, "done");
const ask = async (question: Question, of: typeof run | null = run) => {
  const answer = await answerTo(question, five, of, sampleExcerpts(run));
  expect(isHostMessage({ type: "answer", request: 0, answer })).toBe(true);
  return answer;
};

describe("answers by id", () => {
  it("a node: its whole instruction, its rules, the idea of the last proposal", async () => {
    const node = await ask({ kind: "node", node: "solve" });
    expect(node).toMatchObject({
      instruction: { text: expect.stringContaining("Say “ok” where nothing is wrong.") },
      hypothesis: "The steps did not name their units.",
    });
    expect(await ask({ kind: "node", node: "nobody" })).toBeNull();
  });

  it("a sample: expected and actual, and the first words of each value, under either texts", async () => {
    const latest = await ask({ kind: "sample", sample: "row-04", at: "latest" });
    expect(latest).toMatchObject({
      expected: [{ text: "The answer is 15" }],
      actual: { text: "The answer is 15" },
      loss: 0,
    });
    const start = await ask({ kind: "sample", sample: "row-04", at: "start" });
    expect(start).toMatchObject({ actual: { text: "The answer is 13" }, loss: 1 });
    expect(latest?.kind === "sample" && latest.values.map(({ node }) => node)).toEqual([
      "question",
      "style",
      "plan",
      "solve",
      "check",
      "answer",
    ]);
    expect(await ask({ kind: "sample", sample: "row-04", at: "latest" }, null)).toBeNull();
    expect(await ask({ kind: "sample", sample: "row-99", at: "latest" })).toBeNull();
  });

  it("a call: the prompt as the engine sends it under the texts of that moment, value and gradients", async () => {
    const call = await ask({ kind: "call", node: "answer", sample: "row-22", at: "latest" });
    expect(call).toMatchObject({
      model: "gpt-4.1-mini",
      messages: [
        { role: "system", content: { text: expect.stringMatching(/^List the quantities.*Name the units\.$/s) } },
        { role: "user", content: { text: expect.stringMatching(/^<solve>\n.*<check>\n.*<style>\n/s) } },
      ],
      value: { text: "The answer is 67" },
      gradients: [{ sample: "row-22", from: null }],
    });
    const before = await ask({ kind: "call", node: "answer", sample: "row-22", at: "start" });
    expect(before?.kind === "call" && before.messages[0]?.content.text).not.toContain("Name the units");
    const input = await ask({ kind: "call", node: "question", sample: "row-22", at: "latest" });
    expect(input).toMatchObject({ messages: [], value: { text: expect.stringMatching(/^Ann has/) } });
  });

  it("a call whose values are gone says so by their absence", async () => {
    const forgetful = { ...run, value: async () => null };
    expect(await ask({ kind: "call", node: "answer", sample: "row-22", at: "latest" }, forgetful)).toMatchObject({
      messages: [],
      value: null,
    });
  });

  it("falls back to the texts of the start for a sample that the latest were not run on", async () => {
    const partial = { ...run, hasRun: async (theta: string) => theta === "t0" };
    expect(await ask({ kind: "sample", sample: "row-04", at: "latest" }, partial)).toMatchObject({
      actual: { text: "The answer is 13" },
    });
  });

  it("gradients of a node, or of one edge", async () => {
    const all = await ask({ kind: "gradients", node: "style", from: null });
    expect(all).toMatchObject({ total: 4 });
    const edge = await ask({ kind: "gradients", node: "style", from: "solve" });
    expect(edge?.kind === "gradients" && edge.gradients.map(({ from }) => from)).toEqual(["solve", "solve"]);
    expect(all?.kind === "gradients" && all.gradients.map(({ excerpt }) => excerpt)).toEqual(
      Array(4).fill(expect.stringMatching(/^Ann has/)),
    );
  });

  it("the clipboard gets the whole text, not what the page shows of it", async () => {
    const long = { ...run, value: async () => "x".repeat(100_000) };
    expect(await fullText("value", "solve", "row-22", "latest", long)).toHaveLength(100_000);
    expect(await fullText("prompt", "answer", "row-22", "latest", long)).toMatch(/x{100000}/);
    expect(await fullText("value", "nobody", "row-22", "latest", run)).toBeNull();
  });
});
