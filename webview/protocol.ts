import * as z from "zod/mini";
import { NODE_KINDS, type NodeKind } from "../src/graph/node-kinds.ts";
import type { ReadOnly } from "../src/graph/read-only.ts";

/**
 * Messages between host and page. The host sends whole snapshots of a bounded view model and answers requests; the page
 * sends ids, never paths, prompts or commands. (An exported graph is the one exception: it sends its text.) The schemas
 * are the source of the types. Each end validates what it receives (`isHostMessage`, `isPageMessage`) and drops the
 * rest.
 */

/** Largest sizes of what crosses; texts in UTF-16 units. */
export const LIMITS = {
  nodes: 3000,
  inputs: 200,
  samples: 1000,
  points: 200,
  faults: 20,
  warnings: 60,
  gradients: 60,
  messages: 20,
  id: 120,
  line: 300,
  sentence: 1000,
  excerpt: 80,
  text: 20_000,
  svg: 50_000_000,
} as const;

const text = (most: number) => z.string().check(z.maxLength(most));
const list = <T extends z.core.$ZodType>(item: T, most: number) => z.array(item).check(z.maxLength(most));
const id = text(LIMITS.id);
const line = text(LIMITS.line);
const count = z.int().check(z.nonnegative());
const number = z.number();
const split = z.enum(["train", "validation", "test"]);
const severity = z.enum(["error", "warning", "information"]);
const decision = z.enum(["accepted", "rejected", "undecided", "screened"]);

/** A text that may be cut; `length` is that of the whole. */
const cut = z.strictObject({ text: text(LIMITS.text), length: count });

/** Under which texts: those the run started with, or the latest under which the sample was run. */
const snapshot = z.enum(["start", "latest"]);

const part = z.enum(["prompt", "value"]);

const kinds = Object.keys(NODE_KINDS).filter((kind): kind is NodeKind => Object.hasOwn(NODE_KINDS, kind));

const nodeView = z.strictObject({
  id,
  kind: z.enum(["input", ...kinds]),
  inputs: list(id, LIMITS.inputs),
  /** Role of a node or description of an input, on one line. */
  role: line,
  /** First words of the instruction, on one line. */
  excerpt: line,
  words: count,
  trainable: z.boolean(),
  /** The node's own model, or the one its role names; empty if none is. */
  model: line,
  /** Names of the lists for whose elements it runs. Absent: it runs once. */
  perElement: z.optional(line),
});

/** The graph as drawn. Ids are shortened by `shortId`. */
const graphView = z.strictObject({
  name: line,
  description: line,
  /** Graph inputs, then the nodes in the order of the file. */
  nodes: list(nodeView, LIMITS.nodes),
  /** Id of the node whose value is the answer. */
  output: id,
  /** Nodes that are not sent because there are too many. */
  left: count,
});

const faultView = z.strictObject({ severity, message: line, line: count });

const warningView = z.strictObject({
  /** `information`: nothing is wrong, and no action is needed. */
  severity: z.enum(["warning", "information"]),
  text: text(LIMITS.sentence),
});

const spent = z.strictObject({
  calls: count,
  /** Replies that cost nothing. */
  cached: count,
  tokens: count,
  /** US dollars; null: no known price. */
  usd: z.nullable(number),
  /** The provider does not report token usage, so tokens and cost are estimates. */
  estimated: z.boolean(),
});

const verdictView = z.strictObject({
  decision,
  /** False: an accepted change without which the result is the same. */
  hasEffect: z.boolean(),
  /** The node's text in the file is no longer one that the verdict is about. */
  isTextChanged: z.boolean(),
  /**
   * `14 → 17`, for graded losses `0.45 → 0.60`; of several changes that share a verdict, what this one adds: `no effect`,
   * `without it 12`. Empty if nothing was scored.
   */
  change: line,
  /** The same in words: `14 → 17 of 20 right`, `score 0.45 → 0.60 on 20 samples`. */
  figure: line,
});

const nodeRunView = z.strictObject({
  id,
  /** Requests in flight. */
  forwardInFlight: count,
  backwardInFlight: count,
  optimizerInFlight: count,
  /** Replies in this iteration. */
  forward: count,
  backward: count,
  /** Gradients of this iteration on the node. */
  gradients: count,
  formatErrors: count,
  /** The model that answered for this node, as the provider names it; empty if none has yet. */
  model: line,
  verdict: z.nullable(verdictView),
  /** Whether no more texts are proposed for it; null: that can't be chosen, or no longer. */
  pinned: z.nullable(z.boolean()),
});

const edgeGradients = z.strictObject({
  node: id,
  /** The successor they came through. */
  from: z.nullable(id),
  count,
});

/** An input that the run proposes to add to a node, or to drop. */
const proposedEdge = z.strictObject({ source: id, target: id, change: z.enum(["added", "dropped"]) });

/** Validation score of the incumbent after an iteration; 0 is the start. */
const pointView = z.strictObject({
  iteration: count,
  /** Bounds of the mean: equal where every sample is scored. */
  low: number,
  high: number,
  /** 95 % interval of the score; null if the gate gave none. */
  interval: z.nullable(z.tuple([number, number])),
  /** Attempts accepted in this iteration. */
  accepted: count,
});

const sampleView = z.strictObject({
  id,
  /** First words of its inputs. */
  excerpt: text(LIMITS.excerpt),
  split,
  /** Loss under the texts of the start and under the latest; null: not scored. */
  before: z.nullable(number),
  after: z.nullable(number),
});

/** What the user changes while a run goes on in this window. */
const steering = z.strictObject({
  paused: z.boolean(),
  /** The iteration after which the run stops; null: it goes on to its last one. */
  stopAfter: z.nullable(count),
  /** Money per minute and the time left; empty until they are known. */
  pace: line,
});

/** One run, running or over. Losses and scores lie in 0 … 1. */
const runView = z.strictObject({
  id: line,
  status: z.enum(["running", "interrupted", "done", "budget", "cancelled", "failed"]),
  /** Why it failed, for a person. */
  detail: line,
  method: line,
  iteration: count,
  iterations: count,
  /** Milliseconds of work. */
  elapsed: number,
  spent,
  /** null: no bound. */
  limits: z.strictObject({ calls: z.nullable(number), tokens: z.nullable(number), usd: z.nullable(number) }),
  /** Only nodes with something to show. */
  nodes: list(nodeRunView, LIMITS.nodes),
  /** Gradients of this iteration by edge, and on the output (`from` null). */
  gradients: list(edgeGradients, LIMITS.nodes),
  proposedEdges: list(proposedEdge, LIMITS.nodes),
  curve: list(pointView, LIMITS.points),
  samples: list(sampleView, LIMITS.samples),
  /** Which server the run waits for, why, and until when; empty if it does not wait. */
  waiting: line,
  /** null: the run is over, or goes on elsewhere. */
  steering: z.nullable(steering),
  /** How many samples the run has scored, those not sent included. */
  scored: count,
  /** A sample with at most this loss is right. */
  threshold: number,
  /** What went wrong on the way, one sentence a kind. */
  warnings: list(warningView, LIMITS.warnings),
  /** The iteration after which the run is shown; null: as it is. Only a run that is over is replayed. */
  replayed: z.nullable(count),
});

const gradientView = z.strictObject({
  iteration: count,
  sample: id,
  /** First words of the sample; empty if its data is unknown. */
  excerpt: text(LIMITS.excerpt),
  /** Whether the node's value or its own text should change. */
  of: z.enum(["value", "text"]),
  from: z.nullable(id),
  /** Empty: no change needed. */
  text: cut,
});

const nodeAnswer = z.strictObject({
  kind: z.literal("node"),
  node: id,
  instruction: cut,
  /** The idea behind the last proposal; empty if there is none. */
  hypothesis: text(LIMITS.text),
  /** What the node's own text must hold to, as in the file. */
  rules: z.strictObject({
    constraints: list(line, LIMITS.messages),
    keep: list(line, LIMITS.messages),
    maxWords: z.nullable(count),
  }),
  /** A function's program, a tool's name, a map's list, or what a retriever searches; null for other kinds. */
  source: z.nullable(
    z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("function"), file: line }),
      z.strictObject({ kind: z.literal("tool"), tool: line }),
      z.strictObject({ kind: z.literal("map"), over: line }),
      z.strictObject({ kind: z.literal("retriever"), corpus: list(line, LIMITS.messages), top: count }),
    ]),
  ),
});

const sampleAnswer = z.strictObject({
  kind: z.literal("sample"),
  sample: id,
  at: snapshot,
  split,
  expected: list(cut, LIMITS.messages),
  /** Value of the output node; null if it did not come. */
  actual: z.nullable(cut),
  loss: z.nullable(number),
  /** Whether the loss is within the run's threshold; null: not scored. */
  right: z.nullable(z.boolean()),
  formatError: z.boolean(),
  /** First words of each node's value, inputs included. */
  values: list(z.strictObject({ node: id, excerpt: line }), LIMITS.nodes),
});

const callAnswer = z.strictObject({
  kind: z.literal("call"),
  node: id,
  sample: id,
  at: snapshot,
  model: line,
  /** The prompt as it was sent; empty for inputs and texts. */
  messages: list(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: cut }), LIMITS.messages),
  value: z.nullable(cut),
  gradients: list(gradientView, LIMITS.gradients),
});

const gradientsAnswer = z.strictObject({
  kind: z.literal("gradients"),
  node: id,
  from: z.nullable(id),
  gradients: list(gradientView, LIMITS.gradients),
  /** How many there are, those not sent included. */
  total: count,
});

const answer = z.discriminatedUnion("kind", [nodeAnswer, sampleAnswer, callAnswer, gradientsAnswer]);

const question = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("node"), node: id }),
  z.strictObject({ kind: z.literal("sample"), sample: id, at: snapshot }),
  z.strictObject({ kind: z.literal("call"), node: id, sample: id, at: snapshot }),
  /** Gradients on one node; `from` a successor: only those that came through it. */
  z.strictObject({ kind: z.literal("gradients"), node: id, from: z.nullable(id) }),
]);

/** Host → page. */
const hostMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("graph"),
    graph: z.nullable(graphView),
    faults: list(faultView, LIMITS.faults),
    /** True if the file is invalid and `graph` is the last valid one. */
    stale: z.boolean(),
  }),
  z.strictObject({ type: z.literal("run"), run: z.nullable(runView) }),
  /** The node in which the cursor of the text editor is. */
  z.strictObject({ type: z.literal("cursor"), node: z.nullable(id) }),
  /** null: it is not known, or no longer. */
  z.strictObject({ type: z.literal("answer"), request: count, answer: z.nullable(answer) }),
]);

/** Page → host. */
const pageMessage = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  /** Show the node's instruction in the text where that is visible; `open`: wherever it is. */
  z.strictObject({ type: z.literal("reveal"), node: id, open: z.boolean() }),
  /** Show the place of a fault; index into the faults last sent. */
  z.strictObject({ type: z.literal("fault"), index: count }),
  /** Open the proposal for this node as a diff. */
  z.strictObject({ type: z.literal("review"), node: id }),
  z.strictObject({ type: z.literal("ask"), request: count, question }),
  /** Copies the whole text to the clipboard, even if the page shows only its start. */
  z.strictObject({ type: z.literal("copy"), node: id, sample: id, at: snapshot, part }),
  /** Show the run as it was after an iteration; null: as it is. */
  z.strictObject({ type: z.literal("replay"), iteration: z.nullable(count) }),
  /** Pause or continue the run, or stop it after this iteration; `stop` once more: go on to the last one. */
  z.strictObject({ type: z.literal("steer"), act: z.enum(["pause", "continue", "stop"]) }),
  /** No more texts are proposed for the node; false: they are again. */
  z.strictObject({ type: z.literal("pin"), node: id, pinned: z.boolean() }),
  z.strictObject({ type: z.literal("export"), svg: text(LIMITS.svg) }),
]);

export function isHostMessage(value: unknown): value is HostMessage {
  return hostMessage.safeParse(value).success;
}

export function isPageMessage(value: unknown): value is PageMessage {
  return pageMessage.safeParse(value).success;
}

export type HostMessage = ReadOnly<z.infer<typeof hostMessage>>;
export type PageMessage = ReadOnly<z.infer<typeof pageMessage>>;
export type Part = z.infer<typeof part>;
export type Snapshot = z.infer<typeof snapshot>;
export type Question = ReadOnly<z.infer<typeof question>>;
export type Answer = ReadOnly<z.infer<typeof answer>>;
export type NodeAnswer = ReadOnly<z.infer<typeof nodeAnswer>>;
export type SampleAnswer = ReadOnly<z.infer<typeof sampleAnswer>>;
export type CallAnswer = ReadOnly<z.infer<typeof callAnswer>>;
export type GradientsAnswer = ReadOnly<z.infer<typeof gradientsAnswer>>;
export type GradientView = ReadOnly<z.infer<typeof gradientView>>;
export type GraphView = ReadOnly<z.infer<typeof graphView>>;
export type NodeView = ReadOnly<z.infer<typeof nodeView>>;
export type FaultView = ReadOnly<z.infer<typeof faultView>>;
export type WarningView = ReadOnly<z.infer<typeof warningView>>;
export type Steering = ReadOnly<z.infer<typeof steering>>;
export type Steer = Extract<PageMessage, { type: "steer" }>["act"];
export type RunView = ReadOnly<z.infer<typeof runView>>;
export type NodeRunView = ReadOnly<z.infer<typeof nodeRunView>>;
export type VerdictView = ReadOnly<z.infer<typeof verdictView>>;
export type ProposedEdge = ReadOnly<z.infer<typeof proposedEdge>>;
export type EdgeGradients = ReadOnly<z.infer<typeof edgeGradients>>;
export type PointView = ReadOnly<z.infer<typeof pointView>>;
export type SampleView = ReadOnly<z.infer<typeof sampleView>>;
export type Cut = ReadOnly<z.infer<typeof cut>>;

/** The id under which the page knows a node or a sample: itself, or its start and a hash where it is longer than a line can show. */
export function shortId(id: string): string {
  if (id.length <= LIMITS.id) return id;
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < id.length; i++) {
    a = Math.imul(a ^ id.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ id.charCodeAt(i), 0x85ebca6b);
  }
  const hex = (part: number) => (part >>> 0).toString(16).padStart(8, "0");
  return `${id.slice(0, 80)}…${hex(a)}${hex(b)}`;
}
