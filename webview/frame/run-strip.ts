import { h } from "../dom.ts";
import type { RunView } from "../protocol.ts";
import { count, duration, money, plural, STATUS, short } from "../words.ts";
import { Plot } from "./plot.ts";

/** What the run has come to: iteration, what is on its way, calls and money against the budget, the score. */
export class RunStrip {
  readonly element = h("footer", { class: "run", hidden: true, "aria-label": "Run" });
  readonly #head = h("div", { class: "run-head" });
  readonly #meters = h("dl", { class: "meters" });
  readonly #plot = new Plot();
  /** Says to a screen reader what has changed, once an iteration. */
  readonly #said = h("p", { class: "unseen", role: "status" });
  #shown: RunView | null = null;

  constructor() {
    this.element.append(h("div", { class: "run-words" }, this.#head, this.#meters), this.#plot.element, this.#said);
    new ResizeObserver(() => this.#shown && this.#plot.update(this.#shown)).observe(this.#plot.element);
  }

  update(run: RunView | null): void {
    if (run === this.#shown) return;
    const curveChanged = JSON.stringify(run?.curve) !== JSON.stringify(this.#shown?.curve);
    this.#shown = run;
    this.element.hidden = run === null;
    if (!run) return;
    this.#head.replaceChildren(...head(run));
    this.#meters.replaceChildren(...meters(run));
    if (curveChanged) this.#plot.update(run);
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
    forward: plural(flying.forward, "answer"),
    backward: plural(flying.backward, "gradient"),
    optimizer: plural(flying.optimizer, "rewrite"),
  };
  const chips = (["forward", "backward", "optimizer"] as const)
    .filter((kind) => flying[kind] > 0)
    .map((kind) => h("span", { class: `chip ${kind}`, title: "on the way now" }, words[kind]));
  const iteration = run.iterations > 0 ? `iteration ${run.iteration} of ${run.iterations}` : "";
  const facts = [run.method, iteration, duration(run.elapsed), run.detail].filter((part) => part !== "");
  const warned = run.warnings > 0 ? h("span", { class: "chip warned" }, plural(run.warnings, "warning")) : null;
  return [
    h("strong", { class: `status ${run.status}` }, STATUS[run.status]),
    h("span", { class: "facts" }, facts.join(" · ")),
    ...chips,
    ...(warned ? [warned] : []),
  ];
}

function meters({ spent, limits }: RunView): HTMLElement[] {
  const cached = spent.cached > 0 ? `${count(spent.cached)} more came from replies that were known already` : "";
  const about = (words: (n: number) => string) => (n: number) => `${spent.estimated && n > 0 ? "≈ " : ""}${words(n)}`;
  const estimated = spent.estimated ? "Estimated: whoever answers counts no tokens" : "";
  return [
    meter("Calls", spent.calls, limits.calls, count, cached),
    meter("Tokens", spent.tokens, limits.tokens, short, estimated, about(short)),
    ...(spent.usd === null ? [] : [meter("Cost", spent.usd, limits.usd, money, estimated, about(money))]),
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
  const value = limit === null ? spentWords(spent) : `${spentWords(spent)} of ${words(limit)}`;
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
  const last = run.curve.at(-1);
  const score = last ? `, score ${((last.low + last.high) / 2).toFixed(2)}` : "";
  return `${STATUS[run.status]}, iteration ${run.iteration} of ${run.iterations}${score}.`;
}

function sum(run: RunView, key: "forwardInFlight" | "backwardInFlight" | "optimizerInFlight"): number {
  return run.nodes.reduce((total, node) => total + node[key], 0);
}
