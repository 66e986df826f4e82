import { h } from "../dom.ts";
import { plural } from "../format.ts";
import { t } from "../l10n.ts";
import type { Actions, State } from "../state.ts";

/** Up to three faults of the file, above the last valid graph. Problems lists all of them. */
export class Faults {
  readonly element = h("div", { class: "faults", hidden: true });
  #shown = "";

  constructor(private readonly acts: Actions) {}

  update({ faults, stale, graph }: State): void {
    const errors = faults.flatMap((fault, index) => (fault.severity === "error" ? [{ ...fault, index }] : []));
    const left = graph?.left ?? 0;
    const key = JSON.stringify([errors, stale, left]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = errors.length === 0 && left === 0;
    const lines = errors.slice(0, 3).map(({ index, line, message }) => {
      const button = h("button", { type: "button", class: "link" }, t("Line {0}", line));
      button.addEventListener("click", () => this.acts.showFault(index));
      return h("li", {}, button, ` ${message}`);
    });
    const more = errors.length > 3 ? h("li", {}, t("{0} more in the Problems panel.", errors.length - 3)) : null;
    this.element.replaceChildren(
      ...(errors.length > 0
        ? [
            h(
              "p",
              { role: "alert" },
              stale && graph ? t("The file can't be read. This is the last valid graph.") : t("The file has errors."),
            ),
            h("ul", {}, ...lines, more),
          ]
        : []),
      ...(left > 0
        ? [
            h(
              "p",
              {},
              plural(
                left,
                t(
                  "The graph is too large to show in full. {0} node is hidden; the nodes nearest to the answer are shown.",
                ),
                t(
                  "The graph is too large to show in full. {0} nodes are hidden; the nodes nearest to the answer are shown.",
                ),
              ),
            ),
          ]
        : []),
    );
  }
}
