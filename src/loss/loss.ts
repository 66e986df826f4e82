import * as z from "zod";
import type { Sample } from "../data/sample.ts";
import type { Code, Program } from "../deps.ts";
import type { ReadOnly } from "../graph/read-only.ts";
import type { Locale } from "../i18n/locale.ts";

/** The score of one answer. */
export interface Score {
  /** 0 = perfect, 1 = wrong; graded losses can lie between. */
  readonly loss: number;
  /** Loss under the lenient reading (answer found anywhere in the reply); never larger than `loss`. */
  readonly lenient: number;
  /**
   * ∇_A before any backward call: the expected and the actual answer. English, because a model reads it. Empty if
   * perfect.
   */
  readonly criticism: string;
  /** A judge's votes, in order; absent if no model was asked. */
  readonly votes?: readonly Vote[];
}

/** A model's score for one answer. */
export const vote = z.object({
  /** 0 … 1, 1 = as good as the rubric asks for. */
  score: z.number().min(0).max(1),
  reason: z.string(),
});

export type Vote = ReadOnly<z.infer<typeof vote>>;

/**
 * Asks a model to score an answer against a rubric.
 * @param index distinguishes the votes on one answer
 * @throws what ends a run; ReplyUnreadable or a ModelError where no vote came
 */
export type AskVote = (rubric: string, index: number) => Promise<Vote>;

/** Runs code from the graph's repository in a sandbox, with the graph's values for this sample. */
export interface CodeRunner {
  /** @throws CodeFault, CodeLimit */
  call(code: Code, argument: unknown): Promise<unknown>;
  /** Runs a file in another language. @throws ProgramRefused, CodeFault, CodeLimit */
  program(code: Code, argument: unknown): Promise<Program>;
  /** Values of all nodes on the way to the answer, by id. */
  values(): Promise<Readonly<Record<string, unknown>>>;
}

/** A loss in code can't run because there is no sandbox. */
export class CodeUnavailable extends Error {
  override readonly name = "CodeUnavailable";
  constructor() {
    super("code can't run here");
  }
}

/** l(Q, A). Pure and synchronous, except for the judge, which asks a model, and patterns and code, which take time. */
export interface Loss {
  readonly kind: string;
  /** What is compared and what is ignored: one or two sentences for people. */
  describe(locale: Locale): string;
  /** Code that it runs, with the key under which the graph file names it. Default: none. */
  readonly code?: readonly { readonly key: string; readonly code: Code }[];
  /** Whether it runs the answer as code. Default: false. */
  readonly runsAnswer?: boolean;
  /** Model calls per score. Default 0. */
  readonly calls?: number;
  /** Whether it scores an answer without a target, as a rubric does. Default: false. */
  readonly targetless?: boolean;
  /**
   * The part of the loss that attempts at test time can see: its feedback and whether they passed. Default: the
   * whole loss.
   */
  readonly shown?: Loss;
  /** Criteria for a good answer, if the loss has any. */
  readonly criteria?: string;
  /**
   * @param askVote asks about this answer; only the judge needs it
   * @param code for losses in code
   * @throws why the answer can't be scored
   */
  score(sample: Sample, answer: string, askVote?: AskVote, code?: CodeRunner): Score | Promise<Score>;
}

/** A loss without the last digits of its computation: 1 − 0.7 is 0.30000000000000004, and so above a threshold of 0.3. */
export function roundedLoss(loss: number): number {
  return Math.round(loss * 1e15) / 1e15;
}
