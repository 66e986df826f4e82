import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { answerText } from "../../../../src/models/protocols/answer-text.ts";

describe("thoughts before an answer are left out", () => {
  it.each([
    ["think", "<think>\nTwo and two.\n</think>\n\n4"],
    ["another case", "<THINK>Two and two.</Think>4"],
    ["with attributes", '<think type="fast">Two and two.</think>4'],
    ["thinking", "<thinking>Two and two.</thinking>\n4"],
    ["thought", "<Thought>Two and two.</Thought>\n4"],
    ["reasoning", "<reasoning>\nTwo and two.\n</reasoning>\n4"],
    ["reflection", "<reflection>Two and two.</reflection>4"],
    ["brackets", "[THINK]Two and two.[/THINK]4"],
    ["triangles", "◁think▷Two and two.◁/think▷4"],
    ["bars", "<|think|>Two and two.<|/think|>4"],
    ["Cohere's marks", "<|START_THINKING|>Two and two.<|END_THINKING|><|START_RESPONSE|>4<|END_RESPONSE|>"],
    [
      "marks of thought and solution",
      "<|begin_of_thought|>Two.<|end_of_thought|>\n<|begin_of_solution|>4<|end_of_solution|>",
    ],
    ["seed:think", "<seed:think>Two and two.</seed:think>4"],
    ["several", "<think>Two.</think>\n<think>And two.</think>\n\n4"],
    ["several kinds", "<think>Two.</think>\n<reasoning>And two.</reasoning>\n4"],
    ["an empty one", "<think>\n\n</think>\n\n4"],
    ["opened by the template", "Two and two.\n</think>\n\n4"],
    ["opened by the template, on one line", "Two and two.</think>4"],
    ["opened by the template, in brackets", "Two and two.\n[/THINK]\n4"],
    ["closed twice", "<think>Two.</think> And two.</think>4"],
    [
      "channels",
      "<|channel|>analysis<|message|>Two and two.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>",
    ],
    [
      "channels with a start",
      "<|start|>assistant<|channel|>analysis<|message|>Two.<|end|><|start|>assistant<|channel|>final<|message|>4",
    ],
    ["channels without their marks", "analysisTwo and two.assistantfinal4"],
    ["behind a byte order mark", "\uFEFF<think>Two.</think>4"],
    ["behind the mark of a turn", "<|im_start|>assistant\n<think>Two.</think>4<|im_end|>"],
  ])("%s", (_, said) => {
    expect(answerText(said)).toBe("4");
  });

  it.each([
    ["not closed", "<think>\nTwo and two is"],
    ["alone", "<think>Two and two.</think>\n"],
    ["alone, in brackets", "[THINK]Two and two."],
    ["alone, in a channel", "<|channel|>analysis<|message|>Two and two is"],
    ["closed at the end", "Two and two.\n</think>"],
  ])("%s: there is no answer", (_, said) => {
    expect(answerText(said)).toBe("");
  });
});

describe("marks of a chat template around an answer are left out", () => {
  it.each([
    "4<|im_end|>",
    "4\n<|im_end|>\n",
    "4<|eot_id|>",
    "4</s>",
    "4</s></s>",
    "4<|endoftext|>",
    "4 <|end|>",
    "4<end_of_turn>",
    "4<eos>",
    "4<｜end▁of▁sentence｜>",
    "4<|END_OF_TURN_TOKEN|>",
    "4<|im_end|>\n<|im_start|>user\nAnd 3 and 3?<|im_end|>",
    "4<end_of_turn>\n<start_of_turn>user\nAnd?",
    "<|im_start|>assistant\n4<|im_end|>",
    "<|start_header_id|>assistant<|end_header_id|>\n\n4<|eot_id|>",
    "<s> 4</s>",
  ])("%j", (said) => {
    expect(answerText(said).trim()).toBe("4");
  });
});

describe("an answer that speaks about such marks stays whole", () => {
  it.each([
    "Models write <think> before they answer.",
    "The tag `</think>` closes the thoughts.",
    'Close it with "</think>".',
    "Use <think> and </think> around your notes.",
    "ChatML ends a turn with <|im_end|> and begins it with <|im_start|>.",
    "In HTML, <s>old</s> is struck out.",
    "4 </s> 5",
    "analysis of the final answer: 4",
    "The <reasoning> element holds why.",
    "First [THINK], then act.",
    "```html\n<think>\nnote\n</think>\n```",
    "Here: <|channel|>final<|message|> is a mark.",
    "thinking is hard",
    "a < b > c",
  ])("%j", (said) => {
    expect(answerText(said)).toBe(said);
  });

  it("also at its start or end, if the prompt names the mark", () => {
    const said = "<reasoning>Two and two.</reasoning>\n<answer>4</answer>";
    expect(answerText(said, "Write <reasoning> and then <answer>.")).toBe(said);
    expect(answerText("It is <|im_end|>", "What does <|im_end|> mean?")).toBe("It is <|im_end|>");
  });
});

test("text without marks is never changed, and no text makes it throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(!/[<[◁]|^\s*analysis/.test(text));
      expect(answerText(text)).toBe(text);
    }),
  );
  const mark = fc.constantFrom(
    "<think>",
    "</think>",
    "[THINK]",
    "<|im_end|>",
    "</s>",
    "<|channel|>",
    "final",
    "<|message|>",
    "\n",
    "a",
    " ",
    "`",
  );
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 30 }), (parts) => {
      const text = answerText(parts.join(""));
      expect(parts.join("")).toContain(text.trim());
    }),
  );
  for (const hostile of [
    "</think>",
    "<think></think>",
    "`</think>` ",
    "</s>",
    "<|im_end|>",
    "<|channel|>final<|message|>",
  ]) {
    expect(typeof answerText(hostile.repeat(100_000))).toBe("string");
  }
});
