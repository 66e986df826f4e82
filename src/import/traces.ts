import { isMapping, listOf, type Mapping, mappingOf, textOf } from "./documents.ts";
import type { Row } from "./importer.ts";

/** One step of a trace, from any program. */
export interface Span {
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  readonly input: unknown;
  readonly output: unknown;
  /** Feedback by people. */
  readonly feedback: readonly Feedback[];
}

export interface Feedback {
  /** 0 … 1, or a number on another scale; null if there is none. */
  readonly score: number | null;
  readonly comment: string | null;
  /** What the answer should have been. */
  readonly correction: unknown;
}

interface TraceFormat {
  readonly label: string;
  /** Spans in one record of a file; null if it has another format. */
  read(record: Mapping): Span[] | null;
}

/** Trace formats: the first one that recognizes a record reads it. */
const FORMATS: readonly TraceFormat[] = [
  { label: "OTLP", read: readOtlp },
  { label: "OpenInference", read: readOpenInference },
  { label: "Langfuse", read: readLangfuse },
  { label: "LangSmith", read: readLangSmith },
];

export interface TraceRows {
  /** Format of the records. */
  readonly format: string | null;
  readonly rows: readonly Row[];
  /** Number of rows whose `answer` people confirmed or wrote. */
  readonly answered: number;
  /** Number of records in an unknown format. */
  readonly unknown: number;
}

/**
 * Rows of traces: the inputs of each, the `output` that was given, the values of its steps under `steps`, and what people
 * said: `feedback` in words, `score`, and the `answer` where they wrote or confirmed it.
 * @param records of a file: JSON, a list, or lines
 * @param accept whether an output that nobody criticized counts as its answer
 */
export function rowsOfTraces(records: readonly unknown[], accept: boolean): TraceRows {
  const spans: Span[] = [];
  let format: string | null = null;
  let unknown = 0;
  for (const record of records.flatMap(unwrap)) {
    const known = isMapping(record)
      ? FORMATS.map((one) => ({ label: one.label, spans: one.read(record) })).find((one) => one.spans)
      : null;
    if (!known?.spans) unknown++;
    else {
      format ??= known.label;
      spans.push(...known.spans);
    }
  }
  const traces = new Map<string, Span[]>();
  for (const span of spans) traces.set(span.trace, [...(traces.get(span.trace) ?? []), span]);
  const rows = [...traces.values()].map((one) => rowOf(one, accept)).filter((row) => row !== null);
  return { format, rows, answered: rows.filter((row) => row.answer !== undefined).length, unknown };
}

/** Unwraps the records of an export: `{ "data": [ … ] }`, `{ "runs": [ … ] }`. */
function unwrap(record: unknown): readonly unknown[] {
  if (Array.isArray(record)) return record;
  if (!isMapping(record) || record.resourceSpans !== undefined) return [record];
  const inner = ["data", "traces", "runs", "spans", "items"].map((key) => record[key]).find(Array.isArray);
  return inner && record.trace_id === undefined && record.id === undefined ? inner : [record];
}

function rowOf(spans: readonly Span[], accept: boolean): Row | null {
  const ids = new Set(spans.map(({ id }) => id));
  const root =
    spans.find(({ parent, input }) => (parent === null || !ids.has(parent)) && input !== undefined) ??
    spans.find(({ input }) => input !== undefined);
  if (!root) return null;
  const inputs = fieldsOf(root.input);
  if (Object.keys(inputs).length === 0) return null;
  const output = plainOutput(root.output);
  const feedback = spans.flatMap((span) => span.feedback);
  const correction = feedback.map((one) => plainOutput(one.correction)).find((one) => one !== undefined);
  const scores = feedback.flatMap(({ score }) => (score === null ? [] : [score]));
  const worst = scores.length > 0 ? Math.min(...scores) : null;
  const comments = feedback.flatMap(({ comment }) =>
    comment === null || comment.trim() === "" ? [] : [comment.trim()],
  );
  const isRight = worst === null ? accept && comments.length === 0 : worst >= 1;
  const answer = correction ?? (isRight ? output : undefined);
  const steps = Object.fromEntries(
    spans.flatMap((span) => {
      const value = span === root ? undefined : plainOutput(span.output);
      return value === undefined ? [] : [[span.name, value]];
    }),
  );
  return {
    trace: root.trace,
    ...inputs,
    ...(output !== undefined && { output }),
    ...(answer !== undefined && { answer }),
    ...(comments.length > 0 && { feedback: comments.join("\n") }),
    ...(worst !== null && { score: worst }),
    ...(Object.keys(steps).length > 0 && { steps }),
  };
}

/** Members of an object as columns; the last message of a chat, or any other value, as `input`. */
function fieldsOf(input: unknown): Row {
  const value = parsed(input);
  if (isMapping(value)) {
    const inner = ["inputs", "input", "kwargs"].map((key) => value[key]).find((one) => isMapping(one));
    if (inner && Object.keys(value).length === 1) return fieldsOf(inner);
    const message = lastMessage(value.messages ?? value.input);
    if (message !== null) return { input: message };
    return Object.fromEntries(
      Object.entries(value).filter(
        ([name]) => !["trace", "output", "answer", "feedback", "score", "steps"].includes(name),
      ),
    );
  }
  const message = lastMessage(value);
  if (message !== null) return { input: message };
  return value === undefined || value === null || value === "" ? {} : { input: value };
}

/** The text of an answer: the content of a message, or the only member of an object. */
function plainOutput(output: unknown): unknown {
  const value = parsed(output);
  if (value === undefined || value === null || value === "") return undefined;
  const message = lastMessage(isMapping(value) ? (value.messages ?? value.choices ?? [value]) : value);
  if (message !== null) return message;
  if (!isMapping(value)) return value;
  const entries = Object.entries(value);
  const named = ["output", "answer", "result", "text", "content", "response", "completion"]
    .map((key) => value[key])
    .find((one) => one !== undefined);
  const [only] = entries;
  if (entries.length === 1 && only) return plainOutput(only[1]);
  return typeof named === "string" ? named : value;
}

function lastMessage(value: unknown): string | null {
  const list = listOf(value);
  for (const one of [...list].reverse()) {
    const message = mappingOf(mappingOf(one).message ?? one);
    const content =
      textOf(message.content) ??
      listOf(message.content)
        .map((part) => textOf(mappingOf(part).text) ?? "")
        .join("");
    if ((message.role !== undefined || message.type !== undefined) && content !== "") return content;
  }
  return null;
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** OpenTelemetry's JSON: attributes as a list of keys with typed values. */
function readOtlp(record: Mapping): Span[] | null {
  if (!Array.isArray(record.resourceSpans)) return null;
  const scopes = record.resourceSpans.flatMap((one) =>
    listOf(mappingOf(one).scopeSpans ?? mappingOf(one).instrumentationLibrarySpans),
  );
  return scopes
    .flatMap((scope) => listOf(mappingOf(scope).spans))
    .map((one) => {
      const span = mappingOf(one);
      const attributes = Object.fromEntries(
        listOf(span.attributes).map((pair) => [String(mappingOf(pair).key), otlpValue(mappingOf(pair).value)]),
      );
      return spanOf(
        String(span.traceId),
        String(span.spanId),
        textOf(span.parentSpanId),
        String(span.name),
        attributes,
      );
    });
}

function otlpValue(value: unknown): unknown {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue, kvlistValue } = mappingOf(value);
  if (arrayValue !== undefined) return listOf(mappingOf(arrayValue).values).map(otlpValue);
  if (kvlistValue !== undefined) {
    return Object.fromEntries(
      listOf(mappingOf(kvlistValue).values).map((pair) => [
        String(mappingOf(pair).key),
        otlpValue(mappingOf(pair).value),
      ]),
    );
  }
  return stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue));
}

/** Spans of Phoenix and others: `attributes` nested, or columns such as `attributes.input.value`. */
function readOpenInference(record: Mapping): Span[] | null {
  const context = mappingOf(record.context);
  const trace = textOf(context.trace_id) ?? textOf(record["context.trace_id"]) ?? textOf(record.trace_id);
  const columns = Object.entries(record).flatMap(([key, value]) =>
    key.startsWith("attributes.") ? [[key.slice("attributes.".length), value] as const] : [],
  );
  const attributes = isMapping(record.attributes) ? flat(record.attributes) : Object.fromEntries(columns);
  if (trace === null || Object.keys(attributes).length === 0) return null;
  const id = textOf(context.span_id) ?? textOf(record["context.span_id"]) ?? textOf(record.span_id) ?? trace;
  const span = spanOf(
    trace,
    id,
    textOf(record.parent_id) ?? textOf(record.parent_span_id),
    String(record.name ?? "span"),
    attributes,
  );
  return [{ ...span, feedback: listOf(record.annotations ?? record.span_annotations).map(annotation) }];
}

/** Attributes by OpenInference, by the conventions for generative AI, and by OpenLLMetry. */
function spanOf(trace: string, id: string, parent: string | null, name: string, attributes: Mapping): Span {
  const variables = attributes["llm.prompt_template.variables"];
  const input =
    variables ??
    attributes["input.value"] ??
    attributes["gen_ai.input.messages"] ??
    attributes["traceloop.entity.input"] ??
    attributes["gen_ai.prompt"] ??
    indexed(attributes, "gen_ai.prompt") ??
    indexed(attributes, "llm.input_messages");
  const output =
    attributes["output.value"] ??
    attributes["gen_ai.output.messages"] ??
    attributes["traceloop.entity.output"] ??
    attributes["gen_ai.completion"] ??
    indexed(attributes, "gen_ai.completion") ??
    indexed(attributes, "llm.output_messages");
  const score = attributes["feedback.score"] ?? attributes["gen_ai.evaluation.score.value"];
  const comment = textOf(attributes["feedback.comment"]) ?? textOf(attributes["gen_ai.evaluation.explanation"]);
  const feedback =
    score === undefined && comment === null
      ? []
      : [{ score: numberOf(score), comment, correction: attributes["feedback.correction"] }];
  return { trace, id, parent: parent === "" ? null : parent, name, input, output, feedback };
}

/** `prefix.0.content`, `prefix.1.message.content`: the last message. */
function indexed(attributes: Mapping, prefix: string): unknown {
  const found = Object.entries(attributes).filter(([key]) => key.startsWith(`${prefix}.`) && key.endsWith("content"));
  return found.at(-1)?.[1];
}

function flat(value: Mapping, prefix = ""): Mapping {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
      isMapping(inner) && !/(?:^|\.)(?:value|variables)$/.test(prefix + key)
        ? Object.entries(flat(inner, `${prefix}${key}.`))
        : [[prefix + key, inner]],
    ),
  );
}

function annotation(one: unknown): Feedback {
  const { score, explanation, comment, label, result } = mappingOf(one);
  const inner = mappingOf(result);
  const given = numberOf(score ?? inner.score);
  const byLabel = /^(?:correct|thumbs?[_ -]?up|good|positive)$/i.test(textOf(label) ?? textOf(inner.label) ?? "")
    ? 1
    : null;
  return {
    score: given ?? byLabel,
    comment: textOf(explanation) ?? textOf(inner.explanation) ?? textOf(comment),
    correction: undefined,
  };
}

/** Langfuse: a trace with its observations and scores, or single observations. */
function readLangfuse(record: Mapping): Span[] | null {
  const isTrace =
    Array.isArray(record.observations) ||
    Array.isArray(record.scores) ||
    (record.input !== undefined && record.sessionId !== undefined);
  const isObservation = record.traceId !== undefined && record.type !== undefined;
  if (!isTrace && !isObservation) return null;
  const id = String(record.id);
  if (isObservation && !isTrace) return [observation(record, String(record.traceId))];
  const scores = listOf(record.scores).map((one): Feedback => {
    const { value, comment, stringValue, name } = mappingOf(one);
    const isCorrection = /correct(?:ion|ed)|expected|ideal/i.test(String(name ?? ""));
    const text = textOf(stringValue) ?? textOf(value);
    return {
      score: isCorrection ? null : numberOf(value),
      comment: textOf(comment),
      correction: isCorrection ? (text ?? undefined) : undefined,
    };
  });
  const root: Span = {
    trace: id,
    id,
    parent: null,
    name: String(record.name ?? "trace"),
    input: record.input,
    output: record.output,
    feedback: scores,
  };
  return [
    root,
    ...listOf(record.observations)
      .filter(isMapping)
      .map((one) => observation(one, id)),
  ];
}

function observation(record: Mapping, trace: string): Span {
  const parent = textOf(record.parentObservationId) ?? trace;
  return {
    trace,
    id: String(record.id),
    parent,
    name: String(record.name ?? record.type ?? "step"),
    input: record.input,
    output: record.output,
    feedback: [],
  };
}

/** LangSmith: runs with `inputs` and `outputs`. */
function readLangSmith(record: Mapping): Span[] | null {
  if (record.run_type === undefined && (record.inputs === undefined || record.id === undefined)) return null;
  const id = String(record.id);
  const stats = Object.values(mappingOf(record.feedback_stats)).flatMap((one): Feedback[] => {
    const { avg, comments } = mappingOf(one);
    return [
      {
        score: numberOf(avg),
        comment:
          listOf(comments)
            .filter((text) => typeof text === "string")
            .join("\n") || null,
        correction: undefined,
      },
    ];
  });
  const given = listOf(record.feedback).map((one): Feedback => {
    const { score, comment, correction } = mappingOf(one);
    return { score: numberOf(score), comment: textOf(comment), correction: correction ?? undefined };
  });
  const reference = record.reference_outputs ?? record.reference_example_outputs;
  const corrected: Feedback[] = reference === undefined ? [] : [{ score: null, comment: null, correction: reference }];
  const children = listOf(record.child_runs)
    .filter(isMapping)
    .flatMap((one) => readLangSmith({ ...one, trace_id: record.trace_id ?? id, parent_run_id: id }) ?? []);
  const span: Span = {
    trace: textOf(record.trace_id) ?? id,
    id,
    parent: textOf(record.parent_run_id),
    name: String(record.name ?? record.run_type ?? "run"),
    input: record.inputs,
    output: record.outputs,
    feedback: [...stats, ...given, ...corrected],
  };
  return [span, ...children];
}

function numberOf(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}
