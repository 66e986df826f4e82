import { describe, expect, it } from "vitest";
import { JudgeMissing, judgeLoss } from "../../../src/loss/judge.ts";
import type { AskVote } from "../../../src/loss/loss.ts";

const sample = { id: "s", inputs: { question: "Why?" }, targets: ["Because."], feedback: null };

describe("the judge's loss", () => {
  it("is what the mean of the votes lacks, and its criticism is their reasons", async () => {
    const asked: [string, number][] = [];
    const votes = [
      { score: 1, reason: "All there." },
      { score: 0.5, reason: " Names no cause. " },
      { score: 0.3, reason: "Too long." },
    ];
    const askVote: AskVote = async (rubric, index) => {
      asked.push([rubric, index]);
      return votes[index] ?? { score: 0, reason: "" };
    };
    const score = await judgeLoss({ rubric: "Name the cause.", votes: 3 }).score(sample, "So it is.", askVote);
    expect(asked).toEqual([0, 1, 2].map((index) => ["Name the cause.", index]));
    expect(score.loss).toBeCloseTo(0.4);
    expect(score.lenient).toBe(score.loss);
    expect(score.criticism).toBe(
      'The right answer is "Because.". The answer was "So it is.". A judge gave it 0.50 of 1: Names no cause.\nA judge gave it 0.30 of 1: Too long.',
    );
    expect(score.votes?.map(({ reason }) => reason)).toEqual(["All there.", "Names no cause.", "Too long."]);
  });

  it("has nothing to criticise if every vote is full", async () => {
    const askVote: AskVote = async () => ({ score: 1, reason: "Perfect." });
    const score = await judgeLoss({ rubric: "", votes: 2 }).score(sample, "So.", askVote);
    expect(score).toMatchObject({ loss: 0, criticism: "" });
  });

  it("keeps what the file of a person can contain of a reason", async () => {
    const askVote: AskVote = async () => ({ score: 0, reason: "x".repeat(10_000) });
    const score = await judgeLoss({ rubric: "", votes: 1 }).score(sample, "", askVote);
    expect(score.votes?.[0]?.reason.length).toBe(600);
    expect(score.criticism).toMatch(/The answer was empty\./);
  });

  it("gives no score if one vote does not come, or no one can be asked", async () => {
    const lost: AskVote = async (_, index) => {
      if (index === 1) throw new Error("unreadable");
      return { score: 1, reason: "" };
    };
    await expect(judgeLoss({ rubric: "", votes: 3 }).score(sample, "a", lost)).rejects.toThrow("unreadable");
    await expect(judgeLoss({ rubric: "", votes: 1 }).score(sample, "a")).rejects.toThrow(JudgeMissing);
  });
});
