import { choice } from "../controls.ts";
import { h } from "../dom.ts";
import { count, OUTCOMES, type Outcome, outcomeOf, SPLITS } from "../format.ts";
import { t } from "../l10n.ts";
import type { RunView, SampleView } from "../protocol.ts";
import type { Actions } from "../state.ts";
import { link } from "./parts.ts";

const FILTERS = {
  all: t("All samples"),
  wrong: t("Wrong"),
  fixed: t("Fixed"),
  broken: t("Broken"),
  right: t("Right"),
  validation: t("Validation"),
  train: t("Training"),
  test: t("Test"),
} as const;

type Filter = keyof typeof FILTERS;

const SIGNS: Readonly<Record<Outcome, string>> = { right: "✓", wrong: "✗", fixed: "✓", broken: "✗", unscored: "–" };
const PAGE = 100;

/** A list of the samples of a run. */
export class SampleList {
  readonly element = h("div", { class: "samples" });
  readonly #list = h("ul", { "aria-label": t("Samples") });
  readonly #said = h("p", { class: "faint" });
  #filter: Filter = "all";
  #shown = PAGE;
  #run: RunView | null = null;
  #picked: string | null = null;
  #drawn = "";

  constructor(private readonly acts: Actions) {
    const filter = choice(t("Which samples"), FILTERS, this.#filter, (key) => {
      this.#filter = key;
      this.#shown = PAGE;
      this.#draw();
    });
    this.element.append(filter, this.#said, this.#list);
  }

  update(run: RunView | null, picked: string | null): void {
    this.#run = run;
    this.#picked = picked;
    this.#draw();
  }

  /** Id of the next or previous sample in the list. */
  neighbour(id: string, step: 1 | -1): string | null {
    const samples = this.#found();
    const at = samples.findIndex((sample) => sample.id === id);
    return samples[at < 0 ? 0 : at + step]?.id ?? null;
  }

  #found(): readonly SampleView[] {
    const filter = this.#filter;
    return (this.#run?.samples ?? []).filter(
      (sample) => filter === "all" || sample.split === filter || this.#outcome(sample) === filter,
    );
  }

  #outcome(sample: SampleView): Outcome {
    return outcomeOf(sample, this.#run?.threshold ?? 0);
  }

  #draw(): void {
    const found = this.#found();
    const key = JSON.stringify([found, this.#shown, this.#picked]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const left = (this.#run?.scored ?? 0) - (this.#run?.samples.length ?? 0);
    this.#said.textContent =
      left > 0
        ? t("{0} shown; {1} more, mostly right, are not listed.", count(found.length), count(left))
        : t("{0} shown.", count(found.length));
    const more = found.length - this.#shown;
    this.#list.replaceChildren(
      ...found.slice(0, this.#shown).map((sample) => this.#row(sample)),
      ...(more > 0
        ? [
            h(
              "li",
              {},
              link(t("Show {0} more", Math.min(PAGE, more)), () => this.#showMore()),
            ),
          ]
        : []),
    );
  }

  #showMore(): void {
    this.#shown += PAGE;
    this.#draw();
  }

  #row(sample: SampleView): HTMLElement {
    const outcome = this.#outcome(sample);
    const button = h(
      "button",
      { type: "button", class: "sample", "aria-pressed": String(sample.id === this.#picked) },
      h("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome]),
      h("span", { class: "excerpt" }, sample.excerpt || sample.id),
      h("span", { class: "faint" }, `${OUTCOMES[outcome]} · ${SPLITS[sample.split]}`),
    );
    button.title = sample.id;
    button.addEventListener("click", () => this.acts.pick(sample.id === this.#picked ? null : sample.id));
    return h("li", {}, button);
  }
}
