import { iconButton } from "../controls.ts";
import { h } from "../dom.ts";
import { t } from "../l10n.ts";
import type { Actions, State } from "../state.ts";
import { Search } from "./search.ts";

export class Toolbar {
  readonly element: HTMLElement;
  readonly search: Search;
  readonly #name = h("h1", { class: "unseen" }, t("Graph"));
  readonly #turn: HTMLElement;
  readonly #panel: HTMLElement;

  constructor(acts: Actions, toggleLegend: () => void) {
    this.search = new Search(acts);
    this.#turn = iconButton("right", t("Lay out from left to right"), () => acts.rotate());
    this.#panel = iconButton("panel", t("Details"), () => acts.togglePanel());
    const tools = h(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": t("View") },
      this.search.field,
      h("span", { class: "spring" }),
      iconButton("minus", t("Zoom out (-)"), () => acts.zoom(1 / 1.3)),
      iconButton("plus", t("Zoom in (+)"), () => acts.zoom(1.3)),
      iconButton("fit", t("Fit the graph (F)"), () => acts.fit()),
      this.#turn,
      iconButton("export", t("Export as SVG"), () => acts.exportSvg()),
      iconButton("help", t("Legend and keys (?)"), toggleLegend),
      this.#panel,
    );
    this.element = h("header", {}, this.#name, tools);
  }

  update(state: State): void {
    const { graph, direction, panelOpen } = state;
    this.search.update(state);
    const name = graph?.name || t("Graph");
    if (this.#name.textContent !== name) this.#name.textContent = name;
    const turned = direction === "down" ? t("Lay out from left to right (D)") : t("Lay out from top to bottom (D)");
    if (this.#turn.title !== turned) {
      this.#turn.title = turned;
      this.#turn.setAttribute("aria-label", turned);
    }
    this.#panel.setAttribute("aria-expanded", String(panelOpen));
  }
}
