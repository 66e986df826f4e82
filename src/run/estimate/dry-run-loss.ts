import type { Sample } from "../../data/sample.ts";
import { wilson } from "../../engine/gate/statistics.ts";
import type { Locale } from "../../i18n/locale.ts";
import type { AskVote, CodeRunner, Loss, Score } from "../../loss/loss.ts";
import { scoreOf } from "../../loss/normalize.ts";
import { type Guess, type Learned, NOTHING } from "./dry-run-model.ts";
import { contentNumber, type DryRunProgress, MARK } from "./dry-run-progress.ts";

/** Minimum number of samples with known answers for these to replace the guess. */
const TELLING = 5;

/**
 * Known answers keep their score. A made-up answer is right if the known answer of its sample is; of the other samples,
 * the same share is right.
 */
export class DryRunLoss implements Loss {
  readonly kind: string;
  readonly calls: number;
  readonly #known: Map<string, boolean>;

  /**
   * @param threshold τ
   * @param guess assumptions if nothing better is known
   * @param draw varies which samples are right
   * @param answers that are known already
   */
  constructor(
    readonly loss: Loss,
    readonly threshold: number,
    readonly guess: Pick<Guess, "right" | "known">,
    readonly draw: number,
    readonly progress: DryRunProgress,
    { answers }: Pick<Learned, "answers"> = NOTHING,
  ) {
    this.kind = loss.kind;
    this.calls = loss.calls ?? 0;
    this.#known = new Map(answers);
  }

  get learned(): Pick<Learned, "answers"> {
    return { answers: this.#known };
  }

  describe(locale: Locale): string {
    return this.loss.describe(locale);
  }

  async score(sample: Sample, answer: string, askVote?: AskVote, code?: CodeRunner): Promise<Score> {
    const isMade = answer.startsWith(MARK);
    const score = isMade && this.calls === 0 ? null : await this.#scored(sample, answer, askVote, code);
    if (score && !isMade && !score.votes?.some(({ reason }) => reason.startsWith(MARK))) {
      if (!this.#known.has(sample.id)) this.#known.set(sample.id, score.loss <= this.threshold);
      return score;
    }
    const wrong = this.progress.isRight(sample.id, answer, this.#isRight(sample)) ? 0 : 1;
    return scoreOf(sample, answer, wrong, wrong);
  }

  /**
   * Scores with the real loss, unless its code can't use the made-up values: then the answer counts as made up, too.
   */
  async #scored(...given: Parameters<Loss["score"]>): Promise<Score | null> {
    try {
      return await this.loss.score(...given);
    } catch (error) {
      if (this.loss.code) return null;
      throw error;
    }
  }

  #isRight({ id }: Sample): boolean {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const right = [...this.#known.values()].filter((isRight) => isRight).length;
    const share = this.#known.size < TELLING ? this.guess.right : this.#shareOf(right, this.#known.size);
    return contentNumber(this.draw, id) / 2 ** 32 < share;
  }

  #shareOf(right: number, n: number): number {
    const [lower, upper] = wilson(right, n);
    return { share: right / n, lower, upper }[this.guess.known];
  }
}
