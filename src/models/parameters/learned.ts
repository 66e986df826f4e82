import * as z from "zod";
import type { Clock } from "../../deps.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { type Learned, learned, type ParameterSupport } from "./parameter-support.ts";

/** A text that this machine stores between runs. Losing it costs a few refused requests. */
export interface Memory {
  /** Empty if there is none. */
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** Milliseconds after which refusals are forgotten: the server may have another version by then. */
const KEPT = 7 * 86_400_000;

/** Server and model → what the model refuses, and when that was learned. */
const kept = z.record(z.string(), z.object({ at: z.number(), learned }));

/**
 * Remembers on this machine what the models of one server refuse, so that each refusal costs a request once a week,
 * not once a run.
 */
export class LearnedSupport {
  #known: Promise<z.infer<typeof kept>> | null = null;
  /** Models whose remembered refusals are loaded. */
  readonly #recalled = new Set<string>();

  constructor(
    private readonly support: ParameterSupport,
    private readonly identity: string,
    private readonly clock: Clock,
    private readonly memory: Memory | undefined,
  ) {}

  /** Await this before the first request to a model. */
  async recall(model: string): Promise<void> {
    if (!this.memory || this.#recalled.has(model)) return;
    this.#known ??= this.#read();
    const found = (await this.#known)[this.#name(model)];
    if (this.#recalled.has(model)) return;
    this.#recalled.add(model);
    if (found && this.#isFresh(found.at)) this.support.recall(model, found.learned);
  }

  /** Stores what was just learned. A failure to write is ignored: it is learned again. */
  async keep(model: string): Promise<void> {
    const now: Learned | null = this.support.learned(model);
    if (!this.memory || !now) return;
    const known = await this.#read();
    const fresh = Object.fromEntries(Object.entries(known).filter(([, { at }]) => this.#isFresh(at)));
    fresh[this.#name(model)] = { at: this.clock.now(), learned: now };
    await this.memory.write(JSON.stringify(fresh)).catch(() => {});
  }

  #name(model: string): string {
    return `${this.identity} ${model}`;
  }

  #isFresh(at: number): boolean {
    const age = this.clock.now() - at;
    return age >= 0 && age < KEPT;
  }

  async #read(): Promise<z.infer<typeof kept>> {
    const text = (await this.memory?.read().catch(() => "")) ?? "";
    return kept.safeParse(parseJson(text)?.value).data ?? {};
  }
}
