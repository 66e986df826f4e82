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

  it("counts what it does not know", () => {
    expect(rowsOfTraces([{ a: 1 }, 5, null, [{ b: 2 }]], true)).toEqual({
      format: null,
      rows: [],
      answered: 0,
      unknown: 4,
    });
  });
});
