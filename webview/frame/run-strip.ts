import { h } from "../dom.ts";
import { compact, count, duration, money, plural, STATUS } from "../format.ts";
import { t } from "../l10n.ts";
import type { RunView } from "../protocol.ts";
import type { Actions } from "../state.ts";
import { isKnown, Plot, scoreLabel } from "./plot.ts";
import { Replay } from "./replay.ts";

/** The state of the run: iteration, requests in flight, calls and money against the budget, the score. */
export class RunStrip {
  readonly element = h("footer", { class: "run", hidden: true, "aria-label": t("Run") });
  readonly #head = h("div", { class: "run-head" });
  readonly #meters = h("dl", { class: "meters" });
  readonly #plot = new Plot();
  readonly #replay: Replay;
  /** Announces changes to screen readers, once per iteration. */
  readonly #said = h("p", { class: "unseen", role: "status" });
  #shown: RunView | null = null;

  constructor(private readonly acts: Actions) {
    this.#replay = new Replay(acts);
    const words = h("div", { class: "run-words" }, this.#head, this.#meters, this.#replay.element);
    this.element.append(words, this.#plot.element, this.#said);
    new ResizeObserver(() => this.#shown && this.#plot.update(this.#shown)).observe(this.#plot.element);
  }

  update(run: RunView | null): void {
    if (run === this.#shown) return;
    const curveChanged = JSON.stringify(run?.curve) !== JSON.stringify(this.#shown?.curve);
    const replayedChanged = run?.replayed !== this.#shown?.replayed;
    this.#shown = run;
    this.element.hidden = run === null;
    this.#replay.update(run);
    if (!run) return;
    this.#head.replaceChildren(...head(run, this.acts));
    this.#meters.replaceChildren(...meters(run));
    if (curveChanged || replayedChanged) this.#plot.update(run);
    const news = announcement(run);
    if (this.#said.textContent !== news) this.#said.textContent = news;
  }
}

function head(run: RunView, acts: Actions): HTMLElement[] {
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
  const facts = [run.method, iteration, duration(run.elapsed), run.detail].filter((part) => part !== "");
  const warned = run.warnings.filter(({ severity }) => severity === "warning").length;
  const links = [
    chipButton("warned", warned, plural(warned, t("{0} warning"), t("{0} warnings")), () => acts.overview("warnings")),
    chipButton("", run.scored, plural(run.scored, t("{0} sample"), t("{0} samples")), () => acts.overview("samples")),
  ];
  const waiting = run.waiting === "" ? [] : [h("span", { class: "chip waiting" }, run.waiting)];
  return [
    h("strong", { class: `status ${run.waiting === "" ? run.status : "waiting"}` }, STATUS[run.status]),
    ...waiting,
    h("span", { class: "facts" }, facts.join(" · ")),
    ...chips,
    ...links.filter((link) => link !== null),
  ];
}

/** null if there is nothing to show. */
function chipButton(look: string, count: number, words: string, act: () => void): HTMLElement | null {
  if (count === 0) return null;
  const button = h("button", { type: "button", class: `chip ${look}` }, words);
  button.addEventListener("click", act);
  return button;
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
    STATUS[run.status],
    ...(run.waiting === "" ? [] : [run.waiting]),
    t("iteration {0} of {1}", run.iteration, run.iterations),
    ...(last ? [t("score {0}", scoreLabel(last))] : []),
  ];
  return `${facts.join(", ")}.`;
}

function sum(run: RunView, key: "forwardInFlight" | "backwardInFlight" | "optimizerInFlight"): number {
  return run.nodes.reduce((total, node) => total + node[key], 0);
}
