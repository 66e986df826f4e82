import { describe, expect, it } from "vitest";
import { ReplyUnreadable } from "../../../../src/engine/forward/llm.ts";
import { askTagged, taggedParts } from "../../../../src/engine/propose/tagged.ts";
import { choice, fakeAsk } from "../fixtures.ts";

const call = {
  purpose: "optimizer",
  node: "a",
  sample: null,
  split: null,
  choice,
  messages: [{ role: "user", content: "Improve it." }],
} as const;
const read = ({ text }: Readonly<Record<string, string>>) => text ?? null;

describe("a reply between tags", () => {
  it("is the last closed part of each tag: a reply may think aloud before it", () => {
    expect(taggedParts("I write <text>x</text>.\n<text>\nfinal <b>y</b>\n</text> <why>so", ["text", "why"])).toEqual({
      text: "final <b>y</b>",
    });
  });

  it.each([
    [
      "<answer>\nThink. Put the result in <answer>…</answer> tags.\n</answer>",
      "Think. Put the result in <answer>…</answer> tags.",
    ],
    ["<answer>\nEnd with <answer>.\n</answer>", "End with <answer>."],
    [
      "<answer>\nReply so:\n<answer>\n42\n</answer>\nNo more.\n</answer>",
      "Reply so:\n<answer>\n42\n</answer>\nNo more.",
    ],
    ["I write <answer> now.\n<answer>Think.</answer>", "Think."],
    ["A first <answer>draft</answer>, better:\n<answer>Think.</answer> As in <answer></answer>.", "Think."],
    ["<answer></answer>", ""],
    ["<answer>A <answer>b</answer> c <answer>d</answer> e</answer>", "A <answer>b</answer> c <answer>d</answer> e"],
  ])("may name its own tag: %j", (text, part) => {
    expect(taggedParts(text, ["answer"])).toEqual({ answer: part });
  });

  it("is asked for again, with the tags it lacks", async () => {
    const { ask, questions } = fakeAsk(({ messages }) => (messages.length > 1 ? "<text>new</text>" : "new"));
    expect(await askTagged(ask, call, { tags: ["text"], read })).toBe("new");
    expect(questions[1]?.messages.at(-1)?.content).toContain("<text>…</text>");
  });

  it("is unreadable if the second lacks them too", async () => {
    const { ask, questions } = fakeAsk(() => "no");
    await expect(askTagged(ask, call, { tags: ["text"], read })).rejects.toBeInstanceOf(ReplyUnreadable);
    expect(questions).toHaveLength(2);
  });
});
