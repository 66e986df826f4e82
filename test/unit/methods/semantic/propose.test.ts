import { describe, expect, it } from "vitest";
import type { Sample } from "../../../../src/data/sample.ts";
import type { BatchGradients, GradientContext } from "../../../../src/engine/backward/batch-gradients.ts";
import type { Attempted, InvalidReason, ScreenReason, Verdict } from "../../../../src/engine/events.ts";
import { type LlmCall, RunStopped } from "../../../../src/engine/forward/llm.ts";
import { History } from "../../../../src/engine/propose/history.ts";
import { proposalId } from "../../../../src/engine/theta.ts";
import type { Graph, GraphNode, LlmNode } from "../../../../src/graph/graph.ts";
import { createPropose, leastTried, triesFor } from "../../../../src/methods/semantic/propose.ts";
import { BudgetReached, ProviderFault } from "../../../../src/models/errors.ts";
import { verdictOf } from "../../../verdict.ts";
import { choice, diamond, engineOf, fakeAsk, graphOf, llm, ofType, recorder, sampleOf } from "../../engine/fixtures.ts";

const context: GradientContext = {
  sample: "s1",
  inputs: [{ name: "question", value: "the question" }],
  output: "the output",
  expected: ["the right answer"],
  gradient: "Say why.",
};

interface Options {
  readonly graph?: Graph;
  /** The parameters asked for; default: all of the graph. */
  readonly nodes?: readonly GraphNode[];
  readonly contexts?: (parameter: string) => readonly GradientContext[];
  readonly right?: readonly GradientContext[];
  readonly gradients?: boolean;
  readonly proposals?: number;
  readonly answers?: string;
  readonly train?: readonly Sample[];
  readonly history?: History;
}

/** One iteration's proposals, the model replying as told. */
async function propose(reply: (question: LlmCall) => string | Promise<string>, options: Options = {}) {
  const {
    graph = diamond,
    nodes = graph.nodes.filter(({ trainable }) => trainable),
    contexts = () => [context],
  } = options;
  const { right = [], gradients = true, proposals = 1, answers = "", train = [], history = new History() } = options;
  const { ask, questions } = fakeAsk(reply);
  const { emit, events } = recorder();
  const texts = Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text]));
  const batch: BatchGradients = {
    texts,
    gain: 0,
    broke: false,
    rightOnes: [],
    few: false,
    looked: 2,
    failing: ["s1"],
    contexts: async (parameter) => contexts(parameter),
    right: async () => right,
  };
  const engine = { ...engineOf({ graph, ask, emit, history, train, iteration: 3 }), answers: () => answers };
  const parameters = engine.parameters.filter(({ id }) => nodes.some((node) => node.id === id));
  const candidates = await createPropose({ graph, options: { gradients, proposals }, engine })(
    batch,
    parameters,
    texts,
  );
  return { candidates, questions, attempts: ofType(events, "attempt"), events, history };
}

const proposal = (text: string) => JSON.stringify({ hypothesis: "it helps", text });
const one = (more: Partial<Parameters<typeof llm>[2] & object> = {}) => graphOf([llm("a", ["question"], more)]);
const prompt = ({ messages }: LlmCall) => messages.map(({ content }) => content).join("\n");

describe("ϕ", () => {
  it("is asked once for each parameter with a gradient, and for no other", async () => {
    const contexts = (parameter: string) => (parameter === "style" || parameter === "answer" ? [context] : []);
    const { candidates, questions, attempts } = await propose(({ node }) => proposal(`Better ${node}.`), { contexts });
    expect(questions.map(({ node }) => node)).toEqual(["style", "answer"]);
    expect(questions[0]).toMatchObject({ purpose: "optimizer", sample: null, split: null, choice });
    expect(candidates.map(({ node, text }) => [node, text])).toEqual([
      ["style", "Better style."],
      ["answer", "Better answer."],
    ]);
    expect(attempts).toEqual(candidates);
  });

  it("gives a proposal with its origin: base, samples, hypothesis and an id that is the change itself", async () => {
    const { candidates, history } = await propose(() => proposal("  Do a and say why. \n"), { graph: one() });
    const text = "Do a and say why.";
    const id = proposalId("a", "Do a.", text);
    const rest = { type: "attempt", iteration: 3, node: "a", base: "Do a.", hypothesis: "it helps", invalid: null };
    expect(candidates).toEqual([{ ...rest, id, text, samples: ["s1"] }]);
    expect(history.of("a").map(({ attempt }) => attempt.id)).toEqual([id]);
    expect(history.unjudged()).toHaveLength(1);
  });

  it("sees inputs, outputs and gradients; without gradients, inputs and outputs alone", async () => {
    const with_ = await propose(() => proposal("x"), { graph: one() });
    expect(prompt(with_.questions[0]!)).toContain("<feedback>\nSay why.\n</feedback>");
    const without = await propose(() => proposal("x"), { graph: one(), gradients: false });
    expect(prompt(without.questions[0]!)).not.toContain("Say why.");
    for (const { questions } of [with_, without]) {
      expect(prompt(questions[0]!)).toContain("the question");
      expect(prompt(questions[0]!)).toContain("the output");
    }
  });

  it("sees samples that went right, marked as such and without a gradient", async () => {
    const right = [{ ...context, sample: "s9", output: "the good output", gradient: "" }];
    const { questions } = await propose(() => proposal("x"), { graph: one(), right });
    expect(prompt(questions[0]!)).toMatch(/<correct_case id="s9">[\s\S]*the good output/);
    expect(prompt(questions[0]!)).not.toContain("<feedback>\n\n</feedback>");
  });

  it("sees what was expected of each case where its text makes the answer, and nowhere before", async () => {
    const { questions } = await propose(() => proposal("x"), { answers: "one of: yes, no" });
    const of = (node: string) => prompt(questions.find((question) => question.node === node)!);
    expect(of("answer")).toMatch(/<case id="s1">[\s\S]*<expected>\nthe right answer\n<\/expected>[\s\S]*<\/case>/);
    for (const node of ["plan", "left", "right", "style"]) expect(of(node)).not.toContain("<expected>");
    for (const { messages } of questions) {
      expect(messages[1]?.content).toContain("<expected_answers>\none of: yes, no\n</expected_answers>");
    }
  });

  it("is not told of expected answers if nothing is known of them", async () => {
    const { questions } = await propose(() => proposal("x"), { graph: one() });
    expect(questions[0]?.messages[1]?.content).not.toContain("expected_answers");
  });

  it("is told what must stay, how long the text can be, and the author's own rules", async () => {
    const graph = one({ text: "Answer {{question}}.", keep: ["Acme"], maxWords: 50, constraints: ["Stay formal"] });
    const { questions } = await propose(() => proposal("x"), { graph });
    for (const said of ["{{question}}", "Acme", "At most 50 words", "Stay formal"]) {
      expect(questions[0]?.messages[0]?.content).toContain(said);
    }
  });

  it("is told what feeds its node and who reads it", async () => {
    const { questions } = await propose(() => proposal("x"));
    const of = (node: string) => prompt(questions.find((question) => question.node === node)!);
    expect(of("left")).toMatch(
      /left \(argues for it\).*plan \(plans\), style \(house style\).*Read by: answer \(decides\)/s,
    );
    expect(of("answer")).toContain("Its result is the final answer.");
    expect(of("style")).toMatch(
      /handed to steps as one of their inputs.*left \(argues for it\), right \(argues against it\)/s,
    );
    for (const { messages } of questions) expect(messages[1]?.content).toContain("Answers questions.");
  });

  it.each<[LlmNode["output"], string]>([
    [{ kind: "after", after: "Answer:" }, 'Only what follows the last "Answer:" in its reply is used.'],
    [{ kind: "tag", tag: "out" }, "Only what stands between <out> and <\\/out> in its reply is used."],
    [{ kind: "pattern", pattern: "= (.+)" }, "Only what the regular expression = (.+) finds in its reply is used."],
    [{ kind: "json", json: "a.b" }, 'Its reply is read as JSON, and only the field "a.b" is used.'],
    [{ kind: "json", json: "" }, "Its reply is read as JSON."],
  ])("is told which part of the reply is used: %j", async (output, said) => {
    const { questions } = await propose(() => proposal("x"), { graph: one({ output }) });
    expect(prompt(questions[0]!)).toContain(said);
  });

  it("stops with the run, and takes a lost call for no proposal", async () => {
    for (const end of [new RunStopped("cancelled"), new BudgetReached("calls", 1)]) {
      await expect(propose(() => Promise.reject(end), { graph: one() })).rejects.toBe(end);
    }
    const down = new ProviderFault("fake", 500, null, "down");
    const { candidates, attempts, events } = await propose(() => Promise.reject(down), { graph: one() });
    expect(candidates).toEqual([]);
    expect(attempts).toMatchObject([{ invalid: "no reply" }]);
    expect(ofType(events, "warning")).toEqual([
      { type: "warning", code: "proposal lost", node: "a", detail: down.message },
    ]);
  });
});

describe("a reply of ϕ", () => {
  it.each([
    ["as asked for", proposal("Better.")],
    ["without a hypothesis", '{"text": "Better."}'],
    ["with the text in lines", '{"hypothesis": "h", "text": ["Better."]}'],
    ["fenced", `\`\`\`json\n${proposal("Better.")}\n\`\`\``],
    ["with words around", `I suggest:\n${proposal("Better.")}\nGood luck!`],
    ["with a trailing comma", '{"hypothesis": "h", "text": "Better.",}'],
  ])("is read %s", async (_, reply) => {
    const { candidates, questions } = await propose(() => reply, { graph: one() });
    expect(candidates).toMatchObject([{ text: "Better." }]);
    expect(questions).toHaveLength(1);
  });

  it("keeps code in the new text, fences and braces included", async () => {
    const text = 'Reply like this:\n```json\n{"answer": 1}\n```\nNothing else.';
    expect((await propose(() => proposal(text), { graph: one() })).candidates).toMatchObject([{ text }]);
    const fenced = `\`\`\`json\n${proposal(text)}\n\`\`\``;
    expect((await propose(() => fenced, { graph: one() })).candidates).toMatchObject([{ text }]);
  });

  it.each([
    ["cut in the middle of the text", '{"hypothesis": "h", "text": "Better, and always ment'],
    ["cut after a quote, which may stand inside the text", '{"hypothesis": "h", "text": "Better."'],
    ["that can be read in two ways", '{"text": "Say "a", "hypothesis": "b", and stop.", "hypothesis": "c"}'],
    ["with two drafts", `${proposal("A draft.")}\n${proposal("Better.")}`],
    ["without a comma", '{"text": "A." "hypothesis": "h"}'],
    ["with strings that are joined", '{"text": "A. " + "B.", "hypothesis": "h"}'],
    ["with an old and a new text", '{"text": "A.", "new_text": "B."}'],
    ["with entities", '{"text": "Use &lt;b&gt;."}'],
    ["with an apostrophe escaped", `{"text": "Don\\'t guess."}`],
    ["without a text", '{"hypothesis": "I would add an example."}'],
    ["with an empty text", proposal(" ")],
    ["that is the text itself", "Better."],
  ])("%s is repaired once", async (_, reply) => {
    const { candidates, questions } = await propose(
      ({ messages }) => (messages.length === 2 ? reply : proposal("Better.")),
      { graph: one() },
    );
    expect(candidates).toMatchObject([{ text: "Better." }]);
    expect(questions).toHaveLength(2);
    expect(questions[1]?.messages.slice(2)).toMatchObject([
      { role: "assistant", content: reply },
      { role: "user", content: expect.stringContaining('"hypothesis", "text"') },
    ]);
  });

  it("that can't be repaired is not a proposal", async () => {
    const { candidates, questions, attempts } = await propose(() => "Sorry.", { graph: one() });
    expect(candidates).toEqual([]);
    expect(questions).toHaveLength(2);
    expect(attempts).toMatchObject([{ node: "a", text: "", invalid: "no text in the reply" }]);
  });

  it("that stays unclear is not a proposal, and says so", async () => {
    const unclear = '{"text": "Say "a", "hypothesis": "b", and stop.", "hypothesis": "c"}';
    const { candidates, attempts, questions } = await propose(() => unclear, { graph: one() });
    expect(candidates).toEqual([]);
    expect(attempts).toMatchObject([{ text: "", invalid: "ambiguous reply" }]);
    expect(questions[1]?.messages.at(-1)?.content).toContain("This was not clear: ");
  });
});

describe("a new text is what the model meant", () => {
  it.each<[string, string, string]>([
    ["LaTeX with single backslashes", '"\\frac{a}{b} \\times \\theta"', "\\frac{a}{b} \\times \\theta"],
    ["a regular expression with single backslashes", '"\\d+\\.\\d{2}"', "\\d+\\.\\d{2}"],
    ["a dollar sign with a backslash", '"Pay \\$5"', "Pay \\$5"],
    [
      "quotes that are not escaped",
      '"End with the line "Answer: N" and nothing else."',
      'End with the line "Answer: N" and nothing else.',
    ],
    ["line breaks as they are", '"One.\nTwo."', "One.\nTwo."],
    ["in a fence", '"```\\nBetter.\\n```"', "Better."],
    ["in our tags", '"<current_text>\\nBetter.\\n</current_text>"', "Better."],
    ["with literal line ends", '"One.\\\\nTwo.\\\\nThree."', "One.\nTwo.\nThree."],
  ])("%s", async (_, text, meant) => {
    const { candidates } = await propose(() => `{"hypothesis": "h", "text": ${text}}`, { graph: one() });
    expect(candidates).toMatchObject([{ text: meant }]);
  });

  it.each<[string, string]>([
    ["brackets in the words before", `As in [1] and {x}:\n${proposal("Better.")}`],
    ["another value first", `{"cases": [1]}\n${proposal("Better.")}`],
    ["a list of one", `[${proposal("Better.")}]`],
    ["an object around it", `{"proposal": ${proposal("Better.")}}`],
    ["JSON in a string", JSON.stringify(proposal("Better."))],
    ["other key case", '{"Hypothesis": "h", "Text": "Better."}'],
    ["another name", '{"hypothesis": "h", "newText": "Better."}'],
    ["too many brackets", `${proposal("Better.")}}`],
    ["a Python literal", "{'hypothesis': 'h', 'text': 'Better.', 'sure': True}"],
    ["tags", "<hypothesis>h</hypothesis>\n<text>\nBetter.\n</text>"],
  ])("in %s", async (_, reply) => {
    expect((await propose(() => reply, { graph: one() })).candidates).toMatchObject([{ text: "Better." }]);
  });
});

describe("a text that is not a proposal says why", () => {
  const rejected = (text: string, verdict: Partial<Verdict>, screened?: ScreenReason) => {
    const history = new History();
    const attempt: Attempted = {
      type: "attempt",
      iteration: 1,
      id: "earlier",
      node: "a",
      base: "Do a.",
      text,
      hypothesis: "",
      samples: [],
      invalid: null,
    };
    history.add(attempt);
    history.judge("earlier", "a", verdictOf({ decision: "rejected", reason: "tie", ...verdict }), true);
    if (screened) history.screen("earlier", "a", screened);
    return history;
  };

  it.each<[Attempted["invalid"], string, Options]>([
    ["no change", "Do a.", { graph: one() }],
    ["drops a placeholder", "Answer it.", { graph: one({ text: "Answer {{question}}." }) }],
    ["drops a placeholder", "Answer it.", { graph: one({ text: "Answer {{ question | upper }}." }) }],
    ["drops a placeholder", "Answer it.", { graph: one({ text: "Answer $".concat("{question} and {topic}.") }) }],
    ["drops a placeholder", "Write {{question}}.", { graph: one({ text: "Write \\{{question}}." }) }],
    ["invents a placeholder", "Use {{context}}.", { graph: one() }],
    ["invents a placeholder", "Use {{ context | upper }}.", { graph: one() }],
    ["changes the roles", "You answer.", { graph: one({ text: "system:\nYou answer." }) }],
    ["changes the roles", "user:\nAnswer.", { graph: one({ text: "Answer." }) }],
    ["drops a text to keep", "Answer for us.", { graph: one({ text: "Answer for Acme.", keep: ["Acme"] }) }],
    ["longer than maxWords", "one two three four five", { graph: one({ text: "one two", maxWords: 4 }) }],
    [
      "leaks a training target",
      "Say Constantinople first.",
      { graph: one(), train: [sampleOf("1", { targets: ["no", "Constantinople"] })] },
    ],
    ["repeats an earlier text", "Worse.", { graph: one(), history: rejected("Worse.", { broken: ["v1"] }) }],
    ["repeats an earlier text", "Same.", { graph: one(), history: rejected("Same.", {}, "constant output") }],
  ])("%s", async (reason, text, options) => {
    const { candidates, attempts, history } = await propose(() => proposal(text), options);
    expect(candidates).toEqual([]);
    expect(attempts).toMatchObject([{ text, invalid: reason }]);
    expect(history.of("a").at(-1)?.attempt.invalid).toBe(reason);
    expect(history.unjudged()).toEqual([]);
  });

  it.each<[string, string, Options]>([
    [
      "a placeholder that is written with spaces",
      "For {{ question }}: answer.",
      { graph: one({ text: "Answer {{question}}." }) },
    ],
    ["a placeholder for one of its inputs", "Answer {{question}}.", { graph: one() }],
    ["braces of LaTeX", "Write \\frac{a}{b}.", { graph: one({ text: "Write \\frac{x}{y}." }) }],
    ["a text to keep that was not there before", "Better.", { graph: one({ keep: ["Acme"] }) }],
    [
      "a text shorter than one that was too long already",
      "one two three",
      { graph: one({ text: "a b c d", maxWords: 2 }) },
    ],
    [
      "a short target, as any text may hold it",
      "Answer yes or no.",
      { graph: one(), train: [sampleOf("1", { targets: ["yes"] })] },
    ],
    [
      "a target that the text held before",
      "Say Constantinople!",
      { graph: one({ text: "Say Constantinople." }), train: [sampleOf("1", { targets: ["Constantinople"] })] },
    ],
    ["a text that made no difference before", "Same.", { graph: one(), history: rejected("Same.", {}) }],
  ])("but not %s", async (_, text, options) => {
    const { candidates } = await propose(() => proposal(text), options);
    expect(candidates).toMatchObject([{ text, invalid: null }]);
  });
});

describe("the cases of a request", () => {
  const cases = ["s1", "s2", "s3", "s4", "s5"].map((sample) => ({ ...context, sample }));
  const tried = (
    samples: readonly string[],
    outcome: { readonly decision?: Verdict["decision"]; readonly screened?: ScreenReason },
    base = "Do a.",
  ) => {
    const attempt: Attempted = {
      type: "attempt",
      iteration: 1,
      id: "earlier",
      node: "a",
      base,
      text: "Do it.",
      hypothesis: "",
      samples,
      invalid: null,
    };
    const verdict = outcome.decision ? verdictOf({ decision: outcome.decision }) : null;
    return { attempt, verdict, screened: outcome.screened ?? null };
  };
  const all = cases.map(({ sample }) => sample);
  const shown = (...attempts: ReturnType<typeof tried>[]) =>
    leastTried(cases, attempts, "Do a.").map(({ sample }) => sample);

  it("are half of them, the least tried ones, once a text written for them has failed", () => {
    expect(shown(tried(all, { decision: "rejected" }))).toEqual(["s1", "s2", "s3"]);
    expect(shown(tried(all, { screened: "no gain on training samples" }))).toEqual(["s1", "s2", "s3"]);
    const twice = [tried(all, { decision: "rejected" }), tried(["s1", "s2", "s3"], { decision: "rejected" })];
    expect(shown(...twice)).toEqual(["s4", "s5", "s1"]);
  });

  it("are all of them as long as only other bases, other samples or the text itself were at fault", () => {
    expect(shown()).toEqual(all);
    expect(shown(tried(all, { decision: "rejected" }, "Do b."))).toEqual(all);
    expect(shown(tried(["s9"], { decision: "rejected" }))).toEqual(all);
    expect(shown(tried(all, { decision: "accepted" }))).toEqual(all);
    expect(shown(tried(all, { screened: "constant output" }))).toEqual(all);
  });

  it("are those half in the prompt, and on record as what the text was written for", async () => {
    const history = new History();
    const earlier = tried(all, {});
    history.add(earlier.attempt);
    history.judge("earlier", "a", verdictOf({ decision: "rejected" }), true);
    const { questions, attempts } = await propose(() => proposal("Better."), {
      graph: one(),
      history,
      contexts: () => cases,
    });
    expect(attempts).toMatchObject([{ samples: ["s1", "s2", "s3"] }]);
    expect(prompt(questions[0]!)).toMatch(/<case id="s3">/);
    expect(prompt(questions[0]!)).not.toMatch(/<case id="s4">/);
  });
});

describe("texts that were tried for a sample", () => {
  const parameters = [{ id: "a", kind: "text", value: "Do a.", node: llm("a", ["question"]) }] as const;
  const history = new History();
  const add = (text: string, samples: readonly string[], invalid: InvalidReason | null = null) => {
    const id = proposalId("a", "Do a.", text);
    const rest = { iteration: 1, hypothesis: "", samples: [...samples], invalid };
    history.add({ type: "attempt", id, node: "a", base: "Do a.", text, ...rest });
    return id;
  };
  history.judge(add("rejected", ["s1"]), "a", verdictOf({ decision: "rejected" }), true);
  history.screen(add("in vain", ["s1", "s2"]), "a", "no gain on training samples");
  history.screen(add("ruined", ["s1"]), "a", "constant output");
  history.screen(add("replaced", ["s2"]), "a", "superseded");
  add("waiting", ["s2", "s3"]);
  add("empty", ["s3"], "ambiguous reply");

  it("are all but those that were dropped before they ran on it", () => {
    const counts = ["s1", "s2", "s3", "s4"].map((sample) => triesFor({ parameters, history }, sample));
    expect(counts).toEqual([2, 3, 1, 0]);
  });
});
