import { describe, expect, it } from "vitest";
import type { Sample, Split } from "../../../../src/data/sample.ts";
import { createBackward } from "../../../../src/engine/backward/backward.ts";
import type { BackwardPass, GradientContext } from "../../../../src/engine/backward/batch-gradients.ts";
import { createForward } from "../../../../src/engine/forward/forward.ts";
import { type LlmCall, RunStopped } from "../../../../src/engine/forward/llm.ts";
import type { Graph } from "../../../../src/graph/graph.ts";
import { BudgetReached, ProviderFault } from "../../../../src/models/errors.ts";
import { choice, diamond, fakeAsk, graphOf, llm, ofType, recorder, sampleOf, textNode, verbatim } from "../fixtures.ts";

type Answers = Readonly<Record<string, string | ((question: LlmCall) => string | Promise<string>)>>;

interface Options {
  readonly graph?: Graph;
  readonly sample?: Sample;
  readonly split?: Split;
  readonly neighbors?: boolean;
  readonly values?: Readonly<Record<string, string>>;
}

/** One sample forward and backward; `answers` holds the reply of each node's backward call. */
async function differentiate(
  answers: Answers,
  { graph = diamond, sample = sampleOf("1"), neighbors = true, values = {}, split = "train" }: Options = {},
) {
  const forwardAsk = fakeAsk(({ node }) => values[node ?? ""] ?? `value of ${node}`);
  const pass = createForward({ graph, loss: verbatim, choice, ask: forwardAsk.ask, emit: async () => {} })(
    Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text])),
    sample,
    { split },
  );
  const { ask, questions } = fakeAsk((question) => {
    const answer = answers[question.node ?? ""] ?? "{}";
    return typeof answer === "string" ? answer : answer(question);
  });
  const { emit, events } = recorder();
  const backward = createBackward({ graph, choice, ask, emit });
  const gradients = await backward(pass, 7, { per: neighbors ? "node" : "edge" });
  return { gradients, questions, events, backward, pass };
}

async function contextOf(gradients: BackwardPass, parameter: string): Promise<GradientContext | null> {
  return (await gradients.get(parameter)) ?? null;
}

async function gradientsOf(gradients: BackwardPass): Promise<Record<string, string | null>> {
  const all = await Promise.all([...gradients].map(async ([id, context]) => [id, (await context)?.gradient ?? null]));
  return Object.fromEntries(all);
}

const full: Answers = {
  answer: JSON.stringify({ question: "", left: "Argue more.", right: "Say why.", instruction: "Weigh both." }),
  left: JSON.stringify({ plan: "Plan for it.", style: "Allow examples.", instruction: "Give two reasons." }),
  right: JSON.stringify({ plan: "Plan against it.", style: "", question: "", instruction: "" }),
};

describe("a backward pass", () => {
  it("asks once per node with a parameter after it and gives every parameter its gradient", async () => {
    const { gradients, questions } = await differentiate(full);
    expect(await gradientsOf(gradients)).toEqual({
      answer: "Weigh both.",
      left: "Give two reasons.",
      right: "",
      plan: "From the step left: Plan for it.\nFrom the step right: Plan against it.",
      style: "Allow examples.",
    });
    // `plan` reads the query alone: what its instruction must say follows from the gradient of its value.
    expect(questions.map(({ node }) => node)).toEqual(["answer", "left", "right"]);
    expect(questions).toMatchObject(
      ["answer", "left", "right"].map((node) => ({ purpose: "backward", node, sample: "1", split: "train", choice })),
    );
  });

  it("gives ϕ the inputs, the output and the gradient of an instruction; of a text what its readers made of it", async () => {
    const { gradients } = await differentiate(full);
    expect(await contextOf(gradients, "left")).toEqual({
      sample: "1",
      inputs: [
        { name: "plan", value: "value of plan" },
        { name: "style", value: "Write plainly." },
      ],
      output: "value of left",
      expected: ["right 1"],
      gradient: "Give two reasons.",
    });
    expect(await contextOf(gradients, "style")).toEqual({
      sample: "1",
      inputs: [{ name: "question", value: "question 1" }],
      output: "left: value of left\n\nright: value of right",
      expected: ["right 1"],
      gradient: "Allow examples.",
    });
  });

  it("reports each gradient with the way it came", async () => {
    const { gradients, events } = await differentiate(full);
    await gradientsOf(gradients);
    const said = ofType(events, "gradient");
    expect(said.every(({ iteration, sample }) => iteration === 7 && sample === "1")).toBe(true);
    const rows = said.map(({ of, node, from, text }) => [of, node, from, text]);
    expect(rows[0]).toEqual(["value", "answer", null, "Expected right 1, got value of answer."]);
    expect(rows).toContainEqual(["value", "plan", "right", "Plan against it."]);
    expect(rows).toContainEqual(["value", "style", "right", ""]);
    expect(rows).toContainEqual(["text", "left", "left", "Give two reasons."]);
    expect(rows.map(([, node]) => node)).not.toContain("question");
  });

  it("ends a path if no change is needed", async () => {
    const { gradients, questions } = await differentiate({
      answer: '{"question": "", "left": "", "right": "No change needed.", "instruction": "Weigh both."}',
    });
    expect(await gradientsOf(gradients)).toEqual({ answer: "Weigh both.", left: "", right: "", plan: "", style: "" });
    expect(questions.map(({ node }) => node)).toEqual(["answer"]);
  });

  it("shows the earlier feedback if a step is asked the same again although texts were tried", async () => {
    const { backward, gradients, pass, questions } = await differentiate(full);
    await gradientsOf(gradients);
    const again = async (tries: number) => {
      const asked = questions.length;
      await gradientsOf(await backward(pass, 8, { per: "node", tries }));
      return questions.slice(asked).map(({ messages }) => messages[1]!.content);
    };
    const first = questions.map(({ messages }) => messages[1]!.content);
    expect(first.join()).not.toContain("earlier_feedback");
    expect(await again(0)).toEqual(first);
    const [answer, left] = await again(1);
    expect(answer).toContain('<earlier_feedback on="left">\nArgue more.\n</earlier_feedback>');
    expect(answer).toContain('<earlier_feedback on="instruction">\nWeigh both.\n</earlier_feedback>');
    expect(answer).not.toContain('on="question"');
    expect(answer?.match(/Look for another cause/g)).toHaveLength(1);
    expect(left).toContain('<earlier_feedback on="plan">\nPlan for it.\n</earlier_feedback>');
    expect(await again(1)).toEqual([answer, left, expect.anything()]);
    const [third] = await again(2);
    expect(third?.match(/Argue more/g)).toHaveLength(2);
  });

  it("shows no earlier feedback to a step that is asked something new, or that had asked for no change", async () => {
    let isNew = false;
    const say = (left: string) => JSON.stringify({ left, right: "Say why.", instruction: "" });
    const { backward, gradients, pass, questions } = await differentiate({
      answer: () => say(isNew ? "Argue less." : "Argue more."),
      left: full.left!,
      right: "{}",
    });
    await gradientsOf(gradients);
    await gradientsOf(await backward(pass, 7, { per: "node", tries: 0 }));
    isNew = true;
    const asked = questions.length;
    await gradientsOf(await backward(pass, 8, { per: "node", tries: 1 }));
    const [answer, left, right] = questions.slice(asked).map(({ messages }) => messages[1]!.content);
    expect(answer).toContain("earlier_feedback");
    expect(left).toContain("Argue less.");
    expect([left, right].join()).not.toContain("earlier_feedback");
  });

  it("makes no call above the last parameter", async () => {
    const graph = graphOf([
      llm("fixed", ["question"], { trainable: false }),
      llm("tuned", ["fixed"]),
      llm("answer", ["tuned", "question"], { trainable: false }),
    ]);
    const { gradients, questions } = await differentiate(
      { answer: '{"tuned": "Be exact.", "question": "", "instruction": ""}' },
      { graph },
    );
    expect(await gradientsOf(gradients)).toEqual({ tuned: "Be exact." });
    expect(questions.map(({ node }) => node)).toEqual(["answer"]);
  });

  it("starts from a person's criticism beside the loss", async () => {
    const sample = sampleOf("1", { feedback: "Far too long." });
    const { gradients, questions, events } = await differentiate(full, { sample });
    await gradientsOf(gradients);
    expect(ofType(events, "gradient")[0]?.text).toBe("Expected right 1, got value of answer.\nFar too long.");
    expect(questions[0]?.messages[1]?.content).toContain("Far too long.");
  });

  it("leaves out what the answer does not depend on, and loses no gradient by it", async () => {
    const graph = graphOf([...diamond.nodes, llm("aside", ["style", "question"])], { output: "answer" });
    const { gradients, events } = await differentiate(full, { graph });
    expect(await gradientsOf(gradients)).toMatchObject({ answer: "Weigh both.", style: "Allow examples." });
    expect((await contextOf(gradients, "style"))?.output).toBe("left: value of left\n\nright: value of right");
    expect(ofType(events, "warning")).toEqual([]);
  });

  it("says of which set the sample is: one of the test set can be looked into, too", async () => {
    const { gradients, questions } = await differentiate(full, { split: "test" });
    await gradientsOf(gradients);
    expect(new Set(questions.map((question) => question.split))).toEqual(new Set(["test"]));
  });

  it("takes a method's own templates", async () => {
    const { backward, pass, questions, gradients } = await differentiate(full);
    await gradientsOf(gradients);
    const templates = { system: "Criticize as {{keys}}.", case: "Step {{id}}: {{output}}" };
    await gradientsOf(await backward(pass, 7, { per: "node", templates }));
    expect(questions.at(-1)?.messages[1]?.content).toMatch(/^Step (left|right|answer): value of/);
  });

  it("shows ϕ the same of a sample that went right, without a gradient and without a call", async () => {
    const { backward, pass, questions, gradients } = await differentiate({});
    await gradientsOf(gradients);
    const asked = questions.length;
    expect(await contextOf(await backward(pass, 7, { per: "none" }), "left")).toMatchObject({
      output: "value of left",
      gradient: "",
    });
    expect(questions).toHaveLength(asked);
  });
});

describe("neighbours off", () => {
  it("asks once for each predecessor that leads to a parameter, showing only that one", async () => {
    const change = ({ schema }: LlmCall) => {
      const keys = Object.keys(schema?.schema.properties ?? {});
      return JSON.stringify(Object.fromEntries(keys.map((key) => [key, `change ${key}`])));
    };
    const { gradients, questions } = await differentiate(
      { answer: change, left: change, right: change },
      { neighbors: false },
    );
    const { answer } = await gradientsOf(gradients);
    const calls = questions.filter(({ node }) => node === "answer").map(({ messages }) => messages[1]!.content);
    expect(calls).toHaveLength(2);
    expect(calls[0]).toContain("value of left");
    expect(calls[0]).not.toContain("value of right");
    expect(calls[1]).toContain("value of right");
    expect(calls[1]).not.toContain("value of left");
    // The instruction is judged by no call: its gradient is that of the value.
    expect(answer).toBe("Expected right 1, got value of answer.");
    const shown = questions.map(({ node, messages }) => [node, /<input id="(\w+)"/.exec(messages[1]!.content)?.[1]]);
    expect(shown).toEqual([
      ["answer", "left"],
      ["answer", "right"],
      ["left", "plan"],
      ["left", "style"],
      ["right", "plan"],
      ["right", "style"],
    ]);
  });
});

describe("a reply", () => {
  const wanted = { question: "", left: "Argue more.", right: "Say why.", instruction: "Weigh both." };
  const list = Object.entries(wanted).map(([id, gradient]) => ({ id, gradient }));
  it.each([
    ["as asked for", JSON.stringify(wanted)],
    ["nested", JSON.stringify({ feedback: wanted })],
    [
      "split into inputs and instruction",
      JSON.stringify({ inputs: { left: "Argue more.", right: "Say why." }, instruction: "Weigh both." }),
    ],
    ["as a list", JSON.stringify(list)],
    ["as a list under a key", JSON.stringify({ entries: list, note: "done" })],
    ["fenced", `\`\`\`json\n${JSON.stringify(wanted, null, 2)}\n\`\`\``],
    [
      "fenced, with words around",
      `Here is {my} feedback:\n\`\`\`\n${JSON.stringify(wanted)}\n\`\`\`\nI hope it helps.`,
    ],
    ["with words around", `My feedback: ${JSON.stringify(wanted)} That is all.`],
    ["with a trailing comma", `${JSON.stringify(wanted).slice(0, -1)},}`],
    ["with comments", `{ // the parts\n${JSON.stringify(wanted).slice(1)}`],
    ["cut before the end", JSON.stringify(wanted).slice(0, -1)],
    ["with null for no change", JSON.stringify({ ...wanted, question: null })],
    ['with "no change" in words', JSON.stringify({ ...wanted, question: "No change is needed." })],
    [
      "without what needs no change",
      JSON.stringify({ left: "Argue more.", right: "Say why.", instruction: "Weigh both." }),
    ],
    ["with more keys than asked for", JSON.stringify({ reasoning: "Well.", ...wanted, plan: "?" })],
  ])("is read %s", async (_, reply) => {
    const { gradients, questions } = await differentiate({ ...full, answer: reply });
    expect(await gradientsOf(gradients)).toMatchObject({ answer: "Weigh both.", left: "Give two reasons." });
    const prompts = Object.fromEntries(questions.map(({ node, messages }) => [node, messages[1]!.content]));
    expect(prompts.left).toContain("<feedback>\nArgue more.\n</feedback>");
    expect(prompts.right).toContain("<feedback>\nSay why.\n</feedback>");
    expect(questions).toHaveLength(3);
  });

  it("that was cut keeps what had come", async () => {
    const { gradients, questions } = await differentiate({ ...full, answer: '{"left": "Argue more.", "rig' });
    expect(await gradientsOf(gradients)).toMatchObject({ answer: "", left: "Give two reasons.", right: "" });
    expect(questions.map(({ node }) => node)).toEqual(["answer", "left"]);
  });

  it("that can't be read is repaired once: the model sees what it wrote and what was asked for", async () => {
    const said = "I cannot answer that in JSON.";
    const { gradients, questions } = await differentiate({
      ...full,
      answer: ({ messages }) => (messages.length === 2 ? said : String(full.answer)),
    });
    expect(await gradientsOf(gradients)).toMatchObject({ answer: "Weigh both." });
    const repair = questions[1]!;
    expect(repair.node).toBe("answer");
    expect(repair.messages.slice(0, 2)).toEqual(questions[0]?.messages);
    expect(repair.messages[2]).toEqual({ role: "assistant", content: said });
    expect(repair.messages[3]).toMatchObject({ role: "user" });
    expect(repair.messages[3]?.content).toContain('"question", "left", "right", "instruction"');
  });

  it("that can't be repaired either drops the sample, which is reported once, and nothing else is asked", async () => {
    const { gradients, questions, events } = await differentiate({ answer: "no JSON at all" });
    expect(await gradientsOf(gradients)).toEqual({ answer: null, left: null, right: null, plan: null, style: null });
    expect(questions).toHaveLength(2);
    expect(ofType(events, "warning")).toMatchObject([{ code: "sample dropped", sample: "1" }]);
  });

  it("that was lost drops the sample only for the parameters after it", async () => {
    const { gradients, events } = await differentiate({
      ...full,
      right: () => Promise.reject(new ProviderFault("fake", 500, null, "down")),
    });
    expect(await gradientsOf(gradients)).toEqual({
      answer: "Weigh both.",
      left: "Give two reasons.",
      right: null,
      plan: null,
      style: null,
    });
    expect(ofType(events, "warning")).toMatchObject([{ code: "sample dropped", sample: "1" }]);
  });

  it.each([new RunStopped("cancelled"), new BudgetReached("calls", 1)])(
    "that ends the run is passed on: %s",
    async (end) => {
      const { gradients, events } = await differentiate({ answer: () => Promise.reject(end) });
      await expect(contextOf(gradients, "style")).rejects.toBe(end);
      expect(ofType(events, "warning")).toEqual([]);
    },
  );
});

describe("an input named like the key of the instruction", () => {
  it("keeps its own gradient", async () => {
    const graph = graphOf([textNode("instruction", "Be kind."), llm("answer", ["instruction", "question"])]);
    const { gradients } = await differentiate(
      { answer: '{"instruction": "Be strict.", "question": "", "instruction_of_the_step": "Say more."}' },
      { graph },
    );
    expect(await gradientsOf(gradients)).toEqual({ instruction: "Be strict.", answer: "Say more." });
  });
});
