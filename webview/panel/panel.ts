import { choice, iconButton, section } from "../controls.ts";
import { h, scrollToElement } from "../dom.ts";
import { OUTCOMES, outcomeOf } from "../format.ts";
import type { Host } from "../host-connection.ts";
import { t } from "../l10n.ts";
import type { GraphView } from "../protocol.ts";
import type { Actions, State } from "../state.ts";
import { aboutNode, type Part } from "./about-node.ts";
import { compare } from "./compare.ts";
import { gradientList, link } from "./parts.ts";
import { SampleList } from "./sample-list.ts";

const SNAPSHOTS = { latest: t("Latest texts"), start: t("Starting texts") } as const;

/** The details panel: the selected node, edge or sample, else the graph. */
export class Panel {
  readonly element = h("aside", { class: "panel", "aria-label": t("Details") });
  readonly #sampleBar = h("div", { class: "sample-bar", hidden: true });
  readonly #body = h("div", { class: "panel-body" });
  readonly #samples: SampleList;
  /** Collapsed sections. */
  readonly #closed = new Set<string>();
  #wanted = "";
  #barShown = "";

  /** @param results search results, above the details of one of them */
  constructor(
    private readonly host: Host,
    private readonly acts: Actions,
    results: HTMLElement,
  ) {
    this.#samples = new SampleList(acts);
    this.element.append(this.#sampleBar, results, this.#body);
  }

  /** Scrolls to a part of the overview. */
  scrollTo(part: string): void {
    scrollToElement(this.#body, this.#body.querySelector(`[data-part="${part}"]`), "start");
  }

  update(state: State): void {
    this.element.hidden = !state.panelOpen;
    if (!state.panelOpen) return;
    this.#samples.update(state.run, state.sample);
    this.#updateBar(state);
    const wanted = keyOf(state);
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#fill(state, wanted).catch(() => {
      this.#wanted = "";
    });
  }

  #updateBar(state: State): void {
    const { sample, at, run } = state;
    const view = run?.samples.find(({ id }) => id === sample);
    const key = JSON.stringify([sample, at, view, run?.iterations]);
    if (key === this.#barShown) return;
    this.#barShown = key;
    this.#sampleBar.hidden = sample === null;
    if (sample === null) return;
    const step = (by: 1 | -1) => {
      const next = this.#samples.neighbour(sample, by);
      if (next !== null) this.acts.pick(next);
    };
    this.#sampleBar.replaceChildren(
      h(
        "div",
        { class: "sample-name" },
        h("strong", { title: sample }, view?.excerpt ? t("Sample") : t("Sample {0}", sample)),
        // While a run is replayed, the answers below are those of its end.
        view &&
          run?.replayed === null &&
          h("span", { class: "faint" }, ` · ${OUTCOMES[outcomeOf(view, run.threshold)]}`),
        view && h("div", { class: "excerpt" }, view.excerpt),
      ),
      h(
        "div",
        { class: "sample-tools" },
        // An evaluation has no other texts than those it started with.
        run?.iterations !== 0 && choice(t("Texts to use"), SNAPSHOTS, at, (chosen) => this.acts.snapshot(chosen)),
        iconButton("previous", t("Sample before"), () => step(-1)),
        iconButton("next", t("Next sample"), () => step(1)),
        iconButton("close", t("Clear the sample"), () => this.acts.pick(null)),
      ),
    );
  }

  async #fill(state: State, wanted: string): Promise<void> {
    const { selected, selectedEdge, graph } = state;
    const view = graph?.nodes.find(({ id }) => id === selected);
    const isWanted = () => this.#wanted === wanted;
    if (view) {
      const { sample, at } = state;
      const node = view.id;
      const [about, gradients, call] = await Promise.all([
        this.host.ask({ kind: "node", node }),
        state.run ? this.host.ask({ kind: "gradients", node, from: null }) : null,
        sample === null ? null : this.host.ask({ kind: "call", node, sample, at }),
      ]);
      if (!isWanted()) return;
      const copy = (part: "prompt" | "value") => {
        if (sample !== null) this.host.post({ type: "copy", node, sample, at, part });
      };
      const { head, parts } = aboutNode(view, { node: about, gradients, call }, state, this.acts, copy);
      this.#show([this.#wayBack(graph), ...head], parts);
    } else if (selectedEdge) {
      const { source, target } = selectedEdge;
      const answer = await this.host.ask({ kind: "gradients", node: source, from: target });
      if (!isWanted()) return;
      const title = h(
        "h2",
        {},
        link(source, () => this.acts.select(source)),
        " → ",
        link(target, () => this.acts.select(target)),
      );
      const found = answer?.gradients ?? [];
      const words =
        found.length > 0
          ? t("What {0} asks {1} to change.", target, source)
          : t("No gradient has been received along this edge.");
      const list = found.length > 0 ? [gradientList(found, this.acts)] : [];
      this.#show([this.#wayBack(graph), title, h("p", { class: "faint" }, words), ...list], []);
    } else {
      this.#show(...this.#aboutGraph(state));
    }
  }

  #wayBack(graph: GraphView | null): HTMLElement {
    return h(
      "nav",
      {},
      link(`‹ ${graph?.name || t("Graph")}`, () => this.acts.overview()),
    );
  }

  #aboutGraph({ graph, run, answer, sample }: State): [HTMLElement[], Part[]] {
    const head = [
      h("h2", {}, graph?.name || t("Graph")),
      ...(graph?.description ? [h("p", {}, graph.description)] : []),
      ...(run
        ? []
        : [
            h(
              "p",
              { class: "faint" },
              t("Not optimized yet. Run “Optimize graph” on the file to see its progress here."),
            ),
          ]),
    ];
    const parts: Part[] = [];
    if (answer && answer.sample === sample) {
      parts.push({ name: "answer", title: t("Expected and actual"), content: [compare(answer)] });
    }
    if (run && run.warnings.length > 0) {
      const lines = run.warnings.map(({ severity, text }) => h("li", { class: severity }, text));
      parts.push({ name: "warnings", title: t("Warnings"), content: [h("ul", { class: "warnings" }, ...lines)] });
    }
    if (run && run.samples.length > 0) {
      parts.push({ name: "samples", title: t("Samples"), content: [this.#samples.element] });
    }
    return [head, parts];
  }

  #show(head: readonly HTMLElement[], parts: readonly Part[]): void {
    const { scrollTop } = this.#body;
    const name = this.#body.querySelector("h2")?.textContent;
    const sections = parts.map(({ name, title, content }) => {
      const part = section(title, !this.#closed.has(name), ...content.filter((child) => child !== false));
      part.dataset.part = name;
      part.addEventListener("toggle", () => (part.open ? this.#closed.delete(name) : this.#closed.add(name)));
      return part;
    });
    this.#body.replaceChildren(...head, ...sections);
    this.#body.scrollTop = this.#body.querySelector("h2")?.textContent === name ? scrollTop : 0;
  }
}

/** A key that changes when the panel must request its data again. */
function keyOf({ graph, run, selected, selectedEdge, sample, at, answer, folded }: State): string {
  const node = selected === null ? undefined : run?.nodes.find(({ id }) => id === selected);
  const view = graph?.nodes.find(({ id }) => id === selected);
  const edge = run?.gradients.find(({ node: of, from }) => of === selectedEdge?.source && from === selectedEdge.target);
  const subject =
    view || selectedEdge
      ? [view, node?.gradients, node?.verdict, node?.pinned, edge?.count, run?.iteration, [...folded]]
      : [graph?.name, graph?.description, (run?.samples.length ?? 0) > 0, run?.warnings];
  return JSON.stringify([
    selected,
    selectedEdge,
    run?.id,
    run?.status,
    sample,
    at,
    answer?.sample,
    answer?.at,
    answer?.loss,
    subject,
  ]);
}
