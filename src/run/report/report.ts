import type { Sample, Split } from "../../data/sample.ts";
import type { Decision, FrontPoint, NodeFigures, ScreenReason, Theta, Verdict } from "../../engine/events.ts";
import type { Solved } from "../../engine/solution-schema.ts";
import type { OptimizeOptions } from "../../engine/task.ts";
import type { Role } from "../../graph/graph.ts";
import type { Contribution } from "../../i18n/verdict.ts";
import type { Vote } from "../../loss/loss.ts";
import type { Job } from "../job.ts";
import type { ListedStatus } from "../record/runs.ts";
import type { Calls } from "../state/state.ts";

/**
 * Everything that a report shows, in HTML, Markdown and JSON (see `assemble`). Plain data. Scores are 1 − loss, 0 … 1;
 * intervals are 95%.
 */
export interface Report {
  readonly version: 1;
  readonly run: RunFacts;
  /** What to know before relying on the figures, and what supports them: sentences, the most serious first. */
  readonly caveats: readonly string[];
  /** Why no text was accepted, and what to do; empty if one was, or if the run does not optimize. */
  readonly noProposal: string;
  /** null: nothing was scored. */
  readonly validation: Comparison | null;
  /** Never gated on: scored only before and after. null: there is no test set, or it was not scored. */
  readonly test: Comparison | null;
  /** Baselines, each compared with the original graph. */
  readonly baselines: readonly BaselineRow[];
  /** What was not measured: sentences. */
  readonly limitations: readonly string[];
  /** Whether any score lies between right and wrong: intervals are then the bootstrap's, else Wilson's. */
  readonly isGraded: boolean;
  /** For an evaluation, its set, with before and after being the same. null: any other run. */
  readonly evaluated: Comparison | null;
  /** For a run that solves rows, those that came to an end, in that order. null: any other run. */
  readonly solved: { readonly job: Job & { readonly kind: "solve" }; readonly rows: readonly SolvedRow[] } | null;
  /** One row per iteration; the original graph is iteration 0. */
  readonly curve: readonly CurveRow[];
  /** With `"pareto"` as objectives: the results to choose among, numbered from 1 by `agentgraph pick`. Else empty. */
  readonly front: readonly FrontPoint[];
  /** Changes to review: per node from the file's text to the final text, or its best rejected attempt. */
  readonly changes: readonly Change[];
  /** All verdicts of the gate, oldest first. */
  readonly verdicts: readonly VerdictRow[];
  /** How often the gate looked at the validation set. */
  readonly looks: number;
  readonly cost: Cost;
  /** Warnings, as sentences. */
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
  /** False: the run was made on another machine or changed, so its figures are not verified. */
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
  /** Requested model by role. */
  readonly models: Readonly<Record<Role, string>>;
  /** Parameters of requests, by role. */
  readonly parameters: Readonly<Record<Role, Readonly<Record<string, unknown>>>>;
  /** Models that answered, as named by the provider. */
  readonly answered: readonly string[];
  readonly loss: { readonly kind: string; readonly describes: string };
  readonly samples: Readonly<Record<Split, number>>;
  readonly options: OptimizeOptions;
  /** Short hashes: equal hashes mean equal texts and rows. */
  readonly hashes: {
    readonly graph: string;
    /** Of all texts, at the start and at the end. */
    readonly before: Theta;
    readonly after: Theta;
    readonly data: Readonly<Record<Split, string>>;
  };
}

/** One set with the original and the final texts, over the samples scored with both. */
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
  /** Exact two-sided sign test on these; null if there are none. */
  readonly p: number | null;
  /** By node, where nodes have targets of their own. */
  readonly nodes?: Readonly<Record<string, NodeFigures>>;
  /** In the order of the data. */
  readonly samples: readonly SampleRow[];
}

export interface Figure {
  readonly score: number;
  /** Of the mean score: Wilson's, or the bootstrap's where scores are graded. */
  readonly interval: readonly [number, number];
  /** Samples with loss ≤ τ. */
  readonly right: number;
  /** Mean score where the answer may be anywhere in the reply. */
  readonly lenient: number;
  /** Answers that did not match the `output` of the output node. */
  readonly formatErrors: number;
  /** Mean tokens of all calls per answer; null if no reply is saved. */
  readonly tokens: number | null;
}

export interface BaselineRow {
  readonly method: string;
  /** Before: the original graph; after: the baseline. null: not scored. */
  readonly validation: Comparison | null;
  readonly test: Comparison | null;
}

export interface SampleRow {
  readonly id: string;
  readonly inputs: Sample["inputs"];
  readonly expected: readonly string[];
  /** Accepted values of nodes with targets of their own, by node; absent if there are none. */
  readonly nodes?: Readonly<Record<string, readonly string[]>>;
  readonly before: Answer | null;
  readonly after: Answer | null;
  readonly change: "fixed" | "broken" | "right" | "wrong" | "unscored";
}

export interface Answer {
  /** null: the reply is not saved. */
  readonly text: string | null;
  /** null: unscored, because a call failed. */
  readonly score: number | null;
  /** A judge's; empty if no model was asked. */
  readonly votes: readonly Vote[];
  /** Of nodes with targets of their own, by node; absent if there are none. */
  readonly nodes?: Readonly<Record<string, Pick<Answer, "text" | "score">>>;
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
  /** Leave-one-out: false if the result is no worse without this change; null if not measured. */
  readonly contributes: boolean | null;
  /** Leave-one-out of each edge, where the node's inputs change; absent if not measured. */
  readonly edges?: Readonly<Record<string, boolean>>;
  /** Its part of a net change that several nodes made together; null for a change that was not accepted. */
  readonly part: Contribution | null;
  readonly act: "applied" | "dismissed" | "committed" | null;
  /** The gradients that led to this change. */
  readonly gradients: readonly GradientRow[];
  /** Validation samples that the verdict counts as fixed or broken. */
  readonly samples: readonly SampleRow[];
  readonly attempts: readonly AttemptRow[];
}

/** One row that was solved, with its attempts. */
export interface SolvedRow {
  /** The row's inputs, on one line. */
  readonly question: string;
  readonly expected: readonly string[];
  readonly solved: Solved;
}

export interface GradientRow {
  readonly iteration: number;
  readonly sample: string;
  /** The sample's inputs, on one line. */
  readonly question: string;
  /** The step that the feedback came through; null for the loss. */
  readonly from: string | null;
  readonly text: string;
}

export interface AttemptRow {
  readonly iteration: number;
  readonly hypothesis: string;
  readonly text: string;
  /** null: never evaluated. */
  readonly decision: Decision | null;
  /** Why it was screened out before the gate; null if it was not. */
  readonly screened: ScreenReason | null;
  /** Why it is not a proposal; null for a proposal. */
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
  /** US dollars; null if a price is unknown. */
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
