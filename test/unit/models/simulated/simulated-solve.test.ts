import { describe, expect, it } from "vitest";
import type { Message } from "../../../../src/models/model.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";

const QUERY = "question: Kai has 3 packs with 7 cards each and 54 single cards. How many cards does Kai have now?";

async function ask(system: string, user: string, schema?: object): Promise<string> {
  const messages: Message[] = [
    { role: "system", content: system },
    { role: "user", content: user },
  ];
  const properties = { reason: { type: "string" }, score: { type: "number" } };
  const request = {
    model: "simulated",
    params: {},
    messages,
    draw: 0,
    priority: 0,
    tag: { purpose: "judge", node: null, sample: null },
    ...(schema && { schema: { name: "vote", schema: { type: "object", properties } } }),
  } as const;
  const { text } = await createSimulated().complete(request, new AbortController().signal);
  return text;
}

describe("the simulated model improves single answers to the example tasks", () => {
  it.each([
    ["75", 1],
    ["61", 0.3],
  ])("scores %s, without an accepted answer in view", async (answer, score) => {
    const prompt = `<query>\n${QUERY}\n</query>\n\n<answer>\n${answer}\n</answer>`;
    const vote = JSON.parse(await ask("Grade it.", prompt, {}));
    expect(vote.score).toBe(score);
    expect(vote.reason === "").toBe(score === 1);
  });

  it("minds what the feedback complains of, and nothing else", async () => {
    const rewrite = (feedback: string) =>
      ask(
        "Write the complete new answer between <improved_answer> and </improved_answer>.",
        `<task>\nGive the answer.\n</task>\n\n<query>\n${QUERY}\n</query>\n\n<answer>\nThere are 61 now.\n</answer>\n\n<feedback>\n${feedback}\n</feedback>`,
      );
    const vague = await rewrite("Work with care.");
    const exact = await rewrite("A group counts once only, though there are several times as many.");
    expect(vague).not.toContain("75");
    expect(exact).toMatch(/<improved_answer>\n.*75.*\n<\/improved_answer>/);
  });
});
