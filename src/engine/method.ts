import type * as z from "zod";
import type { Sample, Split } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Message } from "../models/model.ts";
import type { BackwardPass } from "./batch-gradients.ts";
import type { Candidate } from "./candidate.ts";
import type { Judged, RunEvent, ScreenReason, Verdict } from "./events.ts";
import type { ForwardPass, Scored } from "./forward.ts";
import type { Attempts } from "./history.ts";
import type { Rule } from "./rules.ts";
import type { Pair } from "./statistics.ts";
import type { Task } from "./task.ts";

/** A way to optimize Θ. Adding one touches its own file and the registry (docs/add-a-method.md). */
export interface Method<O = unknown> {
  /** As `optimize.method` in the file names it. */
  readonly name: string;
  /** One sentence in English, shown by `t(describes)`: mark it with `translatable`. */
  readonly describes: string;
  /** Under `optimize.<name>` in the file. Its defaults are here and nowhere else. */
  readonly options: z.ZodObject & z.ZodType<O>;
  /**
   * While it runs, the validation set is scored only as far as decisions need it; the rest of the figures comes at the
   * end. Default: the file's texts are scored on all of it from the start.
   */
  readonly scoresLazily?: boolean;
  /** Iterations at most, for progress. */
  iterations(options: O): number;
  /** Owns its loop. Yields an `iteration` after each step; what it returns is the result of the run. */
  run(task: Task, options: O, engine: Engine): AsyncGenerator<RunEvent, Texts>;
}

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>;

/** One element of Θ. */
export interface Parameter {
  readonly id: string;
  readonly kind: "text";
  /** In the file. */
  readonly value: string;
}

/** Which set a sample is of, and how urgent its calls are. */
export interface Place {
  readonly split: Split;
  /** Larger goes first through the limiter. Default: 1 for training samples, 0 for validation samples, −2 for test samples. */
  readonly priority?: number;
  /** Scores on the validation set that decide what the run ends with count as a look at it. Default: false. */
  readonly decides?: boolean;
}

/** Sample id → its score; null: unscored, because a call failed. */
export type Scores = ReadonlyMap<string, Scored | null>;

export interface BackwardStyle {
  /**
   * `node`: one call per node about all its predecessors (arXiv 2412.03624). `edge`: one call per predecessor. `none`: no
   * call, every gradient is empty.
   */
  readonly per: "node" | "edge" | "none";
  /**
   * Gradient of a node's own instruction: `asked` for, in the node's call or per edge in a call of its own, or the
   * gradient of the node's `output`. Default: `asked` per node, `output` per edge.
   */
  readonly own?: "asked" | "output";
  /** Whether a call per edge sees the node's other inputs, too. Default: false. */
  readonly showsAll?: boolean;
  /** ∇_A. Empty: the sample asks for no change. Default: the loss's criticism. */
  readonly seed?: (score: Scored) => string;
  /** What an empty reply counts as, so that the path goes on. Default: it ends there. */
  readonly otherwise?: string;
  /** Templates with the placeholders of `prompts/backward.md` and `prompts/backward-case.md`. Default: those. */
  readonly templates?: { readonly system: string; readonly case: string };
  /**
   * Templates of a call that turns the seed into ∇_A: `keys` and `words` in the system prompt; `query`, `output` and
   * `loss`, which is the seed, in the case. Default: no such call, the seed is ∇_A.
   */
  readonly lossTemplates?: { readonly system: string; readonly case: string };
}

/** A reply in JSON: asked for by schema, read tolerantly, asked for again when it can't be read. */
export interface JsonForm<T> {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** null: no such value. */
  readonly read: (value: unknown) => T | null;
  /** Takes nothing that may also have been meant otherwise: for texts that are written to files. Default: false. */
  readonly sure?: boolean;
  /** What else speaks against a value that was read. */
  readonly doubts?: (value: T) => readonly string[];
}

/** A reply with parts between `<tag>` and `</tag>`. */
export interface TaggedForm<T> {
  readonly tags: readonly string[];
  /** Tags that a reply may leave out. */
  readonly optional?: readonly string[];
  /** Takes the tags that the reply contains. null: not what was asked for. */
  readonly read: (parts: Readonly<Record<string, string>>) => T | null;
}

/** One call of ϕ, or of any else a method asks the optimizer's model. */
export interface OptimizerCall<T, F = JsonForm<T> | TaggedForm<T>> {
  /** Id of the parameter that the call is about; null: several, or the whole graph. */
  readonly parameter: string | null;
  readonly messages: readonly Message[];
  readonly form: F;
  /** Tells repeats of one question apart; equal questions of equal index share one reply. Default 0. */
  readonly index?: number | string;
  /** In place of the model's own. */
  readonly temperature?: number;
  /**
   * What a reply counts as that can't be read, not even when asked for again. Default: null.
   * @param doubts what may have been meant otherwise; empty: it contains nothing of the form asked for
   */
  readonly unreadable?: (doubts: readonly string[]) => T;
}

/** A new text for a parameter, as a model wrote it. */
export interface Draft {
  readonly text: string;
  /** What changes and why it should help. */
  readonly hypothesis: string;
  /** Ids of the samples it was drawn from. */
  readonly samples?: readonly string[];
  /** Part of the text that shows training samples on purpose, as worked examples: what belongs to them is not a leak there. */
  readonly demonstrations?: string;
  /** Why it has no text, where the reply could be read in more than one way. */
  readonly doubts?: readonly string[];
}

/** Two Θs on the validation set. */
export interface Comparison {
  readonly before: Texts;
  readonly after: Texts;
  readonly verdict: Verdict;
}

/**
 * What every method works with. All calls behind it go through the same reply store, budget and log, so that equal
 * calls are made once, a run can be resumed, and nothing is spent beyond the budget. All of it may be called in parallel.
 */
export interface Engine {
  /** Θ of the file. */
  readonly start: Texts;
  /** In the order of the file. */
  readonly parameters: readonly Parameter[];
  /** 0 ≤ x < 1, from the run's seed. */
  readonly random: () => number;
  /** What the training targets say of right answers, in words: a closed set with counts, or their form. */
  readonly answers: string;
  /** What was tried so far, with what it scored. */
  readonly history: Attempts;
  /** One sample through the graph. The same pass twice costs nothing. */
  forward(texts: Texts, sample: Sample, at: Place): ForwardPass;
  /** Scores samples under any Θ, in parallel; those known already cost nothing. */
  score(texts: Texts, samples: readonly Sample[], at: Place): Promise<Scores>;
  /** Semantic backpropagation of one sample. Resolves at once; the gradients arrive one by one. Default: per node. */
  backward(pass: ForwardPass, style?: BackwardStyle): Promise<BackwardPass>;
  /**
   * Asks the optimizer's model.
   * @returns null if the call was lost, or the reply could not be read
   */
  ask<T>(call: OptimizerCall<T, TaggedForm<T>>): Promise<T | null>;
  ask<T>(call: OptimizerCall<T, JsonForm<T>>): Promise<T | null>;
  /**
   * Puts a draft on record. Checks what every proposal must keep: placeholders, length, no leaked target, nothing
   * that did harm before.
   * @param base Θ whose text it replaces
   * @param draft null: no reply came
   * @returns null if it is not a proposal
   */
  candidate(parameter: string, base: Texts, draft: Draft | null): Promise<Candidate | null>;
  /**
   * Compares two Θs on the validation set. Scores no more samples than the rule needs, and stops exactly.
   * @param rule default: the gate's policy. A gate that is off accepts without scoring.
   */
  compare(before: Texts, after: Texts, rule?: Rule): Promise<Comparison>;
  /** Losses of the validation samples under two Θs as far as they are known, without any call. */
  pairs(before: Texts, after: Texts): readonly Pair[];
  /**
   * Puts the gate's verdict on record. A run that ends early keeps the Θ of the last verdict that accepted.
   * @param scope default: `joint`
   */
  judge(candidates: readonly Candidate[], comparison: Comparison, scope?: Judged["scope"]): Promise<void>;
  /** A run that ends early keeps these texts, though no verdict accepted them: for methods whose own gate is another. */
  keep(texts: Texts): void;
  /** Puts on record that candidates were dropped before the gate saw them. */
  screen(candidates: readonly Pick<Candidate, "id" | "node">[], reason: ScreenReason): Promise<void>;
}
