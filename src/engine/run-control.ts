import type { RequestPause } from "../models/stack/request-pause.ts";
import type { Controlled, PauseReason } from "./events.ts";

/** Pins an element of Θ, so that nothing is proposed for it, or unpins it, from an iteration on. */
export interface Pin {
  /** Id of the node, or of its inputs, which are pinned separately. */
  readonly node: string;
  readonly pinned: boolean;
  /** The first iteration to which it applies. */
  readonly from: number;
}

/** The user's decisions in an earlier segment of the run. */
export interface Decided {
  readonly pins: readonly Pin[];
  /** The iteration after which the run stops; null: it doesn't stop early. */
  readonly stopAfter: number | null;
}

/**
 * What the user changes during a run. Every change of its course is tied to an iteration and reported to the
 * listener, so that a resumed run takes the same course.
 */
export class RunControl implements RequestPause {
  #pins: readonly Pin[];
  #stopAfter: number | null;
  #paused: PauseReason | null = null;
  #isOver = false;
  #iteration = 1;
  /** Nodes for which this iteration has already requested a text. */
  readonly #asked = new Set<string>();
  #isAllAsked = false;
  readonly #waiting = new Set<() => void>();
  #tell: (event: Controlled) => void = () => {};

  constructor(decided: Decided = { pins: [], stopAfter: null }) {
    this.#pins = decided.pins;
    this.#stopAfter = decided.stopAfter;
  }

  /** Reports the user's decisions to one listener from now on. */
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

  /** Whether no further iteration starts. */
  get isStopping(): boolean {
    return this.#stopAfter !== null && this.#iteration > this.#stopAfter;
  }

  /** Holds back requests until `proceed`. Replies to requests that were sent before are recorded. */
  pause(reason: PauseReason): void {
    // The user is asked even if the run was paused before.
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

  /** Ends the run: nothing is held back any more. */
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

  /** Ends the run after the current iteration as if it were the last; `false` reverses that. */
  stop(isWanted = true): void {
    if (this.#isOver || this.isStopping || isWanted === (this.#stopAfter !== null)) return;
    this.#stopAfter = isWanted ? this.#iteration : null;
    this.#tell({ type: "stopping", after: this.#stopAfter });
  }

  /** Applies from the current iteration on if it has not requested a text for the node yet, else from the next one. */
  pin(node: string, pinned: boolean): void {
    if (this.#isOver || this.isPinnedLast(node) === pinned) return;
    const isAsked = this.#isAllAsked || this.#asked.has(node);
    const pin = { node, pinned, from: this.#iteration + (isAsked ? 1 : 0) };
    this.#pins = [...this.#pins, pin];
    this.#tell({ type: "pinned", ...pin });
  }

  /** Whether the node is pinned by the user's last decision. */
  isPinnedLast(node: string): boolean {
    return this.#pins.findLast((pin) => pin.node === node)?.pinned ?? false;
  }

  get pinned(): readonly string[] {
    return [...new Set(this.#pins.map(({ node }) => node))].filter((node) => this.isPinnedLast(node));
  }

  /** Pinned nodes that still get a proposal in the current iteration, because a text was already requested. */
  get pinnedLater(): readonly string[] {
    return this.pinned.filter((node) => !this.isPinned(node));
  }

  /** Whether nothing is proposed for the node in the current iteration. */
  isPinned(node: string): boolean {
    return this.#pins.findLast((pin) => pin.node === node && pin.from <= this.#iteration)?.pinned ?? false;
  }

  /** Starts an iteration. */
  enter(iteration: number): void {
    this.#iteration = iteration;
    this.#asked.clear();
    this.#isAllAsked = false;
  }

  /**
   * Notes that a text is requested: pins of this node apply from the next iteration on.
   * @param node null: all nodes together
   */
  ask(node: string | null): void {
    if (node === null) this.#isAllAsked = true;
    else this.#asked.add(node);
  }

  #open(): void {
    for (const go of [...this.#waiting]) go();
  }
}
