import { describe, expect, it } from "vitest";
import { rowsOfTraces } from "../../../src/import/traces.ts";

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

describe("rows of traces", () => {
  it("reads OTLP JSON: inputs of the root, values of its steps, and no answer that nobody gave", () => {
    const span = (spanId: string, parentSpanId: string, name: string, input: string, output: string) => ({
      ...{ traceId: "t1", spanId, parentSpanId, name },
      attributes: [attribute("input.value", input), attribute("output.value", output)],
    });
    const spans = [
      span("2", "1", "plan", "What is 2 + 2?", "Add them."),
      span("1", "", "chain", '{"question": "What is 2 + 2?"}', '{"answer": "4"}'),
    ];
    const record = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
    const { format, rows, answered } = rowsOfTraces([record], false);
    expect({ format, answered }).toEqual({ format: "OTLP", answered: 0 });
    expect(rows).toEqual([{ trace: "t1", question: "What is 2 + 2?", output: "4", steps: { plan: "Add them." } }]);
    expect(rowsOfTraces([record], true).rows[0]?.answer).toBe("4");
  });

  it("reads OpenInference spans with annotations, nested or as columns", () => {
    const nested = {
      ...{ context: { trace_id: "a", span_id: "1" }, parent_id: null, name: "ask" },
      attributes: { input: { value: "Why?" }, output: { value: "Because." } },
      annotations: [{ name: "quality", score: 0, explanation: "too short" }],
    };
    const columns = {
      ...{ "context.trace_id": "b", "context.span_id": "2", name: "ask" },
      "attributes.llm.prompt_template.variables": '{"topic": "cats"}',
      "attributes.output.value": "Meow",
      annotations: [{ label: "correct" }],
    };
    const { rows, format } = rowsOfTraces([nested, columns], true);
    expect(format).toBe("OpenInference");
    expect(rows).toEqual([
      { trace: "a", input: "Why?", output: "Because.", feedback: "too short", score: 0 },
      { trace: "b", topic: "cats", output: "Meow", answer: "Meow", score: 1 },
    ]);
  });

  it("reads Langfuse traces with scores and corrections", () => {
    const record = {
      ...{ id: "x", name: "chat", sessionId: null },
      input: {
        messages: [
          { role: "system", content: "Be kind." },
          { role: "user", content: "Hi" },
        ],
      },
      output: { role: "assistant", content: "Hello" },
      observations: [{ id: "o", type: "GENERATION", name: "draft", input: "Hi", output: "Helo" }],
      scores: [
        { name: "thumb", value: 0, comment: "use my name" },
        { name: "correction", stringValue: "Hello Ada" },
      ],
    };
    expect(rowsOfTraces([{ data: [record] }], true).rows).toEqual([
      {
        trace: "x",
        input: "Hi",
        output: "Hello",
        answer: "Hello Ada",
        feedback: "use my name",
        score: 0,
        steps: { draft: "Helo" },
      },
    ]);
  });

  it("reads LangSmith runs, one a line, with feedback", () => {
    const runs = [
      {
        id: "1",
        trace_id: "1",
        run_type: "chain",
        name: "app",
        inputs: { q: "a" },
        outputs: { output: "b" },
        feedback_stats: { user: { n: 1, avg: 1, comments: [] } },
      },
      {
        id: "2",
        trace_id: "1",
        parent_run_id: "1",
        run_type: "llm",
        name: "llm",
        inputs: { q: "a" },
        outputs: { text: "c" },
      },
      {
        id: "3",
        trace_id: "3",
        run_type: "chain",
        name: "app",
        inputs: { q: "d" },
        outputs: { output: "e" },
        feedback: [{ score: 0.5, correction: { output: "f" } }],
      },
    ];
    expect(rowsOfTraces(runs, false).rows).toEqual([
      { trace: "1", q: "a", output: "b", answer: "b", score: 1, steps: { llm: "c" } },
      { trace: "3", q: "d", output: "e", answer: "f", score: 0.5 },
    ]);
  });

  it("reads the messages of LangSmith's calls, which LangChain writes as constructors", () => {
    const message = (kind: string, content: string) => ({
      lc: 1,
      type: "constructor",
      id: ["langchain", "schema", "messages", kind],
      kwargs: { content, type: "x" },
    });
    const call = (id: string, outputs: object) => ({
      ...{ id, trace_id: id, run_type: "llm", name: "ChatOpenAI", outputs },
      inputs: { messages: [[message("SystemMessage", "Be brief."), message("HumanMessage", "q")]] },
    });
    const generation = { text: "a", type: "ChatGeneration", message: message("AIMessage", "a") };
    const runs = [
      call("1", { generations: [[generation]], llm_output: null, run: null }),
      call("2", { generations: [[{ text: "b" }]] }),
      call("3", { messages: [message("AIMessage", "c")] }),
    ];
    expect(rowsOfTraces(runs, true).rows).toEqual([
      { trace: "1", input: "q", output: "a", answer: "a" },
      { trace: "2", input: "q", output: "b", answer: "b" },
      { trace: "3", input: "q", output: "c", answer: "c" },
    ]);
  });

  it("counts what it does not know", () => {
    expect(rowsOfTraces([{ a: 1 }, 5, null, [{ b: 2 }]], true)).toEqual({
      accepted: 0,
      format: null,
      rows: [],
      answered: 0,
      unknown: [0, 1, 2, 3],
      empty: 0,
    });
  });

  it("takes the names of steps around calls, and the answer of the last one", () => {
    const span = (spanId: string, parentSpanId: string, name: string, at: number, more: object[] = []) => ({
      ...{ traceId: "t", spanId, parentSpanId, name, startTimeUnixNano: String(at) },
      attributes: more,
    });
    const call = (spanId: string, parent: string, at: number, asked: string, said: string) =>
      span(spanId, parent, "chat gpt", at, [
        attribute(
          "gen_ai.input.messages",
          JSON.stringify([{ role: "user", parts: [{ type: "text", content: asked }] }]),
        ),
        attribute(
          "gen_ai.output.messages",
          JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: said }] }]),
        ),
      ]);
    const steps = [
      ...[call("3", "2", 30, "Why?", "Look"), span("2", "1", "plan", 20), call("5", "4", 50, "Look", "42")],
      ...[
        span("4", "1", "solve", 40),
        call("6", "1", 60, "a", "x"),
        call("7", "1", 70, "b", "y"),
        span("1", "", "app", 10),
      ],
    ];
    const evaluation = {
      name: "gen_ai.evaluation.result",
      attributes: [
        { key: "gen_ai.evaluation.score.value", value: { doubleValue: 0.5 } },
        attribute("gen_ai.evaluation.explanation", "too short"),
      ],
    };
    const spans = steps.map((one) => (one.spanId === "5" ? { ...one, events: [evaluation] } : one));
    expect(rowsOfTraces([{ resourceSpans: [{ scopeSpans: [{ spans }] }] }], true).rows).toEqual([
      {
        ...{ trace: "t", input: "Why?", output: "y", feedback: "too short", score: 0.5 },
        steps: { plan: "Look", solve: "42", "chat gpt 3": "x", "chat gpt 4": "y" },
      },
    ]);
  });

  it("joins messages in logs to their spans", () => {
    const spans = [{ traceId: "t", spanId: "1", name: "chat", attributes: [] }];
    const text = (stringValue: string) => ({ stringValue });
    const log = (eventName: string, values: { key: string; value: object }[]) => ({
      ...{ traceId: "t", spanId: "1", eventName },
      body: { kvlistValue: { values } },
    });
    const message = {
      kvlistValue: {
        values: [
          { key: "content", value: text("Hello") },
          { key: "role", value: text("assistant") },
        ],
      },
    };
    const logRecords = [
      log("gen_ai.system.message", [{ key: "content", value: text("Be kind") }]),
      log("gen_ai.user.message", [{ key: "content", value: text("Hi") }]),
      log("gen_ai.choice", [{ key: "message", value: message }]),
    ];
    const records = [
      { resourceLogs: [{ scopeLogs: [{ logRecords }] }] },
      { resourceSpans: [{ scopeSpans: [{ spans }] }] },
    ];
    expect(rowsOfTraces(records, false).rows).toEqual([{ trace: "t", input: "Hi", output: "Hello" }]);
    expect(rowsOfTraces(records.slice(1), false)).toMatchObject({ format: "OTLP", rows: [], empty: 1 });
  });

  it("a trace that Langfuse's interface downloads: the trace beside its observations", () => {
    const trace = {
      id: "t1",
      name: "answer",
      timestamp: "2026-06-03T10:00:00Z",
      input: '{"args": ["What is a heron?"], "kwargs": {"style": "short"}}',
      output: '"A wading bird."',
      observations: [],
      scores: [{ name: "user", value: 0, comment: "Too short." }],
    };
    const observations = [
      { id: "o1", traceId: "t1", type: "GENERATION", name: "draft", parentObservationId: null, output: '"A bird."' },
    ];
    const { rows, unknown } = rowsOfTraces([{ trace, observations }], false);
    expect(unknown).toEqual([]);
    expect(rows).toEqual([
      {
        trace: "t1",
        input: "What is a heron?",
        style: "short",
        output: "A wading bird.",
        feedback: "Too short.",
        score: 0,
        steps: { draft: "A bird." },
      },
    ]);
  });

  it.each([
    [
      "OpenAI responses",
      { output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "hi" }] }], id: "r" },
    ],
    ["OpenAI chat", { choices: [{ message: { role: "assistant", content: "hi" } }], id: "c" }],
    ["Gemini", { candidates: [{ content: { role: "model", parts: [{ text: "hi" }] }, index: 0 }], usage: {} }],
    ["Agent Development Kit", { content: { role: "model", parts: [{ text: "hi" }] }, finish_reason: "STOP" }],
  ])("the text of a reply of %s", (_, output) => {
    const trace = { id: "t", name: "n", input: { contents: "Hello?" }, output, sessionId: null };
    expect(rowsOfTraces([trace], false).rows).toMatchObject([{ input: "Hello?", output: "hi" }]);
  });

  it.each([
    ["one argument", { args: ["a"], kwargs: {} }, { input: "a" }],
    ["several arguments", { args: ["a", 2], kwargs: { c: true } }, { argument_1: "a", argument_2: 2, c: true }],
    ["Gemini", { model: "m", contents: [{ role: "user", parts: [{ text: "a" }] }] }, { input: "a" }],
    ["Agent Development Kit", { user_id: "u", new_message: { role: "user", parts: [{ text: "a" }] } }, { input: "a" }],
  ])("the inputs of a call: %s", (_, input, fields) => {
    const trace = { id: "t", name: "n", input, output: "x", sessionId: null };
    const { trace: __, output: ___, ...inputs } = rowsOfTraces([trace], false).rows[0] ?? {};
    expect(inputs).toEqual(fields);
  });

  it("reads JSON in JSON, and a trace and its first step once", () => {
    const input = JSON.stringify(JSON.stringify({ args: ["q"], kwargs: {} }));
    const step = { id: "o", traceId: "t", type: "SPAN", name: "n", input, output: '"a"' };
    const trace = { id: "t", name: "n", input, output: '"a"', sessionId: null, observations: [step] };
    expect(rowsOfTraces([trace], false).rows).toEqual([{ trace: "t", input: "q", output: "a" }]);
  });

  it.each([
    [
      "Langfuse",
      {
        id: "t",
        name: "n",
        input: "q",
        output: "a",
        sessionId: null,
        scores: [{ name: "toxicity", value: 0, source: "EVAL", comment: "Fine." }],
      },
    ],
    [
      "Phoenix",
      {
        context: { trace_id: "t", span_id: "s" },
        name: "n",
        attributes: { input: { value: "q" }, output: { value: "a" } },
        annotations: [{ annotator_kind: "LLM", result: { score: 0, explanation: "Fine." } }],
      },
    ],
    [
      "LangSmith",
      {
        id: "t",
        run_type: "chain",
        name: "n",
        inputs: "q",
        outputs: "a",
        feedback: [{ key: "k", score: 0, comment: "Fine.", feedback_source: { type: "model" } }],
      },
    ],
  ])("what a model said of an answer is no feedback of people: %s", (_, record) => {
    expect(rowsOfTraces([record], false).rows).toEqual([{ trace: "t", input: "q", output: "a" }]);
  });

  it("counts answers of people and outputs that nobody criticized apart", () => {
    const trace = (id: string, value: number | null) => ({
      id,
      name: "n",
      input: "q",
      output: "a",
      sessionId: null,
      scores: value === null ? [] : [{ name: "user", value }],
    });
    const traces = [trace("1", 1), trace("2", 0), trace("3", null)];
    expect(rowsOfTraces(traces, true)).toMatchObject({ answered: 1, accepted: 1 });
    expect(rowsOfTraces(traces, false)).toMatchObject({ answered: 1, accepted: 0 });
  });

  it("joins exports of Langfuse and LangSmith in several files", () => {
    const langfuse = [
      { id: "s", trace_id: "t", observation_id: null, name: "thumbs", value: 0, comment: "no", data_type: "NUMERIC" },
      {
        id: "b",
        trace_id: "t",
        parent_observation_id: "a",
        type: "GENERATION",
        name: "plan",
        input: '"x"',
        output: "Look",
        start_time: "2026-11-30 10:00:01",
      },
      {
        id: "a",
        trace_id: "t",
        parent_observation_id: "",
        type: "SPAN",
        name: "app",
        input: '{"question":"Why?"}',
        output: '{"answer":"42"}',
        start_time: "2026-11-30 10:00:00",
      },
    ];
    expect(rowsOfTraces(langfuse, false)).toMatchObject({
      format: "Langfuse",
      unknown: [],
      rows: [{ trace: "t", question: "Why?", output: "42", feedback: "no", score: 0, steps: { plan: "Look" } }],
    });
    const langsmith = [
      {
        run_id: "r2",
        trace_id: "r1",
        parent_run_id: "r1",
        name: "plan",
        run_type: "llm",
        inputs: { q: "a" },
        outputs: { text: "Look" },
      },
      {
        run_id: "r1",
        trace_id: "r1",
        parent_run_id: "",
        name: "app",
        run_type: "chain",
        inputs: '{"q": "Why?"}',
        outputs: '{"output": "42"}',
      },
      { id: "f", run_id: "r1", key: "user", score: null, value: null, comment: "wrong", correction: { output: "43" } },
    ];
    expect(rowsOfTraces(langsmith, false)).toMatchObject({
      format: "LangSmith",
      rows: [{ trace: "r1", q: "Why?", output: "42", answer: "43", feedback: "wrong", steps: { plan: "Look" } }],
    });
  });
});
