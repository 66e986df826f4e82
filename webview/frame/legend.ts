import { type IconName, inlineIcon } from "../canvas/icons.ts";
import { h } from "../dom.ts";
import { t } from "../l10n.ts";

const MARKS: readonly (readonly [IconName, string, string])[] = [
  ["llm", "kind-llm", t("LLM node: an instruction and its inputs")],
  ["text", "kind-text", t("Text that other nodes read")],
  ["function", "kind-function", t("Function: code that computes a value from its inputs")],
  ["tool", "kind-tool", t("Tool: its result comes from one of your servers")],
  ["map", "kind-map", t("Map: works on each element of a list")],
  ["retriever", "kind-retriever", t("Retriever: searches files of the repository")],
  ["input", "kind-input", t("Graph input: set by each sample")],
  ["answer", "answer", t("Its value is the answer of the graph")],
  ["trainable", "trainable", t("The text can change")],
  ["fixed", "kept", t("The text is fixed")],
  ["pinned", "kept", t("Pinned: this run proposes no more texts for it")],
  ["accepted", "accepted", t("Accepted by the gate")],
  ["rejected", "rejected", t("Rejected by the gate")],
  ["undecided", "undecided", t("Undecided by the gate")],
  ["screened", "undecided", t("Screened out")],
];

const FLAGS: readonly (readonly [string, string, string])[] = [
  ["forward", "▸ 3", t("Answers in progress")],
  ["backward", "◂ 2", t("Gradients in progress")],
  ["optimizer", "✎ 1", t("A rewrite in progress")],
  ["gradients", "∇ 5", t("Gradients received; click to read them")],
  ["folded", "+4", t("Collapsed nodes")],
  ["edge-added", "┄┄", t("Dashed, green: an input that the run proposes to add")],
  ["edge-dropped", "┄┄", t("Dashed, red: an input that the run proposes to drop")],
];

const KEYS: readonly (readonly [string, string])[] = [
  [t("Arrows"), t("move along and across edges")],
  [t("Enter"), t("open the instruction")],
  ["C", t("collapse or expand the nodes that lead here")],
  ["/", t("find a node")],
  ["F", t("fit the graph")],
  ["+ −", t("zoom")],
  ["D", t("rotate the graph")],
  [t("Esc"), t("clear")],
];

/** Explains marks and keys. */
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
