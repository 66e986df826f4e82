import { type IconName, inlineIcon } from "../canvas/icons.ts";
import { h } from "../dom.ts";
import { t } from "../l10n.ts";

const MARKS: readonly (readonly [IconName, string, string])[] = [
  ["llm", "kind-llm", t("LLM node: an instruction and what it reads")],
  ["text", "kind-text", t("Text that other nodes read")],
  ["input", "kind-input", t("Graph input: comes with each sample")],
  ["answer", "answer", t("Its value is the answer")],
  ["trainable", "trainable", t("The text may be changed")],
  ["fixed", "kept", t("The text stays as it is")],
  ["accepted", "accepted", t("The gate accepted the change")],
  ["rejected", "rejected", t("The gate rejected the change")],
  ["undecided", "undecided", t("The gate could not decide")],
];

const FLAGS: readonly (readonly [string, string, string])[] = [
  ["forward", "▸ 3", t("Answers on the way now")],
  ["backward", "◂ 2", t("Gradients on the way now")],
  ["optimizer", "✎ 1", t("A rewrite on the way now")],
  ["gradients", "∇ 5", t("Gradients that came back; click for their texts")],
  ["folded", "+4", t("Nodes folded away")],
];

const KEYS: readonly (readonly [string, string])[] = [
  [t("Arrows"), t("along the edges, and beside")],
  [t("Enter"), t("open the instruction")],
  ["C", t("fold or unfold what leads here")],
  ["/", t("find a node")],
  ["F", t("fit the drawing")],
  ["+ −", t("zoom")],
  ["D", t("turn the drawing")],
  [t("Esc"), t("clear")],
];

/** What the marks mean and what the keys do. */
export class Legend {
  readonly element: HTMLElement;

  constructor(close: () => void) {
    const closing = h(
      "button",
      { type: "button", class: "plain", "aria-label": t("Close the legend") },
      inlineIcon("close"),
    );
    closing.addEventListener("click", close);
    this.element = h(
      "section",
      { class: "legend", hidden: true, "aria-label": t("Legend and keys") },
      h("header", {}, h("h2", {}, t("Legend")), closing),
      h(
        "ul",
        {},
        ...MARKS.map(([name, look, meaning]) =>
          h("li", {}, h("span", { class: `sign ${look}` }, inlineIcon(name)), meaning),
        ),
        ...FLAGS.map(([look, text, meaning]) => h("li", {}, h("span", { class: `chip ${look}` }, text), meaning)),
      ),
      h("h2", {}, t("Keys")),
      h("dl", {}, ...KEYS.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)])),
    );
  }

  toggle(open = this.element.hidden): void {
    this.element.hidden = !open;
    if (open) this.element.querySelector("button")?.focus();
  }
}
