import { describe, expect, it } from "vitest";
import { createForward } from "../../../../src/engine/forward/forward.ts";
import { type LlmCall, RunStopped } from "../../../../src/engine/forward/llm.ts";
import type { Graph } from "../../../../src/graph/graph.ts";
import type { Loss } from "../../../../src/loss/loss.ts";
import { BudgetReached, ProviderFault } from "../../../../src/models/errors.ts";
import { settled } from "../../models/fakes.ts";
import { choice, diamond, fakeAsk, graphOf, llm, ofType, recorder, sampleOf, textNode, verbatim } from "../fixtures.ts";

const validation = { split: "validation" } as const;
const texts = (graph: Graph) => Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text]));
const echo = ({ node }: LlmCall) => `value of ${node}`;

function openForward(
  graph: Graph,
  answer: (question: LlmCall) => string | Promise<string> = echo,
  loss: Loss = verbatim,
) {
  const { ask, questions } = fakeAsk(answer);
  const { emit, events } = recorder();
  const forward = createForward({ graph, loss, choice, ask, emit });
  return { forward, questions, events, asked: () => questions.map(({ node }) => node) };
}

const never = new Promise<string>(() => {});
const lost = () => {
  throw new ProviderFault("fake", 500, null, "down");
};

describe("a forward pass", () => {
  it("sends each node its own text of Θ and the values of its predecessors", async () => {
    const { forward, questions } = openForward(diamond);
    const pass = forward(
      { ...texts(diamond), style: "Be brief.", left: "Argue for {{plan}}." },
      sampleOf("1"),
      validation,
    );
    expect((await pass.value("answer")).text).toBe("value of answer");
    expect(questions.find(({ node }) => node === "left")?.messages).toEqual([
      { role: "system", content: "Argue for value of plan." },
      { role: "user", content: "<style>\nBe brief.\n</style>" },
    ]);
    expect(questions.find(({ node }) => node === "answer")?.messages[1]?.content).toBe(
      "<question>\nquestion 1\n</question>\n\n<left>\nvalue of left\n</left>\n\n<right>\nvalue of right\n</right>",
    );
    expect((await pass.value("style")).text).toBe("Be brief.");
    expect((await pass.value("question")).text).toBe("question 1");
  });

  it("lets go of its values once thousands more are scored, and asks the saved replies for them again", async () => {
    const { forward, asked } = openForward(diamond);
    const theta = texts(diamond);
    const passes = Array.from({ length: 2_100 }, (_, index) => forward(theta, sampleOf(String(index)), validation));
    for (const pass of passes) await pass.score;
    const before = asked().length;
    expect((await passes.at(-1)?.value("answer"))?.text).toBe("value of answer");
    expect(asked().length).toBe(before);
    const again = forward(theta, sampleOf("0"), validation);
    expect(await again.score).toBe(await passes[0]?.score);
    expect(asked().length).toBe(before);
    expect((await again.value("answer"))?.text).toBe("value of answer");
    expect(asked().slice(before).sort()).toEqual(["answer", "left", "plan", "right"]);
    expect(forward(theta, sampleOf("0"), validation)).toBe(again);
    expect((await again.value("answer"))?.text).toBe("value of answer");
    expect(asked().length).toBe(before + 4);
  });

  it("asks each llm node once, and only those that the output depends on", async () => {
    const aside = [llm("aside", ["question"]), llm("after", ["answer"])];
    const graph = graphOf([...aside.slice(0, 1), ...diamond.nodes, ...aside.slice(1)], { output: "answer" });
    const { forward, asked } = openForward(graph);
    await forward(texts(graph), sampleOf("1"), validation).score;
    expect(asked().sort()).toEqual(["answer", "left", "plan", "right"]);
  });

  it("starts a node as soon as its own inputs are there: a slow sibling has no chain back", async () => {
    const graph = graphOf([
      llm("slow", ["question"]),
      llm("a", ["question"]),
      llm("b", ["a"]),
      llm("c", ["b"]),
      llm("answer", ["slow", "c"]),
    ]);
    let finish = (_: string) => {};
    const slow = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const { forward, asked } = openForward(graph, (question) => (question.node === "slow" ? slow : echo(question)));
    const pass = forward(texts(graph), sampleOf("1"), validation);
    const answer = pass.value("answer");
    await settled();
    expect(asked()).toEqual(["slow", "a", "b", "c"]);
    finish("at last");
    expect((await answer).text).toBe("value of answer");
  });

  it("asks for no more than is wanted: a node's value takes what leads to it", async () => {
    const graph = graphOf([llm("a", ["question"]), llm("b", ["a"]), llm("answer", ["b"])]);
    const { forward, asked } = openForward(graph, echo);
    const pass = forward(texts(graph), sampleOf("1"), validation);
    await pass.value("b");
    expect(asked()).toEqual(["a", "b"]);
    await pass.score;
    expect(asked()).toEqual(["a", "b", "answer"]);
  });

  it("does not let one sample wait for another", async () => {
    const graph = graphOf([llm("a", ["question"]), llm("answer", ["a"])]);
    const { forward } = openForward(graph, (question) => (question.sample === "1" ? never : echo(question)));
    forward(texts(graph), sampleOf("1"), validation);
    expect(await forward(texts(graph), sampleOf("2"), validation).score).toMatchObject({ loss: 1 });
  });

  it("is made once for a sample under one Θ, in whatever order its texts are written", async () => {
    const { forward, questions } = openForward(diamond);
    const pass = forward(texts(diamond), sampleOf("1"), validation);
    const reversed = Object.fromEntries(Object.entries(texts(diamond)).reverse());
    expect(forward(reversed, sampleOf("1"), validation)).toBe(pass);
    await pass.score;
    await forward(texts(diamond), sampleOf("1"), { ...validation, priority: 9 }).score;
    expect(questions).toHaveLength(4);

    expect(forward(texts(diamond), sampleOf("2"), validation)).not.toBe(pass);
    const changed = forward({ ...texts(diamond), style: "Be brief." }, sampleOf("1"), validation);
    expect(changed).not.toBe(pass);
    expect(changed.theta).not.toBe(pass.theta);
  });

  it("says who asks for what, with the node's own model if it has one", async () => {
    const own = { model: "own", params: { temperature: 0.5 } };
    const graph = graphOf([llm("a", ["question"], { model: own }), llm("answer", ["a"])]);
    const { forward, questions } = openForward(graph);
    await forward(texts(graph), sampleOf("1"), { split: "test", priority: -2 }).score;
    const about = { purpose: "forward", sample: "1", split: "test", priority: -2 };
    expect(questions).toMatchObject([
      { ...about, node: "a", choice: own },
      { ...about, node: "answer", choice },
    ]);
  });
});

describe("a score", () => {
  const graph = graphOf([llm("a", ["question"]), textNode("hint", "hint"), llm("answer", ["a", "hint"])]);

  it("is the loss of the answer, with what the pass cost", async () => {
    const { forward, events } = openForward(graph, () => "right 1");
    const score = await forward(texts(graph), sampleOf("1"), validation).score;
    // Each reply of the fake costs 10 + 5 tokens.
    const cost = { tokens: 30, milliseconds: null, usd: null };
    expect(score).toEqual({ loss: 0, lenient: 0, criticism: "", formatError: false, formatErrors: 0, ...cost });
    expect(ofType(events, "value").map(({ node, tokens, key }) => ({ node, tokens, key }))).toEqual([
      { node: "a", tokens: 15, key: "key 1" },
      { node: "answer", tokens: 15, key: "key 2" },
    ]);
    expect(ofType(events, "scored")).toMatchObject([{ split: "validation", sample: "1", loss: 0, formatError: false }]);
  });

  it("is none if a call was lost: never a wrong answer", async () => {
    for (const node of ["a", "answer"]) {
      const { forward, events } = openForward(graph, (question) => (question.node === node ? lost() : echo(question)));
      const pass = forward(texts(graph), sampleOf("1"), validation);
      expect(await pass.score).toBeNull();
      expect(ofType(events, "scored")).toMatchObject([{ loss: null, lenient: null, formatError: false }]);
      await expect(pass.value("answer")).rejects.toBeInstanceOf(ProviderFault);
    }
  });

  it("is none if the loss could not be worked out", async () => {
    const failing: Loss = {
      ...verbatim,
      score: () => {
        throw new Error("the pattern took too long");
      },
    };
    const { forward } = openForward(graph, echo, failing);
    expect(await forward(texts(graph), sampleOf("1"), validation).score).toBeNull();
  });

  it.each([new RunStopped("cancelled"), new BudgetReached("calls", 3)])(
    "passes on what ends the run: %s",
    async (end) => {
      const { forward, events } = openForward(graph, () => Promise.reject(end));
      await expect(forward(texts(graph), sampleOf("1"), validation).score).rejects.toBe(end);
      expect(ofType(events, "scored")).toEqual([]);
    },
  );

  it.each([0.95, 0.85, 0.7, 0.3])(
    "of %d is not worse than a threshold at it, though 1 − it has more digits",
    async (grade) => {
      const judge: Loss = { ...verbatim, score: () => ({ loss: 1 - grade, lenient: 1 - grade, criticism: "" }) };
      const { forward } = openForward(graph, echo, judge);
      const threshold = Number((1 - grade).toFixed(2));
      expect(await forward(texts(graph), sampleOf("1"), validation).score).toMatchObject({
        loss: threshold,
        lenient: threshold,
      });
    },
  );

  it("waits for a loss that takes its time", async () => {
    const judge: Loss = { ...verbatim, score: async () => ({ loss: 0.25, lenient: 0.2, criticism: "Nearly." }) };
    const { forward } = openForward(graph, echo, judge);
    expect(await forward(texts(graph), sampleOf("1"), validation).score).toMatchObject({ loss: 0.25, lenient: 0.2 });
  });
});

describe("a format error", () => {
  const output = { kind: "after", after: "Answer:" } as const;
  const graph = graphOf([llm("a", ["question"], { output }), llm("answer", ["a"], { output })]);
  const replies = (a: string, answer: string) => (question: LlmCall) => (question.node === "a" ? a : answer);

  it("of the answer is a full loss that says why, and is counted apart from a wrong answer", async () => {
    const { forward, events } = openForward(graph, replies("Answer: x", "right 1"));
    const score = await forward(texts(graph), sampleOf("1"), validation).score;
    expect(score).toMatchObject({ loss: 1, lenient: 0, formatError: true, formatErrors: 1 });
    expect(score?.criticism).toMatch(/not in the form/);
    expect(ofType(events, "scored")).toMatchObject([{ loss: 1, lenient: 0, formatError: true }]);
    expect(ofType(events, "value").map(({ formatError }) => formatError)).toEqual([false, true]);
  });

  it("on the way is counted, and the whole reply goes on", async () => {
    const { forward, questions } = openForward(graph, replies("no mark here", "so: Answer: right 1"));
    const score = await forward(texts(graph), sampleOf("1"), validation).score;
    expect(score).toMatchObject({ loss: 0, formatError: false, formatErrors: 1 });
    expect(questions[1]?.messages[1]?.content).toBe("<a>\nno mark here\n</a>");
  });

  it("is none of a wrong answer in the right form", async () => {
    const { forward } = openForward(graph, replies("Answer: x", "Answer: y"));
    expect(await forward(texts(graph), sampleOf("1"), validation).score).toMatchObject({
      loss: 1,
      formatError: false,
      formatErrors: 0,
    });
  });
});
