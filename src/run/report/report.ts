import type { Sample, Split } from "../../data/sample.ts";
import type { Decision, ScreenReason, Theta, Verdict } from "../../engine/events.ts";
import type { OptimizeOptions } from "../../engine/task.ts";
import type { Role } from "../../graph/graph.ts";
import type { Vote } from "../../loss/loss.ts";
import type { ListedStatus } from "../runs.ts";
import type { Calls } from "../state.ts";

/**
 * Everything a person needs to judge a run, put together once (`assemble`); what HTML, Markdown and JSON show. Plain
 * data. Scores are 1 − loss, 0 … 1; intervals are of 95 %.
 */
export interface Report {
  readonly version: 1;
  readonly run: RunFacts;
  /** Why a sceptic should not take the figures as they stand, and what speaks for them: sentences, the gravest first. */
  readonly caveats: readonly string[];
  /** Why no text was accepted, and what to do about it; empty where one was, or where nothing was to be optimized. */
  readonly noProposal: string;
  /** null: nothing was scored. */
  readonly validation: Comparison | null;
  /** Never gated on: scored only before and after. null: there is no test set, or it was not scored. */
  readonly test: Comparison | null;
  /** Texts that nobody optimized beside the untouched graph, each compared with it. */
  readonly baselines: readonly BaselineRow[];
  /** What nobody measured, so that nobody takes it for measured: sentences. */
  readonly limitations: readonly string[];
  /** Whether any score lies between right and wrong: intervals are then the bootstrap's, else Wilson's. */
  readonly isGraded: boolean;
  /** Of a run that only scored the graph as it is: that set, before and after being the same. null: any other run. */
  readonly evaluated: Comparison | null;
  /** One row an iteration; the untouched graph as iteration 0. */
  readonly curve: readonly CurveRow[];
  /** What is to be reviewed: a node's way from the file's text to the last one, or its best rejected attempt. */
  readonly changes: readonly Change[];
  /** Every word of the gate, oldest first. */
  readonly verdicts: readonly VerdictRow[];
  /** How often the gate looked at the validation set. */
  readonly looks: number;
  readonly cost: Cost;
  /** What went wrong on the way and what to do about it: sentences. */
  readonly warnings: readonly string[];
}

export interface RunFacts {
  readonly id: string;
  /** Relative to its root. */
  readonly graphFile: string;
  readonly name: string;
  readonly description: string;
  readonly status: ListedStatus;
  readonly error: string | null;
  readonly detail: string | null;
  /** False: every figure is a claim until it is checked again. */
  readonly trusted: boolean;
  /** Lines of the log that could not be read. */
  readonly damaged: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Seconds of work. */
  readonly seconds: number;
  readonly segments: number;
  readonly engine: string;
  readonly method: string;
  /** Provider and origin. */
  readonly provider: string;
  /** What was asked for, by role. */
  readonly models: Readonly<Record<Role, string>>;
  /** What went with each request, by role. */
  readonly parameters: Readonly<Record<Role, Readonly<Record<string, unknown>>>>;
  /** What the provider says answered. */
  readonly answered: readonly string[];
  readonly loss: { readonly kind: string; readonly describes: string };
  readonly samples: Readonly<Record<Split, number>>;
  readonly options: OptimizeOptions;
  /** Short hashes: equal ones stand for equal texts and rows. */
  readonly hashes: {
    readonly graph: string;
    /** Of all texts, at the start and at the end. */
    readonly before: Theta;
    readonly after: Theta;
    readonly data: Readonly<Record<Split, string>>;
  };
}

/** One set under the untouched graph and under the final texts, over the samples that were scored under both. */
export interface Comparison {
  readonly split: Split;
  /** Samples scored under both, and size of the set. */
  readonly scored: number;
  readonly of: number;
  readonly before: Figure;
  readonly after: Figure;
  /** Mean difference of the scores, sample by sample, with its interval. */
  readonly gain: { readonly mean: number; readonly interval: readonly [number, number] };
  /** Samples whose loss fell, and rose. */
  readonly better: number;
  readonly worse: number;
  /** Exact two-sided sign test on these; null where there are none. */
  readonly p: number | null;
  /** In the order of the data. */
  readonly samples: readonly SampleRow[];
}

export interface Figure {
  readonly score: number;
  /** Of the mean score: Wilson's, or the bootstrap's where scores are graded. */
  readonly interval: readonly [number, number];
  /** Samples with loss ≤ τ. */
  readonly right: number;
  /** Mean score where the answer may stand anywhere in the reply. */
  readonly lenient: number;
  /** Answers that were not in the form the output node asks for. */
  readonly formatErrors: number;
  /** Mean tokens of all calls that make an answer; null where no reply is on record. */
  readonly tokens: number | null;
}

export interface BaselineRow {
  readonly method: string;
  /** The untouched graph before, the baseline after; null: not scored. */
  readonly validation: Comparison | null;
  readonly test: Comparison | null;
}

export interface SampleRow {
  readonly id: string;
  readonly inputs: Sample["inputs"];
  readonly expected: readonly string[];
  readonly before: Answer | null;
  readonly after: Answer | null;
  readonly change: "fixed" | "broken" | "right" | "wrong" | "unscored";
}

export interface Answer {
  /** null: the reply is not on record. */
  readonly text: string | null;
  /** null: unscored, because a call failed. */
  readonly score: number | null;
  /** A judge's; empty where no model was asked. */
  readonly votes: readonly Vote[];
}

export interface CurveRow {
  readonly iteration: number;
  /** Bounds of the incumbent's mean validation score: equal where every sample is scored. */
  readonly low: number;
  readonly high: number;
  /** From the low end of the lower bound's to the high end of the upper one's. */
  readonly interval: readonly [number, number];
  /** Proposals accepted in this iteration. */
  readonly accepted: number;
  /** Requests from the start of the run until the end of this iteration; null for the start itself. */
  readonly calls: number | null;
}

export interface Change {
  readonly id: string;
  readonly node: string;
  readonly role: string;
  readonly base: string;
  readonly text: string;
  readonly hypothesis: string;
  /** Shared by all accepted changes: it is of their net effect together. */
  readonly verdict: Verdict;
  /** Leave-one-out: false where the result is no worse without this change; null where it was not measured. */
  readonly contributes: boolean | null;
  readonly act: "applied" | "dismissed" | "committed" | null;
  /** What it answers: the gradients that the texts on its way came from. */
  readonly gradients: readonly GradientRow[];
  /** Validation samples that the verdict counts as fixed or broken. */
  readonly samples: readonly SampleRow[];
  readonly attempts: readonly AttemptRow[];
}

export interface GradientRow {
  readonly iteration: number;
  readonly sample: string;
  /** What the sample asks, on one line. */
  readonly question: string;
  /** The step that the feedback came through; null for the loss. */
  readonly from: string | null;
  readonly text: string;
}

export interface AttemptRow {
  readonly iteration: number;
  readonly hypothesis: string;
  readonly text: string;
  /** null: never judged. */
  readonly decision: Decision | null;
  /** Why it was dropped before the gate saw it; null where it was not. */
  readonly screened: ScreenReason | null;
  /** Why it is no proposal; null for a proposal. */
  readonly invalid: string | null;
  readonly verdict: Verdict | null;
}

export interface VerdictRow {
  readonly iteration: number;
  readonly scope: "joint" | "part" | "combination";
  readonly nodes: readonly string[];
  readonly verdict: Verdict;
}

export interface Cost {
  readonly calls: Calls;
  /** US dollars; null where a price is not known. */
  readonly usd: number | null;
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly estimated: boolean };
  readonly byPurpose: readonly CostRow[];
}

export interface CostRow {
  readonly purpose: Role;
  /** Requests that reached the provider. */
  readonly requests: number;
  /** Replies that cost nothing. */
  readonly reused: number;
  readonly prompt: number;
  readonly completion: number;
  readonly usd: number | null;
}
