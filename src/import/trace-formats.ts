import { parseJson, structureIn } from "../graph/replies/json.ts";
import { isMapping, listOf, type Mapping, mappingOf, textOf } from "./documents.ts";

/** One step of a trace, from any program. */
export interface Span {
  /** Empty if the record names its span alone. */
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  /** Empty if the record only adds to a span of another record: an event, a score, feedback. */
  readonly name: string;
  /** Start, on any clock of the trace; null if unknown. */
  readonly start: number | null;
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

/** A record that adds nothing to the span that it names. */
const NOTHING = { parent: null, name: "", start: null, input: undefined, output: undefined, feedback: [] } as const;

/** Trace formats: the first one that recognizes a record reads it. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  { label: "OTLP", read: readOtlp },
  { label: "OpenInference", read: readOpenInference },
  { label: "LangSmith", read: readLangSmith },
  { label: "Langfuse", read: readLangfuse },
];

/** OpenTelemetry's JSON: attributes as a list of keys with typed values; spans, or events in logs. */
function readOtlp(record: Mapping): Span[] | null {
  const logs = listOf(record.resourceLogs).flatMap((one) => listOf(mappingOf(one).scopeLogs));
  const found = logs
    .flatMap((scope) => listOf(mappingOf(scope).logRecords))
    .flatMap((one) => {
      const { traceId, spanId, eventName, body, attributes } = mappingOf(one);
      if (typeof traceId !== "string" || traceId === "") return [];
      const of = { trace: traceId, id: String(spanId) };
      return eventOf(textOf(eventName) ?? "", attributesOf(attributes), otlpValue(body), of);
    });
  if (!Array.isArray(record.resourceSpans)) return Array.isArray(record.resourceLogs) ? found : null;
  const scopes = record.resourceSpans.flatMap((one) =>
    listOf(mappingOf(one).scopeSpans ?? mappingOf(one).instrumentationLibrarySpans),
  );
  const spans = scopes
    .flatMap((scope) => listOf(mappingOf(scope).spans))
    .flatMap((one) => {
      const { traceId, spanId, parentSpanId, name, startTimeUnixNano, attributes, events } = mappingOf(one);
      const of = { trace: String(traceId), id: String(spanId) };
      const span = spanOf(of, textOf(parentSpanId), String(name), attributesOf(attributes));
      const added = listOf(events).flatMap((event) => {
        const { name: kind, attributes: its } = mappingOf(event);
        return eventOf(String(kind), attributesOf(its), undefined, of);
      });
      return [{ ...span, start: numberOf(startTimeUnixNano) }, ...added];
    });
  return [...spans, ...found];
}

function attributesOf(pairs: unknown): Mapping {
  return Object.fromEntries(
    listOf(pairs).map((pair) => [String(mappingOf(pair).key), otlpValue(mappingOf(pair).value)]),
  );
}

/** The part of a span that an event of the conventions for generative AI holds. */
function eventOf(written: string, attributes: Mapping, body: unknown, of: Pick<Span, "trace" | "id">): Span[] {
  const name = written || String(attributes["event.name"] ?? "");
  const { content, message } = mappingOf(body);
  if (name === "gen_ai.user.message") return [{ ...NOTHING, ...of, input: content ?? attributes.content }];
  if (name === "gen_ai.choice") return [{ ...NOTHING, ...of, output: message ?? attributes.message }];
  if (!/^gen_ai\.(?:client\.inference|evaluation|content)/.test(name)) return [];
  return [{ ...spanOf(of, null, "", isMapping(body) ? { ...body, ...attributes } : attributes), name: "" }];
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
  if (trace === null || (record.attributes === undefined && columns.length === 0)) return null;
  const id = textOf(context.span_id) ?? textOf(record["context.span_id"]) ?? textOf(record.span_id) ?? trace;
  const parent = textOf(record.parent_id) ?? textOf(record.parent_span_id);
  const span = spanOf({ trace, id }, parent, String(record.name ?? "span"), attributes);
  return [
    {
      ...span,
      start: timeOf(record.start_time),
      feedback: listOf(record.annotations ?? record.span_annotations).flatMap(annotation),
    },
  ];
}

/** Attributes by OpenInference, by the conventions for generative AI, and by OpenLLMetry. */
function spanOf(of: Pick<Span, "trace" | "id">, parent: string | null, name: string, attributes: Mapping): Span {
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
  return { ...of, parent: parent === "" ? null : parent, name, start: null, input, output, feedback };
}

/** `prefix.0.content`, `prefix.1.message.content`: the last message. */
function indexed(attributes: Mapping, prefix: string): unknown {
  const found = Object.entries(attributes).filter(
    ([key]) => key.startsWith(`${prefix}.`) && /content(?:\.text)?$/.test(key),
  );
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

/** A person's annotation; none if a model or code made it. */
function annotation(one: unknown): Feedback[] {
  const { score, explanation, comment, label, result, annotator_kind: kind } = mappingOf(one);
  if (kind === "LLM" || kind === "CODE") return [];
  const inner = mappingOf(result);
  const given = numberOf(score ?? inner.score);
  const byLabel = /^(?:correct|thumbs?[_ -]?up|good|positive)$/i.test(textOf(label) ?? textOf(inner.label) ?? "")
    ? 1
    : null;
  const said = textOf(explanation) ?? textOf(inner.explanation) ?? textOf(comment);
  return [{ score: given ?? byLabel, comment: said, correction: undefined }];
}

/**
 * Langfuse: a trace with its observations and scores, as the API and the interface give it, or single traces,
 * observations and scores of an export, in camel case (API, interface) or with underscores (blob storage).
 */
function readLangfuse(written: Mapping): Span[] | null {
  const record = camelCase(downloaded(written));
  const isTrace =
    Array.isArray(record.observations) ||
    Array.isArray(record.scores) ||
    (record.input !== undefined && record.sessionId !== undefined && record.traceId === undefined);
  if (isTrace) {
    const id = String(record.id);
    const root = langfuseSpan(record, id, null, "trace");
    const observations = listOf(record.observations).filter(isMapping).map(camelCase);
    return [
      { ...root, feedback: listOf(record.scores).flatMap((one) => langfuseScore(mappingOf(one))) },
      ...observations.map((one) => langfuseSpan(one, id, id, "step")),
    ];
  }
  if (record.traceId === undefined) return null;
  const trace = String(record.traceId);
  if (record.type !== undefined) {
    // A trace of its own names the root; observations of an export without traces start one.
    return [langfuseSpan(record, trace, trace, "step")];
  }
  if (record.value === undefined && record.stringValue === undefined) return null;
  const id = String(record.observationId || trace);
  return [{ ...NOTHING, trace, id, feedback: langfuseScore(record) }];
}

/** The trace of "Download trace as JSON", which has its observations beside it. */
function downloaded(record: Mapping): Mapping {
  const { trace, observations } = record;
  return isMapping(trace) && Array.isArray(observations) ? { ...trace, observations } : record;
}

function langfuseSpan(record: Mapping, trace: string, parent: string | null, name: string): Span {
  return {
    trace,
    id: String(record.id),
    parent: textOf(record.parentObservationId) || parent,
    name: String(record.name || record.type || name),
    start: timeOf(record.startTime ?? record.timestamp),
    input: record.input,
    output: record.output,
    feedback: [],
  };
}

/** A person's score; none if a model or code gave it, which Langfuse calls `EVAL`. */
function langfuseScore(written: Mapping): Feedback[] {
  const { value, comment, stringValue, name, source } = camelCase(written);
  if (source === "EVAL") return [];
  const isCorrection = /correct(?:ion|ed)|expected|ideal/i.test(String(name ?? ""));
  const text = textOf(stringValue) ?? textOf(value);
  const score = isCorrection ? null : numberOf(value);
  return [{ score, comment: textOf(comment), correction: isCorrection ? (text ?? undefined) : undefined }];
}

function camelCase(record: Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key.replace(/(?<=[a-z])_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** LangSmith: runs with `inputs` and `outputs`, or feedback on a run. */
function readLangSmith(record: Mapping): Span[] | null {
  if (record.run_type === undefined && record.key !== undefined && record.run_id !== undefined) {
    const { score, value, comment, correction } = record;
    if (isByModel(record)) return [];
    const feedback = { score: numberOf(score ?? value), comment: textOf(comment), correction: correction ?? undefined };
    const of = { trace: textOf(record.trace_id) ?? "", id: String(record.run_id) };
    return [{ ...NOTHING, ...of, feedback: [feedback] }];
  }
  if (record.run_type === undefined && (record.inputs === undefined || record.id === undefined)) return null;
  const id = String(record.id ?? record.run_id);
  const stats = Object.values(mappingOf(parsed(record.feedback_stats))).flatMap((one): Feedback[] => {
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
  const people = listOf(record.feedback).filter((one) => !isByModel(mappingOf(one)));
  const given = people.map((one): Feedback => {
    const { score, comment, correction } = mappingOf(one);
    return { score: numberOf(score), comment: textOf(comment), correction: correction ?? undefined };
  });
  const reference = record.reference_outputs ?? record.reference_example_outputs;
  const corrected: Feedback[] = reference === undefined ? [] : [{ score: null, comment: null, correction: reference }];
  const children = listOf(record.child_runs)
    .filter(isMapping)
    .flatMap((one) => readLangSmith({ ...one, trace_id: record.trace_id ?? id, parent_run_id: id }) ?? []);
  const span: Span = {
    trace: textOf(record.trace_id) || id,
    id,
    parent: textOf(record.parent_run_id) || null,
    name: String(record.name ?? record.run_type ?? "run"),
    start: timeOf(record.start_time),
    input: asMessages(record.inputs),
    output: replyIn(asMessages(record.outputs)),
    feedback: [...stats, ...given, ...corrected],
  };
  return [span, ...children];
}

/** With plain messages in place of LangChain's constructors, and without the list around the messages of a single prompt. */
function asMessages(written: unknown): unknown {
  const value = parsed(written);
  if (Array.isArray(value)) {
    const all = value.map(asMessages);
    const [only] = all;
    return all.length === 1 && Array.isArray(only) ? only : all;
  }
  if (!isMapping(value)) return value;
  const { lc, type, id, kwargs } = value;
  if (lc !== undefined && type === "constructor" && isMapping(kwargs)) {
    const name = String(listOf(id).at(-1) ?? "");
    return { role: /^(.+?)Message/.exec(name)?.[1]?.toLowerCase() ?? name, content: kwargs.content };
  }
  const isPrompt = "messages" in value || "generations" in value || "message" in value;
  return isPrompt ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asMessages(one)])) : value;
}

/** The message, or the text, of LangChain's `{ generations: [[{ text, message }]] }`; other outputs as they are. */
function replyIn(outputs: unknown): unknown {
  const [first] = listOf(mappingOf(outputs).generations);
  const { text, message } = mappingOf(first);
  return message ?? text ?? outputs;
}

/** Whether an evaluator gave LangSmith's feedback, not a person. */
function isByModel({ feedback_source: source }: Mapping): boolean {
  const { type } = mappingOf(parsed(source));
  return type === "model" || type === "auto_eval";
}

function numberOf(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** Milliseconds of a date, or a number. */
function timeOf(value: unknown): number | null {
  const date = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(date) ? date : numberOf(value);
}

/** Maximum number of times that a value is encoded as JSON. */
const ENCODED = 3;

/** The list, object or text that a text is the JSON of, also of JSON in JSON; else the value itself. */
export function parsed(value: unknown, depth = ENCODED): unknown {
  if (typeof value !== "string" || depth === 0) return value;
  const text = /^"(?:[^"\\]|\\.)*"$/s.test(value) ? parseJson(value)?.value : undefined;
  return text === undefined ? (structureIn(value) ?? value) : parsed(text, depth - 1);
}
