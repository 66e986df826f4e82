import { isMapping, listOf, type Mapping, mappingOf, textOf } from "./documents.ts";
import type { Row } from "./importer.ts";
import { parsed, type Span, TRACE_FORMATS } from "./trace-formats.ts";

export interface TraceRows {
  /** Format of the records. */
  readonly format: string | null;
  readonly rows: readonly Row[];
  /** Number of rows whose `answer` people confirmed or wrote. */
  readonly answered: number;
  /** Number of rows whose `answer` is an output that nobody criticized. */
  readonly accepted: number;
  /** Indexes of records in an unknown format. */
  readonly unknown: readonly number[];
  /** Number of traces whose spans have no inputs. */
  readonly empty: number;
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
  const unknown: number[] = [];
  for (const [index, written] of records.entries()) {
    for (const record of unwrap(written)) {
      const known = isMapping(record)
        ? TRACE_FORMATS.map((one) => ({ label: one.label, spans: one.read(record) })).find((one) => one.spans)
        : null;
      if (!known?.spans) unknown.push(index);
      else {
        format ??= known.label;
        spans.push(...known.spans);
      }
    }
  }
  const traces = [...joined(spans).values()];
  const read = traces.map((one) => rowOf(one, accept)).filter((one) => one !== null);
  const rows = read.map(({ row }) => row);
  const accepted = read.filter(({ isAccepted }) => isAccepted).length;
  return {
    format,
    rows,
    answered: rows.filter(({ answer }) => answer !== undefined).length - accepted,
    accepted,
    unknown: [...new Set(unknown)],
    empty: traces.length - rows.length,
  };
}

/** Spans by trace, in the order of their start; what other records add to a span is part of it. */
function joined(all: readonly Span[]): ReadonlyMap<string, Span[]> {
  const traceOf = new Map(all.flatMap(({ id, trace, name }) => (name === "" ? [] : [[id, trace] as const])));
  const traces = new Map<string, Map<string, Span>>();
  for (const span of [...all].sort((a, b) => Number(a.name === "") - Number(b.name === ""))) {
    const trace = span.trace || (traceOf.get(span.id) ?? "");
    const known = traces.get(trace) ?? new Map<string, Span>();
    if (span.name !== "") traces.set(trace, known);
    const before = known.get(span.id) ?? (span.name === "" ? [...known.values()][0] : undefined);
    if (!before && span.name === "") continue;
    const id = before?.id ?? span.id;
    const merged = before
      ? {
          ...before,
          input: before.input ?? span.input,
          output: before.output ?? span.output,
          feedback: [...before.feedback, ...span.feedback],
        }
      : { ...span, trace };
    known.set(id, merged);
  }
  const ordered = ([trace, spans]: [string, Map<string, Span>]): [string, Span[]] => [
    trace,
    [...spans.values()].sort((a, b) => (a.start === null || b.start === null ? 0 : a.start - b.start)),
  ];
  return new Map([...traces].map(ordered));
}

/** Unwraps the records of an export: `{ "data": [ … ] }`, `{ "runs": [ … ] }`. */
function unwrap(record: unknown): readonly unknown[] {
  if (Array.isArray(record)) return record;
  if (!isMapping(record) || record.resourceSpans !== undefined) return [record];
  const inner = ["data", "traces", "runs", "spans", "items"].map((key) => record[key]).find(Array.isArray);
  return inner && record.trace_id === undefined && record.id === undefined ? inner : [record];
}

interface TraceRow {
  readonly row: Row;
  /** Whether the answer is an output that nobody criticized. */
  readonly isAccepted: boolean;
}

function rowOf(spans: readonly Span[], accept: boolean): TraceRow | null {
  const ids = new Set(spans.map(({ id }) => id));
  const top = spans.filter(({ parent }) => parent === null || !ids.has(parent));
  const root = top.find(({ parent }) => parent === null) ?? top[0];
  const first = [root, ...spans].find((span) => span && Object.keys(fieldsOf(span.input)).length > 0);
  if (!root || !first) return null;
  const inputs = fieldsOf(first.input);
  const given = JSON.stringify(plainOutput(root.output));
  // A trace and its first observation can be the same step.
  const isRoot = (span: Span) =>
    span === root || (span.name === root.name && JSON.stringify(plainOutput(span.output)) === given);
  const answers = spans.filter((span) => !isRoot(span) && plainOutput(span.output) !== undefined);
  const output = plainOutput(root.output) ?? plainOutput(answers.at(-1)?.output);
  const feedback = spans.flatMap((span) => span.feedback);
  const correction = feedback.map((one) => plainOutput(one.correction)).find((one) => one !== undefined);
  const scores = feedback.flatMap(({ score }) => (score === null ? [] : [score]));
  const worst = scores.length > 0 ? Math.min(...scores) : null;
  const comments = feedback.flatMap(({ comment }) =>
    comment === null || comment.trim() === "" ? [] : [comment.trim()],
  );
  const isUncriticized = correction === undefined && worst === null && comments.length === 0;
  const isAccepted = accept && isUncriticized && output !== undefined;
  const answer = correction ?? (isAccepted || (worst !== null && worst >= 1) ? output : undefined);
  const steps = Object.fromEntries(answers.map((span) => [stepName(span, root, spans), plainOutput(span.output)]));
  const row = {
    trace: root.trace,
    ...inputs,
    ...(output !== undefined && { output }),
    ...(answer !== undefined && { answer }),
    ...(comments.length > 0 && { feedback: comments.join("\n") }),
    ...(worst !== null && { score: worst }),
    ...(Object.keys(steps).length > 0 && { steps }),
  };
  return { row, isAccepted };
}

/** The span's name; if others have it too, that of a step that consists of this span alone, else a numbered one. */
function stepName(span: Span, root: Span, spans: readonly Span[]): string {
  const same = spans.filter((one) => one.name === span.name && one.output !== undefined);
  const parent = spans.find(({ id }) => id === span.parent);
  const isAlone = spans.filter((one) => one.parent === parent?.id && one.output !== undefined).length === 1;
  if (parent && parent !== root && parent.output === undefined && isAlone) return parent.name;
  const at = same.indexOf(span);
  return at > 0 ? `${span.name} ${at + 1}` : span.name;
}

/** Members of an object as columns; the last message of a chat, or any other value, as `input`. */
function fieldsOf(input: unknown): Row {
  const value = parsed(input);
  if (isMapping(value)) {
    const inner = ["inputs", "input", "kwargs"].map((key) => value[key]).find((one) => isMapping(one));
    if (inner && Object.keys(value).length === 1) return fieldsOf(inner);
    const { args, kwargs, messages, contents, new_message: asked } = value;
    // What Python's decorators record of a call.
    if (Array.isArray(args) && isMapping(kwargs) && Object.keys(value).length === 2) {
      const [only] = args;
      const named = args.length === 1 ? fieldsOf(only) : args.map((one, at) => [`argument_${at + 1}`, one] as const);
      return { ...(Array.isArray(named) ? Object.fromEntries(named) : named), ...kwargs };
    }
    const message = lastMessage(messages ?? value.input ?? contents ?? (asked === undefined ? undefined : [asked]));
    if (message !== null) return { input: message };
    if (typeof contents === "string") return { input: contents };
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
  const message = lastMessage(isMapping(value) ? messagesOf(value) : value);
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

/** The messages of a reply: of OpenAI's two protocols, of Gemini, or of a chain. */
function messagesOf(value: Mapping): unknown {
  const { messages, choices, candidates, output } = value;
  return messages ?? choices ?? candidates ?? (Array.isArray(output) ? output : [value]);
}

function lastMessage(value: unknown): string | null {
  const list = listOf(value);
  for (const one of [...list].reverse()) {
    const outer = mappingOf(one);
    const inner = mappingOf(outer.content).parts === undefined ? undefined : outer.content;
    const message = mappingOf(outer.message ?? inner ?? one);
    const content =
      textOf(message.content) ??
      [...listOf(message.content), ...listOf(message.parts)]
        .map((part) => textOf(mappingOf(part).text) ?? textOf(mappingOf(part).content) ?? "")
        .join("");
    if ((message.role !== undefined || message.type !== undefined) && content !== "") return content;
  }
  return null;
}
