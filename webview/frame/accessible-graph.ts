import { group, select } from "d3";
import { h } from "../dom.ts";
import { KINDS, plural, verdictLabel } from "../format.ts";
import type { SceneNode } from "../graph/scene.ts";
import { DrawnInParts } from "../in-parts.ts";
import { t } from "../l10n.ts";
import type { NodeRunView, NodeView, ProposedEdge } from "../protocol.ts";
import type { Actions, State } from "../state.ts";

/** Number of nodes that one task adds to the list. */
const PART = 200;
/** Number of nodes whose labels are written at once, and milliseconds of work for further ones. */
const FEW = 100;
const SLICE = 4;

/** The graph as a hidden list for the keyboard and for screen readers. */
export class AccessibleGraph {
  readonly element = h("ul", { class: "unseen", "aria-label": t("Nodes of the graph") });
  readonly #buttons = new Map<string, HTMLButtonElement>();
  #shown: State["scene"] = null;
  /** Nodes in their order here. */
  #nodes: readonly SceneNode[] = [];
  /** The nodes that the list has, once it has all of them. */
  #listed: readonly SceneNode[] | null = null;
  readonly #parts = new DrawnInParts<SceneNode, true>(PART, ({ id }) => id);
  #current: string | null = null;
  #quiet = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param focused is called with the focused node, or null */
  constructor(
    private readonly acts: Actions,
    private readonly focused: (node: string | null) => void,
  ) {
    this.element.addEventListener("focusin", ({ target }) => this.focused(this.#quiet ? null : idOf(target)));
    this.element.addEventListener("focusout", () => this.focused(null));
    window.addEventListener("keydown", () => this.#speakUp(), { capture: true });
    this.element.addEventListener("click", ({ target }) => {
      const id = idOf(target);
      if (id !== null) this.acts.select(id);
    });
  }

  update(state: State): void {
    if (state.scene !== this.#shown) {
      this.#shown = state.scene;
      this.#nodes = (state.scene?.nodes ?? []).toSorted((a, b) => a.layer - b.layer || a.x - b.x || a.y - b.y);
    }
    clearTimeout(this.#timer);
    this.#continue(state);
  }

  /** Lists and labels what one task may, and the rest in the next ones. */
  #continue(state: State): void {
    const isPartial = this.#list();
    this.#makeCurrent(state.selected ?? this.#current);
    if (isPartial) this.#timer = setTimeout(() => this.#continue(state), 0);
    else this.#label(this.#labels(state));
  }

  /** Labels of many nodes are written in short tasks. */
  #label(labels: Iterator<void>): void {
    const until = performance.now() + SLICE;
    for (let i = 1; !labels.next().done; i++) {
      if (i < FEW || performance.now() < until) continue;
      this.#timer = setTimeout(() => this.#label(labels), 0);
      return;
    }
  }

  *#labels({ scene, run, selected, graph, answer }: State): Generator<void> {
    const proposals = group(run?.proposedEdges ?? [], ({ target }) => target);
    const runs = new Map(run?.nodes.map((node) => [node.id, node]));
    const values = new Map(answer?.values.map(({ node, excerpt }) => [node, excerpt]));
    for (const node of scene?.nodes ?? []) {
      const button = this.#buttons.get(node.id);
      if (!button) continue;
      const words = describe(
        node.view,
        node.folded,
        scene?.feeds.get(node.id) ?? [],
        runs.get(node.id),
        values.get(node.id),
        proposals.get(node.id) ?? [],
      );
      const label = node.id === graph?.output ? t("{0}, its value is the answer of the graph", words) : words;
      if (button.textContent !== label) button.textContent = label;
      const isSelected = node.id === selected;
      if (isSelected !== (button.getAttribute("aria-current") === "true")) {
        if (isSelected) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
      yield;
    }
  }

  /** @param quiet whether to hide the focus ring, as after a click, until a key is used */
  focus(id: string | null, quiet = false): void {
    while (id !== null && !this.#buttons.has(id) && this.#list());
    this.#makeCurrent(id ?? this.#current);
    if (this.#current === null) return;
    this.#quiet = quiet;
    this.#buttons.get(this.#current)?.focus({ preventScroll: true });
  }

  #speakUp(): void {
    if (!this.#quiet) return;
    this.#quiet = false;
    if (this.element.contains(document.activeElement)) this.focused(idOf(document.activeElement));
  }

  /** @returns whether further nodes are left for the next task */
  #list(): boolean {
    if (this.#listed === this.#nodes) return false;
    this.#parts.refill();
    const { items, isPartial } = this.#parts.next(this.#nodes, () => true);
    this.#listed = isPartial ? null : this.#nodes;
    const hadFocus = this.element.contains(document.activeElement);
    // What stays in its place keeps the focus: to give it back lays the page out.
    select(this.element)
      .selectAll<HTMLLIElement, SceneNode>("li")
      .data(items, ({ id }) => id)
      .join(
        (enter) => enter.append(({ id }) => this.#item(id)),
        (update) => update,
        (exit) => exit.each(({ id }) => this.#buttons.delete(id)).remove(),
      );
    if (hadFocus && !this.element.contains(document.activeElement)) this.focus(null, this.#quiet);
    return isPartial;
  }

  #item(id: string): HTMLLIElement {
    const button = h("button", { type: "button", tabindex: -1, "data-id": id });
    this.#buttons.set(id, button);
    return h("li", {}, button);
  }

  /** Makes a node the only one in the tab order. */
  #makeCurrent(id: string | null): void {
    const next = id !== null && this.#buttons.has(id) ? id : (this.#buttons.keys().next().value ?? null);
    if (next === this.#current && next !== null && this.#buttons.get(next)?.tabIndex === 0) return;
    if (this.#current !== null) this.#buttons.get(this.#current)?.setAttribute("tabindex", "-1");
    if (next !== null) this.#buttons.get(next)?.setAttribute("tabindex", "0");
    this.#current = next;
  }
}

function idOf(target: EventTarget | null): string | null {
  return target instanceof HTMLElement ? (target.dataset.id ?? null) : null;
}

function describe(
  node: NodeView,
  folded: number,
  feeds: readonly string[],
  run: NodeRunView | undefined,
  value: string | undefined,
  proposed: readonly ProposedEdge[],
): string {
  const list = (names: readonly string[]) =>
    names.length > 5 ? t("{0} and {1} more", names.slice(0, 5).join(", "), names.length - 5) : names.join(", ");
  const parts = [
    `${node.id}, ${KINDS[node.kind]}`,
    node.role,
    node.kind === "input" ? "" : node.trainable ? t("can change") : t("fixed"),
    node.inputs.length > 0 ? t("reads {0}", list(node.inputs)) : "",
    ...proposed.map(({ source, change }) =>
      change === "added" ? t("proposal: also read {0}", source) : t("proposal: no longer read {0}", source),
    ),
    feeds.length > 0 ? t("feeds {0}", list(feeds)) : "",
    folded > 0 ? plural(folded, t("{0} collapsed node"), t("{0} collapsed nodes")) : "",
    run?.verdict ? verdictLabel(run.verdict) : "",
    run && run.gradients > 0 ? plural(run.gradients, t("{0} gradient"), t("{0} gradients")) : "",
    value === undefined ? "" : t("value: {0}", value),
  ];
  return parts.filter((part) => part !== "").join(", ");
}
