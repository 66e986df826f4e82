import { iconButton } from "../controls.ts";
import { h } from "../dom.ts";
import { compact, count, duration, money, plural, STATUS } from "../format.ts";
import { t } from "../l10n.ts";
import type { RunView, Steering as SteeringView } from "../protocol.ts";
import type { Actions } from "../state.ts";
import { isKnown, Plot, scoreLabel } from "./plot.ts";
import { Replay } from "./replay.ts";

/** The state of the run: iteration, requests in flight, calls and cost of the budget, and the score. */
export class RunStrip {
  readonly element = h("footer", { class: "run", hidden: true, "aria-label": t("Run") });
  readonly #head = h("div", { class: "run-head" });
  readonly #steering: Steering;
  readonly #warned: CountLink;
  readonly #samples: CountLink;
  readonly #meters = h("dl", { class: "meters" });
  readonly #plot = new Plot();
  readonly #replay: Replay;
  /** Announces changes to screen readers, once per iteration. */
  readonly #said = h("p", { class: "unseen", role: "status" });
  #shown: RunView | null = null;

  constructor(acts: Actions) {
    this.#replay = new Replay(acts);
    this.#steering = new Steering(acts);
    this.#warned = new CountLink("warned", [t("{0} warning"), t("{0} warnings")], () => acts.overview("warnings"));
    this.#samples = new CountLink("", [t("{0} sample"), t("{0} samples")], () => acts.overview("samples"));
    const top = h(
      "div",
      { class: "run-top" },
      this.#steering.element,
      this.#head,
      this.#warned.element,
      this.#samples.element,
    );
    const words = h("div", { class: "run-words" }, top, this.#meters, this.#replay.element);
    this.element.append(words, this.#plot.element, this.#said);
  }

  update(run: RunView | null): void {
    if (run === this.#shown) return;
    const curveChanged = JSON.stringify(run?.curve) !== JSON.stringify(this.#shown?.curve);
    const replayedChanged = run?.replayed !== this.#shown?.replayed;
    this.#shown = run;
    this.element.hidden = run === null;
    this.#plot.element.toggleAttribute("hidden", run?.iterations === 0);
    this.#replay.update(run);
    if (!run) return;
    this.#head.replaceChildren(...head(run));
    this.#steering.update(run);
    this.#warned.update(run.warnings.filter(({ severity }) => severity === "warning").length);
    this.#samples.update(run.scored);
    this.#meters.replaceChildren(...meters(run));
    if (curveChanged || replayedChanged) this.#plot.update(run);
    const news = announcement(run);
    if (this.#said.textContent !== news) this.#said.textContent = news;
  }
}

function head(run: RunView): HTMLElement[] {
  const flying = {
    forward: sum(run, "forwardInFlight"),
    backward: sum(run, "backwardInFlight"),
    optimizer: sum(run, "optimizerInFlight"),
  };
  const words = {
    forward: plural(flying.forward, t("{0} answer"), t("{0} answers")),
    backward: plural(flying.backward, t("{0} gradient"), t("{0} gradients")),
    optimizer: plural(flying.optimizer, t("{0} rewrite"), t("{0} rewrites")),
  };
  const chips = (["forward", "backward", "optimizer"] as const)
    .filter((kind) => flying[kind] > 0)
    .map((kind) => h("span", { class: `chip ${kind}`, title: t("in progress") }, words[kind]));
  const iteration = run.iterations > 0 ? t("iteration {0} of {1}", run.iteration, run.iterations) : "";
  const score = run.iterations === 0 ? run.curve.findLast(isKnown) : undefined;
  const scored = score === undefined ? "" : t("score {0}", scoreLabel(score));
  const last = run.steering?.stopAfter;
  const stops = last == null ? "" : t("stops after iteration {0}", last);
  const facts = [
    run.method,
    iteration,
    scored,
    stops,
    duration(run.elapsed),
    run.steering?.pace ?? "",
    run.detail,
  ].filter((part) => part !== "");
  const waiting = run.waiting === "" ? [] : [h("span", { class: "chip waiting" }, run.waiting)];
  return [
    h(
      "strong",
      { class: `status ${run.waiting !== "" || run.steering?.paused ? "waiting" : run.status}` },
      statusOf(run),
    ),
    ...waiting,
    h("span", { class: "facts" }, facts.join(" · ")),
    ...chips,
  ];
}

function statusOf({ status, steering }: RunView): string {
  return steering?.paused ? t("Paused") : STATUS[status];
}

/**
 * Buttons that control the run. They are replaced only if they change, because a button that is replaced while it is
 * pressed gets no click.
 */
class Steering {
  readonly element = h("div", { class: "steering", hidden: true });
  #shown = "";

  constructor(private readonly acts: Actions) {}

  update({ steering, iterations }: RunView): void {
    const shown = JSON.stringify([steering?.paused, steering?.stopAfter, iterations > 0]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.hidden = steering === null;
    if (steering === null) return;
    const hadFocus = [...this.element.children].indexOf(document.activeElement ?? this.element);
    this.element.replaceChildren(...this.#buttons(steering, iterations));
    const again = this.element.children[hadFocus];
    if (again instanceof HTMLElement) again.focus();
  }

  #buttons({ paused, stopAfter }: SteeringView, iterations: number): HTMLElement[] {
    const pause = paused
      ? iconButton("play", t("Continue the run"), () => this.acts.steer("continue"))
      : iconButton("pause", t("Pause the run"), () => this.acts.steer("pause"));
    if (iterations === 0) return [pause];
    const label = stopAfter === null ? t("Stop after this iteration") : t("Continue after iteration {0}", stopAfter);
    const stop = iconButton("stop", label, () => this.acts.steer("stop"));
    stop.setAttribute("aria-pressed", String(stopAfter !== null));
    return [pause, stop];
  }
}

/** A count that links to its items. Hidden at 0. */
class CountLink {
  readonly element: HTMLButtonElement;

  constructor(
    look: string,
    private readonly words: readonly [one: string, many: string],
    act: () => void,
  ) {
    this.element = h("button", { type: "button", class: `chip ${look}`, hidden: true });
    this.element.addEventListener("click", act);
  }

  update(count: number): void {
    this.element.hidden = count === 0;
    const words = plural(count, ...this.words);
    if (this.element.textContent !== words) this.element.textContent = words;
  }
}

function meters({ spent, limits }: RunView): HTMLElement[] {
  const cached = spent.cached > 0 ? t("{0} more were answered from the cache", count(spent.cached)) : "";
  const about = (words: (n: number) => string) => (n: number) => `${spent.estimated && n > 0 ? "≈ " : ""}${words(n)}`;
  const estimated = spent.estimated ? t("Estimated: the provider doesn't report token usage") : "";
  return [
    meter(t("Calls"), spent.calls, limits.calls, count, cached),
    meter(t("Tokens"), spent.tokens, limits.tokens, compact, estimated, about(compact)),
    ...(spent.usd === null ? [] : [meter(t("Cost"), spent.usd, limits.usd, money, estimated, about(money))]),
  ];
}

function meter(
  label: string,
  spent: number,
  limit: number | null,
  words: (n: number) => string,
  more: string,
  spentWords = words,
) {
  const value = limit === null ? spentWords(spent) : t("{0} of {1}", spentWords(spent), words(limit));
  const group = h("div", { class: "meter", title: more || null }, h("dt", {}, label), h("dd", {}, value));
  if (limit !== null && limit > 0) {
    const share = Math.min(1, spent / limit);
    const fill = h("span", { class: share > 0.9 ? "fill near" : "fill" });
    fill.style.setProperty("width", `${Math.round(share * 100)}%`);
    group.querySelector("dd")?.append(h("span", { class: "track", "aria-hidden": "true" }, fill));
  }
  return group;
}

function announcement(run: RunView): string {
  const last = run.curve.findLast(isKnown);
  const facts = [
    statusOf(run),
    ...(run.waiting === "" ? [] : [run.waiting]),
    ...(run.iterations > 0 ? [t("iteration {0} of {1}", run.iteration, run.iterations)] : []),
    ...(last ? [t("score {0}", scoreLabel(last))] : []),
  ];
  return `${facts.join(", ")}.`;
}

function sum(run: RunView, key: "forwardInFlight" | "backwardInFlight" | "optimizerInFlight"): number {
  return run.nodes.reduce((total, node) => total + node[key], 0);
}
