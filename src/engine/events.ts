import type { Split } from "../data/sample.ts";
import type { Role, Texts } from "../graph/graph.ts";
import type { Vote } from "../loss/loss.ts";
import type { Usage } from "../models/model.ts";

/**
 * The stream of a run: what the log holds, what `reduce` reads, what editor, command line and report show.
 * Small and append-only: replies stand in their own file and are named by key. Losses are 0 … 1, 0 = perfect.
 */
export type RunEvent =
  | Started
  | Requested
  | Withdrawn
  | Called
  | Valued
  | Scored
  | Gradient
  | Attempted
  | Judged
  | Iterated
  | Warned
  | Resumed
  | Baseline
  | Finished
  | Acted;

/** How events stand in `events.jsonl`. */
export type LoggedEvent = RunEvent & {
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** Short content hash of one Θ (all texts): names the state of the graph that a value or a score belongs to. */
export type Theta = string;

export interface Started {
  readonly type: "started";
  readonly engine: string;
  readonly method: string;
  readonly theta: Theta;
  /** Texts of all nodes as the file holds them. */
  readonly texts: Texts;
  readonly parameters: readonly string[];
  readonly samples: Readonly<Record<Split, number>>;
  readonly iterations: number;
}

/** On record before a request leaves: one for each that reaches the provider, repeats included. */
export interface Requested {
  readonly type: "requested";
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  readonly split: Split | null;
  /** 1 for the first request of a call. */
  readonly attempt: number;
}

/** A request on record did not leave after all, since the run was ended in between: it does not count. */
export interface Withdrawn extends Omit<Requested, "type"> {
  readonly type: "withdrawn";
}

/** A call has ended: with a reply, or with `error` after its last attempt. */
export interface Called {
  readonly type: "call";
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  readonly split: Split | null;
  readonly key: string;
  readonly model: string;
  readonly usage: Usage;
  /** US dollars; null where no price is known. Of a replayed reply what it cost then: a key counts once in a run. */
  readonly usd: number | null;
  readonly milliseconds: number;
  readonly source: "provider" | "replayed" | "cached" | "shared";
  /** Requests that reached the provider; 0 unless source is `provider`. */
  readonly requests: number;
  /** Name of the error class; null for a reply. */
  readonly error: string | null;
  /** Why the reply ended early: cut at a limit of tokens, or withheld by a content filter. Absent: it did not. */
  readonly finish?: "length" | "filter";
}

/** A node has its value for a sample under Θ. The value is `extract(reply of key)`. */
export interface Valued {
  readonly type: "value";
  readonly theta: Theta;
  readonly node: string;
  readonly sample: string;
  readonly key: string;
  /** The reply did not match the node's `output`: a format error, not a wrong answer. */
  readonly formatError: boolean;
  /** Tokens of the reply: the verdict compares them before and after. */
  readonly tokens: number;
}

export interface Scored {
  readonly type: "scored";
  readonly theta: Theta;
  readonly split: Split;
  readonly sample: string;
  /** null: unscored, because a call failed; never a wrong answer. */
  readonly loss: number | null;
  readonly lenient: number | null;
  readonly formatError: boolean;
  /** A judge's, in order; absent where no model was asked. */
  readonly votes?: readonly Vote[];
}

/** ∇ of one node's value (or of its own text) for one sample. */
export interface Gradient {
  readonly type: "gradient";
  readonly iteration: number;
  readonly theta: Theta;
  readonly sample: string;
  /** Whose value (`of: value`) or text (`of: text`) should change. */
  readonly node: string;
  readonly of: "value" | "text";
  /** The successor it came through; null for ∇_A, from the loss. */
  readonly from: string | null;
  /** Empty: no change needed. */
  readonly text: string;
}

/** ϕ has answered for one parameter. */
export interface Attempted {
  readonly type: "attempt";
  readonly iteration: number;
  /** Proposal id: hash of node, base text and new text. */
  readonly id: string;
  readonly node: string;
  readonly base: string;
  readonly text: string;
  readonly hypothesis: string;
  /** Samples whose gradients it came from. */
  readonly samples: readonly string[];
  /** Why it is no proposal and is never scored; null for a proposal. */
  readonly invalid: InvalidReason | null;
}

export type InvalidReason =
  | "no reply"
  | "no text in the reply"
  | "drops a placeholder"
  | "drops a text to keep"
  | "no rows of examples"
  | "longer than maxWords"
  | "repeats an earlier text"
  | "leaks a training target"
  | "no change";

export type Decision = "accepted" | "rejected" | "undecided";

/** What the gate measured on one candidate against its base. Means are over `scored` samples. */
export interface Verdict {
  readonly decision: Decision;
  readonly policy: "strict" | "significant" | "off";
  readonly reason: VerdictReason;
  /** Samples scored under both, and size of the validation set. */
  readonly scored: number;
  readonly of: number;
  /** Mean losses over the scored samples. */
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** Samples with loss ≤ τ among the scored. */
  readonly rightBefore: number;
  readonly rightAfter: number;
  readonly fixed: readonly string[];
  readonly broken: readonly string[];
  /** Exact two-sided sign test on discordant samples; null where there are none. */
  readonly p: number | null;
  /** 95 % intervals of the share of right samples (Wilson), or of the mean score (bootstrap) for graded losses. */
  readonly intervalBefore: readonly [number, number];
  readonly intervalAfter: readonly [number, number];
  /** Mean tokens of all replies that make one answer. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** How often this validation set had been looked at, this look included. */
  readonly looks: number;
  /** Samples that could not be scored because calls failed. */
  readonly unscored: readonly string[];
}

export type VerdictReason =
  | "lower loss"
  | "tie"
  | "higher loss"
  | "cannot pass any more"
  | "not significant"
  | "the combination was rejected"
  | "fixed some, broke none"
  | "broke some"
  | "fixed none"
  | "fixed none, broke some"
  | "every output alike"
  | "broke training samples"
  | "unsound"
  | "samples could not be scored"
  | "no gate"
  | "budget reached"
  /** A later proposal for the same text built on it before the gate looked. */
  | "replaced before the gate"
  /** Cancelled or failed before the gate looked. */
  | "the run ended first"
  | "lost the race"
  | "unchanged";

/** The gate's word on one attempt or several together. */
export interface Judged {
  readonly type: "verdict";
  readonly iteration: number;
  /** `joint`: all proposals of the iteration; `part`: one alone; `combination`: the parts that passed. */
  readonly scope: "joint" | "part" | "combination";
  readonly proposals: readonly string[];
  readonly theta: Theta;
  readonly verdict: Verdict;
}

export interface Iterated {
  readonly type: "iteration";
  readonly iteration: number;
  /** The incumbent after this iteration. */
  readonly theta: Theta;
  readonly accepted: readonly string[];
  /** Proposals that the next iteration builds on and the gate has not seen; absent: none. */
  readonly waiting?: number;
  /** Training samples with l > τ that gave gradients, and those looked at. */
  readonly batch: readonly string[];
  readonly looked: number;
  /** Bounds of the incumbent's mean validation loss: equal where every sample is scored. */
  readonly validationLoss: readonly [number, number];
}

/** Code and fields; words are put at the edge (`describeWarning`). */
export interface Warned {
  readonly type: "warning";
  readonly code: WarningCode;
  readonly node?: string;
  readonly sample?: string;
  readonly detail?: string;
  readonly count?: number;
  /** What `count` is a part of. */
  readonly of?: number;
  readonly purpose?: Role;
  readonly tokens?: number;
}

export type WarningCode =
  | "sample dropped"
  | "not scored"
  | "parameter refused"
  | "reply repaired"
  /** `count` of `of` replies for `purpose` were cut, from `tokens` on. */
  | "replies cut"
  | "small validation set"
  | "nothing to learn"
  | "no gate"
  | "test not scored"
  | "budget too small"
  | "unknown price"
  | "tokens estimated"
  | "gradients look alike"
  | "instructions converge"
  | "instruction grows"
  | "gate refuses everything"
  | "format errors"
  | "targets leak"
  | "templates changed";

/** A new segment: what follows starts the run anew from its own replies. */
export interface Resumed {
  readonly type: "resumed";
  /** 2 for the first resume. */
  readonly attempt: number;
}

/** Texts that nobody optimized, scored for comparison before the run finishes; its samples are `scored` under `theta`. */
export interface Baseline {
  readonly type: "baseline";
  /** `chain-of-thought`. */
  readonly method: string;
  readonly theta: Theta;
  readonly texts: Texts;
  /** null: not scored, for want of budget or because all calls failed. */
  readonly validation: BaselineScore | null;
  readonly test: BaselineScore | null;
}

export interface BaselineScore {
  /** Samples scored. */
  readonly n: number;
  /** Mean of 1 − loss over them. */
  readonly score: number;
}

export type RunStatus = "done" | "budget" | "cancelled" | "failed";

/** What the user reviews: one node's way from the file's text to the text that the run ended with. */
export interface Proposal {
  /** hash(node, base text, new text). */
  readonly id: string;
  readonly node: string;
  readonly base: string;
  readonly text: string;
  readonly hypothesis: string;
  readonly verdict: Verdict;
  /**
   * Leave-one-out on the net change: without this node's part the validation loss would be higher. false: the part contributes
   * nothing and may be dropped. Not there where it was not measured, or is the only change.
   */
  readonly contributes?: boolean;
  /** Attempts of this node in this run, by proposal id, oldest first. */
  readonly attempts: readonly string[];
}

export interface Measured {
  readonly n: number;
  /** Mean scores, 1 − loss. null: not scored. */
  readonly before: number | null;
  readonly after: number | null;
}

/** A graph's own texts on one set. */
export interface Evaluated {
  readonly split: Split;
  /** Size of the set, and samples that could be scored. */
  readonly n: number;
  readonly scored: number;
  /** Mean score, 1 − loss, with its 95 % interval. null: none could be scored. */
  readonly score: number | null;
  readonly interval: readonly [number, number];
  /** Answers that did not match the output node's `output`. */
  readonly formatErrors: number;
}

export interface Finished {
  readonly type: "finished";
  readonly status: RunStatus;
  /** Name of the error class that ended a failed run; null otherwise. */
  readonly error: string | null;
  /** What the error said, for a person; never holds a key. */
  readonly detail: string | null;
  readonly theta: Theta;
  readonly texts: Texts;
  readonly proposals: readonly Proposal[];
  readonly validation: Measured;
  readonly test: Measured | null;
  /** Replies that did not match their node's `output`, on the validation set. */
  readonly formatErrors: { readonly before: number; readonly after: number };
  /** Of a run that only scored the graph as it is. */
  readonly evaluated?: Evaluated;
}

/** The user's acts on a finished run. */
export type Acted =
  | { readonly type: "applied"; readonly proposals: readonly string[] }
  | { readonly type: "dismissed"; readonly proposals: readonly string[] }
  | { readonly type: "committed"; readonly proposals: readonly string[]; readonly sha: string };
