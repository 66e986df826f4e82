import { canChange, traitsOf } from "../../src/graph/node-kinds.ts";
import { inlineIcon } from "../canvas/icons.ts";
import { textButton } from "../controls.ts";
import { h } from "../dom.ts";
import { KINDS, lookOf, plural, verdictLabel } from "../format.ts";
import { onlyLeadsTo } from "../graph/fold.ts";
import { t } from "../l10n.ts";
import type { CallAnswer, GradientsAnswer, NodeAnswer, NodeView } from "../protocol.ts";
import type { Actions, State } from "../state.ts";
import { compare } from "./compare.ts";
import { copyButton, gradientList, nodeLinks, text } from "./parts.ts";

export interface NodeFacts {
  readonly node: NodeAnswer | null;
  readonly gradients: GradientsAnswer | null;
  /** The node's call for the selected sample. */
  readonly call: CallAnswer | null;
}

/** A titled section of the panel. The panel remembers by `name` whether it is collapsed. */
export interface Part {
  readonly name: string;
  readonly title: string;
  readonly content: readonly (Node | string | null | false)[];
}

/** @param copy puts the whole prompt or value of the node for the sample on the clipboard */
export function aboutNode(
  view: NodeView,
  facts: NodeFacts,
  state: State,
  acts: Actions,
  copy: (part: "prompt" | "value") => void,
): { head: HTMLElement[]; parts: Part[] } {
  const { node, gradients, call } = facts;
  return {
    head: head(view, node, state, acts),
    parts: [
      ...(call ? callParts(call, view, state, acts, copy) : []),
      ...(node
        ? [
            {
              name: "instruction",
              title: view.kind === "tool" ? t("Call") : TEXT_TITLES[traitsOf(view).text ?? "value"],
              content: [text(node.instruction, "instruction"), rules(node)],
            },
          ]
        : []),
      ...(gradients && gradients.gradients.length > 0
        ? [
            {
              name: "gradients",
              title: t("Gradients ({0})", gradients.total),
              content: [gradientList(gradients.gradients, acts)],
            },
          ]
        : []),
    ],
  };
}

function rules({ rules: { constraints, keep, maxWords } }: NodeAnswer): HTMLElement | false {
  const said = [
    ...constraints,
    ...keep.map((kept) => t("Keeps “{0}”", kept)),
    ...(maxWords === null ? [] : [plural(maxWords, t("At most {0} word"), t("At most {0} words"))]),
  ];
  return said.length > 0 && h("ul", { class: "rules" }, ...said.map((rule) => h("li", {}, rule)));
}

/** Where the value of a node that is no prompt alone comes from. */
function sourceLabel(source: NodeAnswer["source"] | undefined): string {
  switch (source?.kind) {
    case "function":
      return source.file;
    case "tool":
      return t("calls {0}", source.tool);
    case "map":
      return t("runs for each element of {0}", source.over);
    case "retriever": {
      const best = plural(source.top, t("best {0} passage of"), t("best {0} passages of"));
      return `${best} ${source.corpus.join(", ")}`;
    }
    default:
      return "";
  }
}

const TEXT_TITLES = { instruction: t("Instruction"), value: t("Text"), code: t("Code"), query: t("Query") } as const;

function head(view: NodeView, node: NodeAnswer | null, state: State, acts: Actions): HTMLElement[] {
  const { graph, scene, run, folded } = state;
  const nodes = graph?.nodes ?? [];
  const { verdict = null, pinned = null, model: answered = "" } = run?.nodes.find(({ id }) => id === view.id) ?? {};
  const behind = onlyLeadsTo(nodes, view.id).length;
  const isFolded = folded.has(view.id);
  const words = plural(view.words, t("{0} word"), t("{0} words"));
  const model = answered === "" ? view.model : "";
  const about =
    traitsOf(view).text === null || !canChange(view) ? [] : [words, view.trainable ? t("can change") : t("fixed")];
  const held = pinned === true ? [t("pinned in this run")] : [];
  const each = view.perElement === undefined ? "" : t("runs for each element of {0}", view.perElement);
  const facts = [KINDS[view.kind], each, sourceLabel(node?.source ?? undefined), model, ...about, ...held].filter(
    (fact) => fact !== "",
  );
  const reads = scene?.readsFrom.get(view.id) ?? view.inputs;
  const feeds = scene?.feeds.get(view.id) ?? [];
  return [
    h("h2", { class: `kind-${view.kind}` }, inlineIcon(view.kind), view.id),
    ...(view.role === "" || view.role === view.id ? [] : [h("p", {}, view.role)]),
    h("p", { class: "faint" }, facts.join(" · ")),
    ...(traitsOf(view).asksModel && answered !== ""
      ? [h("p", { class: "faint" }, answeredByLabel(answered, view.model))]
      : []),
    ...(reads.length + feeds.length > 0
      ? [
          h(
            "p",
            { class: "neighbors" },
            ...flow(t("Reads"), reads, acts),
            ...(reads.length > 0 && feeds.length > 0 ? [h("span", { class: "faint" }, " · ")] : []),
            ...flow(t("Feeds"), feeds, acts),
          ),
        ]
      : []),
    ...(verdict
      ? [
          h(
            "p",
            { class: `verdict-line ${lookOf(verdict)}` },
            inlineIcon(lookOf(verdict)),
            t("Its change is {0}.", verdictLabel(verdict)),
          ),
        ]
      : []),
    ...(node && node.hypothesis !== ""
      ? [h("p", { class: "idea" }, h("span", { class: "faint" }, t("Idea")), " ", node.hypothesis)]
      : []),
    h(
      "div",
      { class: "buttons" },
      textButton(t("Open in text"), () => acts.open(view.id), "primary"),
      pinned !== null &&
        textButton(pinned ? t("Unpin") : t("Pin"), () => acts.pin(view.id, !pinned), "secondary", PIN_HINT),
      verdict && textButton(t("Review change"), () => acts.review(view.id)),
      (behind > 0 || isFolded) &&
        textButton(
          isFolded ? t("Expand") : plural(behind, t("Collapse {0} upstream node"), t("Collapse {0} upstream nodes")),
          () => acts.fold(view.id),
        ),
    ),
  ];
}

function flow(title: string, nodes: readonly string[], acts: Actions): (HTMLElement | string)[] {
  return nodes.length === 0 ? [] : [h("span", { class: "faint" }, title), " ", ...nodeLinks(nodes, acts)];
}

const PIN_HINT = t("While it is pinned, the run proposes no more texts for this node");

/** Providers add a date or a tag to the name that was requested. @param chosen the model that would answer now */
function answeredByLabel(answered: string, chosen: string): string {
  return chosen === "" || answered.startsWith(chosen)
    ? t("Answered by {0}", answered)
    : t("Answered by {0} in this run; {1} is chosen now", answered, chosen);
}

function callParts(
  call: CallAnswer,
  view: NodeView,
  { answer, graph }: State,
  acts: Actions,
  copy: (part: "prompt" | "value") => void,
): Part[] {
  const parts: Part[] = [];
  if (view.id === graph?.output && answer) {
    parts.push({ name: "answer", title: t("Expected and actual"), content: [compare(answer)] });
  }
  parts.push({
    name: "value",
    title: t("Value for this sample"),
    content: call.value
      ? [copyButton(t("Copy the value"), () => copy("value")), text(call.value)]
      : [h("p", { class: "faint" }, t("There was no reply, or it is no longer stored."))],
  });
  if (call.messages.length > 0) {
    parts.push({
      name: "prompt",
      title: t("Prompt sent"),
      content: [
        copyButton(t("Copy the prompt"), () => copy("prompt")),
        ...call.messages.flatMap(({ role, content }) => [h("p", { class: "source" }, role), text(content)]),
      ],
    });
  }
  if (call.gradients.length > 0) {
    parts.push({
      name: "sample-gradients",
      title: t("Gradient for this sample"),
      content: [gradientList(call.gradients, acts)],
    });
  }
  return parts;
}
