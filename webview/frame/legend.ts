import { type IconName, inlineIcon } from "../canvas/icons.ts";
import { h } from "../dom.ts";

const MARKS: readonly (readonly [IconName, string, string])[] = [
  ["llm", "kind-llm", "LLM node: an instruction and what it reads"],
  ["text", "kind-text", "Text that other nodes read"],
  ["input", "kind-input", "Graph input: comes with each sample"],
  ["answer", "answer", "Its value is the answer"],
  ["trainable", "trainable", "The text may be changed"],
  ["fixed", "kept", "The text stays as it is"],
  ["accepted", "accepted", "The gate accepted the change"],
  ["rejected", "rejected", "The gate rejected the change"],
  ["undecided", "undecided", "The gate could not decide"],
];

const FLAGS: readonly (readonly [string, string, string])[] = [
  ["forward", "▸ 3", "Answers on the way now"],
  ["backward", "◂ 2", "Gradients on the way now"],
  ["optimizer", "✎ 1", "A rewrite on the way now"],
  ["gradients", "∇ 5", "Gradients that came back; click for their texts"],
  ["folded", "+4", "Nodes folded away"],
];

const KEYS: readonly (readonly [string, string])[] = [
  ["Arrows", "along the edges, and beside"],
  ["Enter", "open the instruction"],
  ["C", "fold or unfold what leads here"],
  ["/", "find a node"],
  ["F", "fit the drawing"],
  ["+ −", "zoom"],
  ["D", "turn the drawing"],
  ["Esc", "clear"],
];

/** What the marks mean and what the keys do. */
export class Legend {
  readonly element: HTMLElement;

  constructor(close: () => void) {
    const closing = h(
      "button",
      { type: "button", class: "plain", "aria-label": "Close the legend" },
      inlineIcon("close"),
    );
    closing.addEventListener("click", close);
    this.element = h(
      "section",
      { class: "legend", hidden: true, "aria-label": "Legend and keys" },
      h("header", {}, h("h2", {}, "Legend"), closing),
      h(
        "ul",
        {},
        ...MARKS.map(([name, look, meaning]) =>
          h("li", {}, h("span", { class: `sign ${look}` }, inlineIcon(name)), meaning),
        ),
        ...FLAGS.map(([look, text, meaning]) => h("li", {}, h("span", { class: `chip ${look}` }, text), meaning)),
      ),
      h("h2", {}, "Keys"),
      h("dl", {}, ...KEYS.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)])),
    );
  }

  toggle(open = this.element.hidden): void {
    this.element.hidden = !open;
    if (open) this.element.querySelector("button")?.focus();
  }
}
