import { iconButton } from "../controls.ts";
import { h, prefersReducedMotion } from "../dom.ts";
import { t } from "../l10n.ts";
import type { PointView, RunView } from "../protocol.ts";
import type { Actions } from "../state.ts";
import { scoreLabel } from "./plot.ts";

/** Milliseconds for which each iteration is shown. */
const PACE = 900;

/** A slider for the iterations of an ended run, and a button that plays them. */
export class Replay {
  readonly element = h("div", { class: "replay", hidden: true });
  readonly #slider = h("input", { type: "range", min: 1, step: 1, "aria-label": t("Iteration to show") });
  readonly #label = h("span", { class: "facts" });
  readonly #play: HTMLElement;
  /** The last iteration that the user chose. The response of the host comes later. */
  #wanted: number | null = null;
  #iterations: readonly number[] = [];
  #curve: readonly PointView[] = [];
  #run = "";
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly acts: Actions) {
    this.#play = iconButton("play", t("Replay the run"), () => this.#toggle());
    this.#slider.addEventListener("input", () => {
      this.#stop();
      this.#show(Number(this.#slider.value));
    });
    this.element.append(this.#play, this.#slider, this.#label);
  }

  update(run: RunView | null): void {
    const last = run?.curve.at(-1)?.iteration ?? 0;
    this.element.hidden = run === null || run.status === "running" || last < 2;
    if (run === null || run.id !== this.#run) {
      this.#run = run?.id ?? "";
      this.#wanted = null;
      this.#stop();
    }
    if (run === null) return;
    this.#curve = run.curve;
    this.#iterations = run.curve.map(({ iteration }) => iteration).filter((iteration) => iteration > 0);
    this.#slider.max = String(last + 1);
    if (this.#wanted === null || this.#wanted === run.replayed) this.#say(run.replayed ?? last + 1);
  }

  /** Shows an iteration. The position after the last iteration stands for the current state with its proposals. */
  #show(position: number): void {
    const last = this.#iterations.at(-1) ?? 0;
    this.#wanted = position > last ? null : position;
    this.#say(position);
    this.acts.replay(this.#wanted);
  }

  #say(position: number): void {
    const last = this.#iterations.at(-1) ?? 0;
    const point = this.#curve.find(({ iteration }) => iteration === position);
    const words =
      position > last
        ? t("The result")
        : point && (point.low > 0 || point.high < 1)
          ? t("After iteration {0} of {1}, score {2}", position, last, scoreLabel(point))
          : t("After iteration {0} of {1}", position, last);
    this.#slider.value = String(position);
    this.#slider.setAttribute("aria-valuetext", words);
    this.#label.textContent = words;
  }

  #toggle(): void {
    if (this.#timer !== null) {
      this.#stop();
      return;
    }
    const last = this.#iterations.at(-1) ?? 0;
    const at = Number(this.#slider.value);
    this.#show(at > last ? 1 : at);
    this.#timer = setInterval(
      () => {
        const next = Number(this.#slider.value) + 1;
        this.#show(next);
        if (next > last) this.#stop();
      },
      prefersReducedMotion() ? 2 * PACE : PACE,
    );
    this.#play.setAttribute("aria-label", t("Stop the replay"));
    this.#play.title = t("Stop the replay");
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#play.setAttribute("aria-label", t("Replay the run"));
    this.#play.title = t("Replay the run");
  }
}
