import type { Clock } from "../../deps.ts";
import type { Role } from "../../graph/graph.ts";
import type { Model } from "../../models/model.ts";

/** Turns of the event loop without another request after which a wave is complete. */
const QUIET = 3;

/** Counts the batches that a run sends one after another, as `BatchModel` would: requests that arrive together are one. */
export class WaveCounter {
  /** Batches so far. */
  count = 0;
  readonly #waiting: (() => void)[] = [];
  #isOpen = false;

  /** @param roles whose requests are sent in batches */
  constructor(
    private readonly clock: Clock,
    private readonly roles: readonly Role[],
  ) {}

  /** The same model, whose requests of these roles are answered wave by wave. */
  counting({ complete, ...model }: Pick<Model, "identity" | "complete">): Model {
    return {
      ...model,
      complete: async (request, signal) => {
        if (this.roles.includes(request.tag.purpose)) await this.#answered();
        return complete(request, signal);
      },
    };
  }

  #answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isOpen) void this.#collect();
    });
  }

  async #collect(): Promise<void> {
    this.#isOpen = true;
    for (let seen = 0; seen < this.#waiting.length; ) {
      seen = this.#waiting.length;
      for (let turn = 0; turn < QUIET; turn++) await this.clock.sleep(0);
    }
    this.#isOpen = false;
    this.count += 1;
    for (const answer of this.#waiting.splice(0)) answer();
  }
}
