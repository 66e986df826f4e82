import { iconButton, type SearchField, searchField } from "../controls.ts";
import { h } from "../dom.ts";
import type { Acts, State } from "../state.ts";

export class Toolbar {
  readonly element: HTMLElement;
  readonly search: SearchField;
  readonly #found = h("span", { class: "found", role: "status" });
  readonly #name = h("h1", { class: "unseen" }, "Graph");
  readonly #turn: HTMLElement;
  readonly #panel: HTMLElement;

  constructor(acts: Acts, toggleLegend: () => void) {
    this.search = searchField(
      "Find a node",
      (text) => acts.search(text),
      (back) => acts.nextMatch(back),
    );
    this.#turn = iconButton("right", "Draw from left to right", () => acts.turn());
    this.#panel = iconButton("panel", "Details", () => acts.togglePanel());
    const tools = h(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "Drawing" },
      this.search.element,
      this.#found,
      h("span", { class: "spring" }),
      iconButton("minus", "Zoom out (-)", () => acts.zoom(1 / 1.3)),
      iconButton("plus", "Zoom in (+)", () => acts.zoom(1.3)),
      iconButton("fit", "Fit the drawing (F)", () => acts.fit()),
      this.#turn,
      iconButton("export", "Export as SVG", () => acts.exportSvg()),
      iconButton("help", "Legend and keys (?)", toggleLegend),
      this.#panel,
    );
    this.element = h("header", {}, this.#name, tools);
  }

  update({ graph, matches, selected, direction, panelOpen }: State): void {
    const name = graph?.name || "Graph";
    if (this.#name.textContent !== name) this.#name.textContent = name;
    const at = matches && selected ? matches.indexOf(selected) : -1;
    const found =
      matches === null ? "" : matches.length === 0 ? "none found" : `${at >= 0 ? at + 1 : "–"} of ${matches.length}`;
    if (this.#found.textContent !== found) this.#found.textContent = found;
    this.#found.hidden = found === "";
    const turned = direction === "down" ? "Draw from left to right (D)" : "Draw from top to bottom (D)";
    if (this.#turn.title !== turned) {
      this.#turn.title = turned;
      this.#turn.setAttribute("aria-label", turned);
    }
    this.#panel.setAttribute("aria-expanded", String(panelOpen));
  }
}
