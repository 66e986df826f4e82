/**
 * What host and page say to each other. The host sends whole snapshots of a bounded view model and answers questions;
 * the page sends ids, never paths, prompts or commands. (An exported drawing is the one exception: it sends its text.)
 * Each end checks what it receives (protocol-checks.ts) and drops the rest.
 */

/** Host → page. */
export type HostMessage =
  | {
      readonly type: "graph";
      readonly graph: GraphView | null;
      readonly faults: readonly FaultView[];
      /** True where the file is broken and `graph` is the last good one. */
      readonly stale: boolean;
    }
  | { readonly type: "run"; readonly run: RunView | null }
  /** The node in which the cursor of the text editor stands. */
  | { readonly type: "cursor"; readonly node: string | null }
  /** null: it is not known, or no longer. */
  | { readonly type: "answer"; readonly request: number; readonly answer: Answer | null };

/** Page → host. */
export type PageMessage =
  | { readonly type: "ready" }
  /** Show the node's instruction in the text where that is visible; `open`: wherever it is. */
  | { readonly type: "reveal"; readonly node: string; readonly open: boolean }
  /** Show the place of a fault; index into the faults last sent. */
  | { readonly type: "fault"; readonly index: number }
  /** Open the proposal for this node as a diff. */
  | { readonly type: "review"; readonly node: string }
  | { readonly type: "ask"; readonly request: number; readonly question: Question }
  /** Put the whole text on the clipboard, also where the page shows only its start. */
  | {
      readonly type: "copy";
      readonly node: string;
      readonly sample: string;
      readonly at: Snapshot;
      readonly part: Part;
    }
  | { readonly type: "export"; readonly svg: string };

export type Part = "prompt" | "value";

/** Under which texts: those the run started with, or the latest under which the sample was run. */
export type Snapshot = "start" | "latest";

export type Question =
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "sample"; readonly sample: string; readonly at: Snapshot }
  | { readonly kind: "call"; readonly node: string; readonly sample: string; readonly at: Snapshot }
  /** Gradients on one node; `from` a successor: only those that came through it. */
  | { readonly kind: "gradients"; readonly node: string; readonly from: string | null };

export type Answer = NodeAnswer | SampleAnswer | CallAnswer | GradientsAnswer;

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

/** The graph as drawn. Ids are shortened by `shortId`. */
export interface GraphView {
  readonly name: string;
  readonly description: string;
  /** Graph inputs, then the nodes in the order of the file. */
  readonly nodes: readonly NodeView[];
  /** Id of the node whose value is the answer. */
  readonly output: string;
  /** Nodes that are not sent because there are too many. */
  readonly left: number;
}

export interface NodeView {
  readonly id: string;
  readonly kind: "input" | "llm" | "text";
  readonly inputs: readonly string[];
  /** What it is for; an input's description. One line. */
  readonly role: string;
  /** First words of the instruction, on one line. */
  readonly excerpt: string;
  readonly words: number;
  readonly trainable: boolean;
  /** The node's own model, or the one its role names; empty where none is. */
  readonly model: string;
}

export interface FaultView {
  readonly severity: "error" | "warning" | "information";
  readonly message: string;
  readonly line: number;
}

/** One run, running or over. Losses and scores lie in 0 … 1. */
export interface RunView {
  readonly id: string;
  readonly status: "running" | "interrupted" | "done" | "budget" | "cancelled" | "failed";
  /** Why it failed, for a person. */
  readonly detail: string;
  readonly method: string;
  readonly iteration: number;
  readonly iterations: number;
  /** Milliseconds of work. */
  readonly elapsed: number;
  readonly spent: Spent;
  /** null: no bound. */
  readonly limits: { readonly calls: number | null; readonly tokens: number | null; readonly usd: number | null };
  /** Only nodes with something to show. */
  readonly nodes: readonly NodeRunView[];
  /** Gradients of this iteration by edge, and on the output (`from` null). */
  readonly gradients: readonly EdgeGradients[];
  readonly curve: readonly PointView[];
  readonly samples: readonly SampleView[];
  /** How many samples the run has scored, those not sent included. */
  readonly scored: number;
  /** A sample with at most this loss is right. */
  readonly threshold: number;
  /** What went wrong on the way, one sentence a kind. */
  readonly warnings: readonly WarningView[];
}

export interface WarningView {
  /** `information`: nothing is wrong and nothing has to be done. */
  readonly severity: "warning" | "information";
  readonly text: string;
}

export interface Spent {
  readonly calls: number;
  /** Replies that cost nothing. */
  readonly cached: number;
  readonly tokens: number;
  /** US dollars; null: no known price. */
  readonly usd: number | null;
  /** Whoever answers counts no tokens: what is shown of them and their cost is an estimate. */
  readonly estimated: boolean;
}

export interface NodeRunView {
  readonly id: string;
  /** Requests on the way now. */
  readonly forwardInFlight: number;
  readonly backwardInFlight: number;
  readonly optimizerInFlight: number;
  /** Replies in this iteration. */
  readonly forward: number;
  readonly backward: number;
  /** Gradients of this iteration on the node. */
  readonly gradients: number;
  readonly formatErrors: number;
  /** The model that answered for this node, as the provider names it; empty where none has yet. */
  readonly model: string;
  readonly verdict: VerdictView | null;
}

export interface VerdictView {
  readonly decision: "accepted" | "rejected" | "undecided";
  /** Samples right before and after, of the scored ones. */
  readonly before: number;
  readonly after: number;
  readonly scored: number;
}

export interface EdgeGradients {
  readonly node: string;
  /** The successor they came through. */
  readonly from: string | null;
  readonly count: number;
}

/** Validation score of the incumbent after an iteration; 0 is the start. */
export interface PointView {
  readonly iteration: number;
  /** Bounds of the mean: equal where every sample is scored. */
  readonly low: number;
  readonly high: number;
  /** 95 % interval of the score; null where the gate gave none. */
  readonly interval: readonly [number, number] | null;
  /** Attempts accepted in this iteration. */
  readonly accepted: number;
}

export interface SampleView {
  readonly id: string;
  /** First words of its inputs. */
  readonly excerpt: string;
  readonly split: "train" | "validation" | "test";
  /** Loss under the texts of the start and under the latest; null: not scored. */
  readonly before: number | null;
  readonly after: number | null;
}

/** A text that may be cut; `length` is that of the whole. */
export interface Cut {
  readonly text: string;
  readonly length: number;
}

export interface NodeAnswer {
  readonly kind: "node";
  readonly node: string;
  readonly instruction: Cut;
  /** The idea behind the last proposal; empty where there is none. */
  readonly hypothesis: string;
  /** `keep`, `maxWords` and `constraints` of the file as sentences. */
  readonly rules: readonly string[];
}

export interface SampleAnswer {
  readonly kind: "sample";
  readonly sample: string;
  readonly at: Snapshot;
  readonly split: "train" | "validation" | "test";
  readonly expected: readonly Cut[];
  /** Value of the output node; null where it did not come. */
  readonly actual: Cut | null;
  readonly loss: number | null;
  /** Whether the loss is within the run's threshold; null: not scored. */
  readonly right: boolean | null;
  readonly formatError: boolean;
  /** First words of each node's value, inputs included. */
  readonly values: readonly { readonly node: string; readonly excerpt: string }[];
}

export interface CallAnswer {
  readonly kind: "call";
  readonly node: string;
  readonly sample: string;
  readonly at: Snapshot;
  readonly model: string;
  /** The prompt as it was sent; empty for inputs and texts. */
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: Cut }[];
  readonly value: Cut | null;
  readonly gradients: readonly GradientView[];
}

export interface GradientsAnswer {
  readonly kind: "gradients";
  readonly node: string;
  readonly from: string | null;
  readonly gradients: readonly GradientView[];
  /** How many there are, those not sent included. */
  readonly total: number;
}

export interface GradientView {
  readonly iteration: number;
  readonly sample: string;
  /** Whether the node's value or its own text should change. */
  readonly of: "value" | "text";
  readonly from: string | null;
  /** Empty: no change needed. */
  readonly text: Cut;
}

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
