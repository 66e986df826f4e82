import type { RequestPause } from "../models/stack/request-pause.ts";
import type { Controlled, PauseReason } from "./events.ts";

/** An element of Θ that no text is written for, from an iteration on, or for which texts are written again. */
export interface Pin {
  /** Id of the node, or of its inputs, which are pinned by themselves. */
  readonly node: string;
  readonly pinned: boolean;
  /** The first iteration for which it holds. */
  readonly from: number;
}

/** What the user decided in an earlier segment of the run. */
export interface Decided {
  readonly pins: readonly Pin[];
  /** The iteration after which the run stops; null: it does not. */
  readonly stopAfter: number | null;
}

/**
 * What the user changes while a run goes on. Everything that alters its course is tied to an iteration and told to the
 * listener, so that a resumed run takes the same course.
 */
export class RunControl implements RequestPause {
  #pins: readonly Pin[];
  #stopAfter: number | null;
  #paused: PauseReason | null = null;
  #isOver = false;
  #iteration = 1;
  /** Nodes that were asked about in this iteration. */
  readonly #asked = new Set<string>();
  #isAllAsked = false;
  readonly #waiting = new Set<() => void>();
  #tell: (event: Controlled) => void = () => {};

  constructor(decided: Decided = { pins: [], stopAfter: null }) {
    this.#pins = decided.pins;
    this.#stopAfter = decided.stopAfter;
  }

  /** Tells one listener what the user decides from now on. */
  listen(tell: (event: Controlled) => void): void {
    this.#tell = tell;
  }

  get isOpen(): boolean {
    return this.#paused === null || this.#isOver;
  }

  get paused(): PauseReason | null {
    return this.#isOver ? null : this.#paused;
  }

  get stopAfter(): number | null {
    return this.#stopAfter;
  }

  /** No further iteration begins. */
  get isStopping(): boolean {
    return this.#stopAfter !== null && this.#iteration > this.#stopAfter;
  }

  /** No request leaves until `proceed`. Those on their way are answered and recorded. */
  pause(reason: PauseReason): void {
    // Who is to be asked is asked, also where the run was paused before that.
    if (this.#isOver || this.#paused === reason || this.#paused === "limit") return;
    this.#paused = reason;
    this.#tell({ type: "paused", reason });
  }

  proceed(): void {
    if (this.#paused === null) return;
    this.#paused = null;
    if (!this.#isOver) this.#tell({ type: "continued" });
    this.#open();
  }

  /** The run is over: nothing is held back any more. */
  end(): void {
    this.#isOver = true;
    this.#open();
  }

  async opened(signal: AbortSignal): Promise<void> {
    while (!this.isOpen) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const go = () => {
          this.#waiting.delete(go);
          signal.removeEventListener("abort", go);
          resolve();
        };
        this.#waiting.add(go);
        signal.addEventListener("abort", go, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  /** Ends the run after the present iteration, as if it were the last; `false` takes that back. */
  stop(isWanted = true): void {
    if (this.#isOver || this.isStopping || isWanted === (this.#stopAfter !== null)) return;
    this.#stopAfter = isWanted ? this.#iteration : null;
    this.#tell({ type: "stopping", after: this.#stopAfter });
  }

  /** From the present iteration on if the node was not asked about yet, else from the next one. */
  pin(node: string, pinned: boolean): void {
    if (this.#isOver || this.isPinnedLast(node) === pinned) return;
    const isAsked = this.#isAllAsked || this.#asked.has(node);
    const pin = { node, pinned, from: this.#iteration + (isAsked ? 1 : 0) };
    this.#pins = [...this.#pins, pin];
    this.#tell({ type: "pinned", ...pin });
  }

  /** As the user decided last. */
  isPinnedLast(node: string): boolean {
    return this.#pins.findLast((pin) => pin.node === node)?.pinned ?? false;
  }

  get pinned(): readonly string[] {
    return [...new Set(this.#pins.map(({ node }) => node))].filter((node) => this.isPinnedLast(node));
  }

  /** Whether no text is written for the node in the present iteration. */
  isPinned(node: string): boolean {
    return this.#pins.findLast((pin) => pin.node === node && pin.from <= this.#iteration)?.pinned ?? false;
  }

  /** An iteration begins. */
  enter(iteration: number): void {
    this.#iteration = iteration;
    this.#asked.clear();
    this.#isAllAsked = false;
  }

  /** A text is asked for: pins of this node hold from the next iteration on. @param node null: all nodes together */
  ask(node: string | null): void {
    if (node === null) this.#isAllAsked = true;
    else this.#asked.add(node);
  }

  #open(): void {
    for (const go of [...this.#waiting]) go();
  }
}
