import type { Sample } from "../data/sample.ts";

/** What one answer scored. */
export interface Score {
  /** 0 = perfect, 1 = wrong; graded losses lie between. */
  readonly loss: number;
  /** Loss under the lenient reading (answer found anywhere in the reply); never larger than `loss`. */
  readonly lenient: number;
  /** ∇_A before any backward call: what was expected and what came, in words for a model. Empty when perfect. */
  readonly criticism: string;
}

/** l(Q, A). Pure and synchronous but for the judge, which asks a model. */
export interface Loss {
  readonly kind: string;
  /** What is compared and what is normalised, in one sentence for a person. */
  readonly describes: string;
  score(sample: Sample, answer: string): Score | Promise<Score>;
}
