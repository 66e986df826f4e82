import { traitsOf } from "../../src/graph/node-kinds.ts";
import { s } from "../dom.ts";
import { DECISIONS, lookOf, plural, verdictLabel } from "../format.ts";
import type { SceneNode } from "../graph/scene.ts";
import { t } from "../l10n.ts";
import type { NodeRunView, NodeView, VerdictView } from "../protocol.ts";
import { type IconName, icon } from "./icons.ts";
import type { Typesetter } from "./text.ts";

/** Level of detail of a card: everything, only its name, or only a box. */
export type Detail = "full" | "name" | "large-name" | "block";

export function detailAt(zoom: number): Detail {
  if (zoom >= 0.5) return "full";
  if (zoom >= 0.3) return "name";
  return zoom >= 0.14 ? "large-name" : "block";
}

/** Everything a card shows; a card is redrawn when one of these changes. */
export interface CardFace {
  readonly node: SceneNode;
  readonly detail: Detail;
  readonly isOutput: boolean;
  readonly run: NodeRunView | null;
  /** First words of the node's value for the selected sample. null if there is none. */
  readonly value: string | null;
  /** Whether that sample's answer is right; only at the output node. */
  readonly outcome: "right" | "wrong" | null;
}

const PAD = 14;
/** From one line of a text to the next. */
const LINE = 15.5;
const NAME_SIZE: Readonly<Record<Detail, number>> = { full: 14, name: 24, "large-name": 36, block: 0 };

/** The parts of a card relative to its box at (0, 0). `bar` is between background and text. */
export function drawCard(face: CardFace, type: Typesetter, bar?: SVGElement): SVGElement[] {
  const { node } = face;
  return [...stack(node), frame(node), ...(bar ? [bar] : []), ...written(face, type)];
}

function written(face: CardFace, type: Typesetter): SVGElement[] {
  if (face.detail === "block") return [];
  if (face.detail !== "full") return farAway(face, type);
  if (face.node.view.kind === "input") return port(face, type);
  return [...title(face, type), ...body(face, type), ...footer(face, type), ...flags(face)];
}

/** A card with collapsed nodes looks like a stack. */
function stack({ folded, width, height }: SceneNode): SVGElement[] {
  if (folded === 0) return [];
  return [8, 4].map((offset) => s("rect", { class: "card pile", x: offset, y: offset, width, height, rx: 8 }));
}

function frame({ view, width, height }: SceneNode): SVGElement {
  if (isPage(view)) {
    const ear = 16;
    const d = `M4,0H${width - ear}L${width},${ear}V${height - 4}a4,4 0 0 1 -4,4H4a4,4 0 0 1 -4,-4V4a4,4 0 0 1 4,-4z`;
    const fold = s("path", { class: "ear", d: `M${width - ear},0V${ear}H${width}` });
    return s("g", {}, s("path", { class: "card", d }), fold);
  }
  return s("rect", { class: "card", width, height, rx: view.kind === "input" ? height / 2 : 8 });
}

/** Whether a node is drawn as a page because its value is its text. */
function isPage(view: NodeView): boolean {
  return traitsOf(view).text === "value";
}

function port({ node, value }: CardFace, type: Typesetter): SVGElement[] {
  const { view, width, height } = node;
  const shown = value ?? view.id;
  const text = type.line(shown, width - 50, 13, value === null ? 600 : 400);
  return [
    mark(view.kind, 14, height / 2 - 7, 14, "kind"),
    words(value === null ? "name" : "value", value === null ? text : `“${text}”`, 36, height / 2 + 4.5, 13),
  ];
}

function title({ node, run, isOutput }: CardFace, type: Typesetter): SVGElement[] {
  const { view, width } = node;
  const ear = isPage(view) ? 10 : 0;
  const isPinned = run?.pinned === true;
  const state = view.trainable ? "trainable" : "fixed";
  const beside = width - PAD - 24 - 26 - ear - (isOutput ? 18 : 0) - (isPinned ? 18 : 0);
  const chip = (isBare: boolean) => run?.verdict && verdictChip(run.verdict, width - PAD - ear, 12, isBare);
  const whole = chip(false);
  // A name comes before the words of its verdict, which the sign and the tip hold, too.
  const isCut = whole && type.width(view.id, NAME_SIZE.full, 600) > beside - whole.room;
  const verdict = isCut ? chip(true) : whole;
  const room = beside - (verdict?.room ?? 0);
  const name = type.line(view.id, room, NAME_SIZE.full, 600);
  const end = 34 + type.width(name, NAME_SIZE.full, 600) + 8;
  return [
    mark(view.kind, PAD - 2, 12, 15, "kind"),
    words("name", name, 34, 24.5, NAME_SIZE.full),
    tip(mark(state, end, 13, 13, state), state === "trainable" ? t("This text can change.") : t("This text is fixed.")),
    ...(isOutput ? [tip(mark("answer", end + 20, 13, 13, "answer"), t("The value of this node is the answer."))] : []),
    ...(isPinned
      ? [tip(mark("pinned", end + (isOutput ? 40 : 20), 13, 13, "pinned"), t("Pinned: no more texts are proposed."))]
      : []),
    ...(verdict ? [verdict.element] : []),
  ];
}

function body({ node, value, outcome }: CardFace, type: Typesetter): SVGElement[] {
  const { view, width, height } = node;
  const room = width - 2 * PAD;
  const shown = value ?? view.excerpt;
  const role =
    view.role === "" || view.role === view.id ? [] : [words("role", type.line(view.role, room, 12), PAD, 43, 12)];
  const start = role.length === 0 ? 45 : 61;
  const end = height - (traitsOf(view).reads ? 25 : 9);
  const lines = type.lines(shown, room, 12, Math.max(1, 1 + Math.floor((end - start) / LINE)));
  const look = value === null ? "excerpt" : `value ${outcome ?? ""}`;
  return [...role, ...lines.map((line, i) => words(look, line, PAD, start + LINE * i, 12))];
}

function footer({ node, run }: CardFace, type: Typesetter): SVGElement[] {
  const { view, width, height } = node;
  if (!traitsOf(view).reads) return [];
  const counts = [
    run && run.forward > 0 ? plural(run.forward, t("{0} value"), t("{0} values")) : "",
    run && run.gradients > 0 ? `∇ ${run.gradients}` : "",
    run && run.formatErrors > 0 ? `⚠ ${run.formatErrors}` : "",
  ].filter((part) => part !== "");
  const right = counts.join(" · ");
  const size = plural(view.words, t("{0} word"), t("{0} words"));
  const model = run?.model || view.model;
  const left = model === "" ? size : `${model} · ${size}`;
  const room = width - 2 * PAD - (right === "" ? 0 : type.width(right, 11) + 10);
  return [
    words("footer", type.line(left, room, 11), PAD, height - 10, 11),
    ...(right === "" ? [] : [words("footer counts", right, width - PAD, height - 10, 11, "end")]),
  ];
}

/** Requests in flight and collapsed nodes, on the lower edge. */
function flags({ node, run }: CardFace): SVGElement[] {
  const flying: readonly (readonly [string, number, string])[] = run
    ? [
        [
          "forward",
          run.forwardInFlight,
          plural(run.forwardInFlight, t("{0} answer in progress"), t("{0} answers in progress")),
        ],
        [
          "backward",
          run.backwardInFlight,
          plural(run.backwardInFlight, t("{0} gradient in progress"), t("{0} gradients in progress")),
        ],
        [
          "optimizer",
          run.optimizerInFlight,
          plural(run.optimizerInFlight, t("{0} rewrite in progress"), t("{0} rewrites in progress")),
        ],
      ]
    : [];
  let x = node.width - 8;
  const chips = flying
    .filter(([, count]) => count > 0)
    .map(([kind, count, meaning]) => {
      const text = `${kind === "forward" ? "▸" : kind === "backward" ? "◂" : "✎"} ${count}`;
      const chip = pill(`flag ${kind}`, text, x, node.height);
      x -= chip.width + 4;
      return tip(chip.element, meaning);
    });
  if (node.folded > 0) chips.push(pill("flag folded", `+${node.folded}`, 34, node.height).element);
  return chips;
}

function farAway({ node, detail, run }: CardFace, type: Typesetter): SVGElement[] {
  const { view, width, height } = node;
  const size = Math.min(NAME_SIZE[detail], height - 8);
  const lines = type.lines(view.id, width - 20, size, Math.max(1, Math.floor((height - 8) / (size * 1.15))), 600);
  const isClear = type.width(lines[0] ?? "", size, 600) < width - 2 * 28;
  const top = height / 2 - ((lines.length - 1) * size * 1.15) / 2 + size * 0.35;
  return [
    ...(detail === "name" && view.kind !== "input" && isClear ? [mark(view.kind, 7, 7, 20, "kind")] : []),
    ...lines.map((line, i) => words("name", line, width / 2, top + i * size * 1.15, size, "middle")),
    ...(run?.verdict ? [mark(lookOf(run.verdict), width - 30, 6, 26, `verdict ${lookOf(run.verdict)}`)] : []),
  ];
}

/** @param isBare the sign alone, without words */
function verdictChip(verdict: VerdictView, right: number, top: number, isBare: boolean) {
  const { decision, change } = verdict;
  const look = lookOf(verdict);
  const text = change === "" ? DECISIONS[decision] : change;
  const width = isBare ? 24 : text.length * 6.2 + 26;
  const element = s(
    "g",
    { class: `verdict ${look}`, transform: `translate(${right - width},${top - 3})` },
    s("rect", { width, height: 20, rx: 10 }),
    icon(look, 6, 4, 12),
    ...(isBare ? [] : [words("", text, 21, 14, 11)]),
  );
  return { element: tip(element, t("The change of this text is {0}.", verdictLabel(verdict))), room: width + 4 };
}

function pill(className: string, text: string, right: number, middle: number) {
  const width = text.length * 6.6 + 12;
  const element = s(
    "g",
    { class: className, transform: `translate(${right - width},${middle - 5})` },
    s("rect", { width, height: 18, rx: 9 }),
    words("", text, width / 2, 13, 11, "middle"),
  );
  return { element, width };
}

function mark(name: IconName, x: number, y: number, size: number, className: string): SVGElement {
  return s("g", { class: className }, icon(name, x, y, size));
}

function words(className: string, text: string, x: number, y: number, size: number, anchor = "start"): SVGTextElement {
  return s("text", { class: className, x, y, "font-size": size, "text-anchor": anchor }, text);
}

function tip(element: SVGElement, text: string): SVGElement {
  element.prepend(s("title", {}, text));
  return element;
}
