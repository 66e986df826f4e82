import type * as z from "zod";
import type { Sample, Split } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Message } from "../models/model.ts";
import type { AnswersOf } from "./backward/answer-space.ts";
import type { BackwardPass } from "./backward/batch-gradients.ts";
import type { Judged, RunEvent, ScreenReason, Verdict } from "./events.ts";
import type { ForwardPass, Scored } from "./forward/forward.ts";
import type { Rule } from "./gate/rules.ts";
import type { Pair } from "./gate/statistics.ts";
import type { Parameter } from "./parameters.ts";
import type { Candidate } from "./propose/candidate.ts";
import type { Attempts } from "./propose/history.ts";
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
   * Whether the validation set is scored only as far as decisions need, and completely at the end. Default: the file's
   * texts are scored on the whole set from the start.
   */
  readonly scoresLazily?: boolean;
  /** Whether it can change what nodes read (`optimize.edges`). Default: it changes texts alone. */
  readonly tunesEdges?: boolean;
  /** Maximum number of iterations, for progress. */
  iterations(options: O, task: Task): number;
  /** Runs the method's loop. Yields an `iteration` after each step; the returned texts are the result of the run. */
  run(task: Task, options: O, engine: Engine): AsyncGenerator<RunEvent, Texts>;
}

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>;

/** The set of a sample, and the priority of its calls. */
export interface CallContext {
  readonly split: Split;
  /** Larger goes first through the limiter. Default: 1 for training samples, 0 for validation samples, −2 for test samples. */
  readonly priority?: number;
  /** Whether these scores decide the result. If so, scores on the validation set count as a look at it. Default: false. */
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
  /**
   * Number of texts that were tried for this sample so far. A call that asks the same again although texts were tried since
   * shows the feedback that it gave before. Default: no call does.
   */
  readonly tries?: number;
  /** Whether a call per edge also sees the node's other inputs. Default: false. */
  readonly showsAll?: boolean;
  /** ∇_A of a score; empty if no change is needed. Default: the loss's criticism. */
  readonly seed?: (score: Scored) => string;
  /** Gradient for an empty reply, so that the path continues. Default: the path ends. */
  readonly otherwise?: string;
  /** Templates with the placeholders of `prompts/backward.md` and `prompts/backward-case.md`. Default: those. */
  readonly templates?: { readonly system: string; readonly case: string };
  /**
   * Templates of a call that turns the seed into ∇_A: `keys` and `words` in the system prompt; `query`, `output` and
   * `loss`, which is the seed, in the case. Default: no such call, the seed is ∇_A.
   */
  readonly lossTemplates?: { readonly system: string; readonly case: string };
}

/** A reply in JSON: requested by schema, read tolerantly, and requested again if it is unreadable. */
export interface JsonForm<T> {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** null: no such value. */
  readonly read: (value: unknown) => T | null;
  /** Whether ambiguous replies are rejected, as for texts that are written to files. Default: false. */
  readonly sure?: boolean;
  /** Further doubts about a value. */
  readonly doubts?: (value: T) => readonly string[];
}

/** A reply with parts between `<tag>` and `</tag>`. */
export interface TaggedForm<T> {
  readonly tags: readonly string[];
  /** Tags that can be missing. */
  readonly optional?: readonly string[];
  /** Reads the tags of a reply; null if they are not as requested. */
  readonly read: (parts: Readonly<Record<string, string>>) => T | null;
}

/** One call to the optimizer's model: ϕ, or another request of a method. */
export interface OptimizerCall<T, F = JsonForm<T> | TaggedForm<T>> {
  /** Id of the parameter that the call is about; null: several, or the whole graph. */
  readonly parameter: string | null;
  readonly messages: readonly Message[];
  readonly form: F;
  /** Distinguishes repeats of a request; identical requests with the same index share one reply. Default 0. */
  readonly index?: number | string;
  /** Overrides the model's temperature. */
  readonly temperature?: number;
  /**
   * Value for a reply that is unreadable even after a second request. Default: null.
   * @param doubts why the reply is ambiguous; empty if it has nothing of the requested form
   */
  readonly unreadable?: (doubts: readonly string[]) => T;
}

/** A new text for a parameter, as a model wrote it. */
export interface Draft {
  readonly text: string;
  /** What changes and why it should help. */
  readonly hypothesis: string;
  /** Ids of the samples that it is based on. */
  readonly samples?: readonly string[];
  /** Part of the text with training samples as worked examples, where their content is not a leak. */
  readonly demonstrations?: string;
  /**
   * Whether the text may repeat an earlier one that did harm, because the method judges whole Θs. Default: false,
   * such a draft is not a proposal.
   */
  readonly mayRepeat?: boolean;
  /** Why it has no text, if the reply was ambiguous. */
  readonly doubts?: readonly string[];
}

/** A comparison of two Θs on the validation set. */
export interface Comparison {
  readonly before: Texts;
  readonly after: Texts;
  readonly verdict: Verdict;
}

/**
 * What a method works with. All calls go through the same reply store, budget and log, so that identical calls are made
 * once, a run can be resumed, and the budget is never exceeded. All members can be called in parallel.
 */
export interface Engine {
  /** Θ of the file. */
  readonly start: Texts;
  /** In the order of the file. */
  readonly parameters: readonly Parameter[];
  /** 0 ≤ x < 1, from the run's seed. */
  readonly random: () => number;
  /** Describes correct results, from the training targets, by node: a closed set with counts, or their form. */
  readonly answers: AnswersOf;
  /** Attempts so far, with their scores. */
  readonly history: Attempts;
  /**
   * Whether the user ends the run after the iteration yielded last: start no other, and return as after the last
   * one.
   */
  readonly isStopping: boolean;
  /** Runs one sample through the graph. Repeating a pass costs nothing. */
  forward(texts: Texts, sample: Sample, at: CallContext): ForwardPass;
  /** Scores samples under any Θ, in parallel. Known scores cost nothing. */
  score(texts: Texts, samples: readonly Sample[], at: CallContext): Promise<Scores>;
  /** Semantic backpropagation of one sample. Resolves at once; the gradients arrive one by one. Default: per node. */
  backward(pass: ForwardPass, style?: BackwardStyle): Promise<BackwardPass>;
  /**
   * Asks the optimizer's model.
   * @returns null if the call was lost, or the reply could not be read
   */
  ask<T>(call: OptimizerCall<T, TaggedForm<T>>): Promise<T | null>;
  ask<T>(call: OptimizerCall<T, JsonForm<T>>): Promise<T | null>;
  /**
   * Logs a draft and checks the rules for proposals: placeholders, length, no leaked target, no text that did harm
   * before.
   * @param base Θ whose text it replaces
   * @param draft null if there was no reply
   * @returns null if it is not a proposal
   */
  candidate(parameter: string, base: Texts, draft: Draft | null): Promise<Candidate | null>;
  /**
   * Compares two Θs on the validation set. Scores no more samples than the rule needs, and stops exactly.
   * @param rule default: the gate's policy. A gate that is off accepts without scoring.
   */
  compare(before: Texts, after: Texts, rule?: Rule): Promise<Comparison>;
  /** Known losses of the validation samples under two Θs, without any call. */
  pairs(before: Texts, after: Texts): readonly Pair[];
  /**
   * Logs the gate's verdict. A run that ends early keeps the Θ of the last accepting verdict.
   * @param scope default: `joint`
   */
  judge(candidates: readonly Candidate[], comparison: Comparison, scope?: Judged["scope"]): Promise<void>;
  /** Sets the texts that a run keeps if it ends early, without a verdict: for methods with a gate of their own. */
  keep(texts: Texts): void;
  /** Logs that candidates were dropped before the gate. */
  screen(candidates: readonly Pick<Candidate, "id" | "node">[], reason: ScreenReason): Promise<void>;
}
