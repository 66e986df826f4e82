import type { Layout } from "../src/graph/layout/layout.ts";
import type { Direction } from "../src/graph/layout/node.ts";
import { GraphCanvas } from "./canvas/canvas.ts";
import { exportSvg } from "./canvas/export.ts";
import { Typesetter } from "./canvas/text.ts";
import { h } from "./dom.ts";
import { AccessibleGraph } from "./frame/accessible-graph.ts";
import { Faults } from "./frame/faults.ts";
import { Legend } from "./frame/legend.ts";
import { RunStrip } from "./frame/run-strip.ts";
import { Toolbar } from "./frame/toolbar.ts";
import { Arranger } from "./graph/arrange.ts";
import { type Folded, fold } from "./graph/fold.ts";
import { found, hasSameStructure, type Scene, type SceneNode, sceneOf, withViews } from "./graph/scene.ts";
import { connect, type Host, type HostNotification, type SavedState } from "./host-connection.ts";
import { keyAct } from "./keys.ts";
import { t } from "./l10n.ts";
import { Panel } from "./panel/panel.ts";
import { type PanelSize, Splitter } from "./panel/splitter.ts";
import type { SampleAnswer, Snapshot, Steer } from "./protocol.ts";
import { type Actions, EMPTY, type State } from "./state.ts";

/** Holds the state, and updates every part of the page at most once per frame. */
export class Page implements Actions {
  #state: State = EMPTY;
  readonly #host: Host;
  readonly #kept: Partial<SavedState>;
  readonly #arranger = new Arranger();
  readonly #type = new Typesetter();
  readonly #canvas: GraphCanvas;
  readonly #toolbar: Toolbar;
  readonly #faults: Faults;
  readonly #legend = new Legend(() => this.#legend.toggle(false));
  readonly #accessibleGraph: AccessibleGraph;
  readonly #panel: Panel;
  readonly #strip: RunStrip;
  readonly #empty = h("p", { class: "empty" });
  /** Whether the user has opened the details without a selection. They stay open until closed. */
  #overview: boolean;
  #panelSize: PanelSize;
  #frame = 0;
  /** Direction that the user or the saved state has chosen. null before. */
  #direction: Direction | null;
  #placed = false;
  #exporting: Promise<void> | null = null;

  constructor(root: HTMLElement) {
    this.#host = connect((message) => this.#hear(message));
    this.#kept = this.#host.savedState();
    this.#direction = this.#kept.direction ?? null;
    this.#overview = this.#kept.overview ?? false;
    this.#panelSize = this.#kept.panel ?? { width: null, height: null };
    this.#canvas = new GraphCanvas(this.#type, {
      select: (node) => this.#selectInDrawing(node),
      selectEdge: (source, target) => this.selectEdge(source, target),
      open: (node) => this.open(node),
      moved: () => this.#keep(),
    });
    this.#toolbar = new Toolbar(this, () => this.#legend.toggle());
    this.#faults = new Faults(this);
    this.#accessibleGraph = new AccessibleGraph(this, (focused) => this.#change({ focused }));
    this.#panel = new Panel(this.#host, this, this.#toolbar.search.results);
    this.#strip = new RunStrip(this);
    const drawing = h(
      "main",
      { class: "drawing", "aria-label": t("Graph") },
      this.#accessibleGraph.element,
      this.#canvas.element,
      this.#empty,
      this.#legend.element,
    );
    const middle = h("div", { class: "middle" });
    const splitter = new Splitter(middle, this.#panel.element, this.#panelSize, (size) => {
      this.#panelSize = size;
      this.#keep();
    });
    this.#panel.element.prepend(splitter.element);
    middle.append(drawing, this.#panel.element);
    // VS Code's notifications cover the lower right corner, so the run is above the graph.
    root.append(this.#toolbar.element, this.#strip.element, this.#faults.element, middle);
    const selected = this.#kept.selected ?? null;
    this.#state = {
      ...EMPTY,
      selected,
      folded: new Set(this.#kept.folded),
      sample: this.#kept.sample ?? null,
      at: this.#kept.at ?? "latest",
      panelOpen: this.#overview || selected !== null || this.#kept.sample != null,
    };
    window.addEventListener("keydown", (event) => {
      if (keyAct(event, this.#state, this, this.#legend, this.#toolbar.search)) event.preventDefault();
    });
    this.#host.post({ type: "ready" });
  }

  // User actions

  select(node: string | null): void {
    const panelOpen = node !== null || this.#overview || this.#state.sample !== null;
    this.#change({ selected: node, selectedEdge: null, panelOpen });
    if (node === null) {
      this.#canvas.viewport.release();
      return;
    }
    this.#canvas.viewport.reveal(node);
    this.#host.post({ type: "reveal", node, open: false });
  }

  overview(part?: "samples" | "warnings"): void {
    this.#overview = true;
    this.#state = { ...this.#state, selected: null, selectedEdge: null, panelOpen: true };
    this.#draw();
    if (part) this.#panel.scrollTo(part);
  }

  selectEdge(source: string, target: string): void {
    this.#change({ selected: null, selectedEdge: { source, target }, panelOpen: true });
  }

  open(node: string): void {
    this.#host.post({ type: "reveal", node, open: true });
  }

  review(node: string): void {
    this.#host.post({ type: "review", node });
  }

  fold(node: string): void {
    const folded = new Set(this.#state.folded);
    if (!folded.delete(node)) folded.add(node);
    this.#state = { ...this.#state, folded };
    this.#arrange();
  }

  pick(sample: string | null): void {
    const panelOpen = sample !== null || this.#state.panelOpen;
    this.#change({ sample, answer: null, panelOpen });
    this.#askSample();
  }

  snapshot(at: Snapshot): void {
    this.#change({ at });
    this.#askSample();
  }

  search(query: string): void {
    const { scene, selected, selectedEdge, sample } = this.#state;
    const matches = found(scene, query);
    const isChosen = this.#overview || selected !== null || selectedEdge !== null || sample !== null;
    this.#state = { ...this.#state, query, matches, panelOpen: isChosen || (matches?.length ?? 0) > 0 };
    this.#draw();
    if (matches?.[0] !== undefined) this.#canvas.viewport.goTo(matches[0]);
  }

  nextMatch(back: boolean): void {
    const { matches, selected } = this.#state;
    if (!matches || matches.length === 0) return;
    const at = selected === null ? -1 : matches.indexOf(selected);
    const next = at < 0 ? (back ? -1 : 0) : (at + (back ? -1 : 1)) % matches.length;
    const node = matches.at(next);
    if (node !== undefined) this.showMatch(node);
  }

  showMatch(node: string): void {
    this.#state = { ...this.#state, selected: node, selectedEdge: null, panelOpen: true };
    this.#draw();
    this.#canvas.viewport.goTo(node);
    this.#host.post({ type: "reveal", node, open: false });
  }

  replay(iteration: number | null): void {
    this.#host.post({ type: "replay", iteration });
  }

  steer(act: Steer): void {
    this.#host.post({ type: "steer", act });
  }

  pin(node: string, pinned: boolean): void {
    this.#host.post({ type: "pin", node, pinned });
  }

  fit(): void {
    this.#canvas.viewport.fit(true);
  }

  zoom(factor: number): void {
    this.#canvas.viewport.zoomBy(factor);
  }

  rotate(): void {
    this.#direction = this.#state.direction === "down" ? "right" : "down";
    this.#arrange(() => this.#canvas.viewport.fit(false));
  }

  exportSvg(): void {
    const { scene, graph } = this.#state;
    if (!scene) return;
    this.#exporting ??= exportSvg(this.#canvas, scene, graph?.name ?? t("Graph"))
      .then((svg) => this.#host.post({ type: "export", svg }))
      .finally(() => {
        this.#exporting = null;
      });
  }

  togglePanel(): void {
    const panelOpen = !this.#state.panelOpen;
    const { selected, selectedEdge } = this.#state;
    this.#overview = panelOpen && selected === null && selectedEdge === null;
    this.#change({ panelOpen });
  }

  showFault(index: number): void {
    this.#host.post({ type: "fault", index });
  }

  /** Moves the keyboard to a node. */
  focus(node: string): void {
    this.#canvas.viewport.reveal(node);
    this.#accessibleGraph.focus(node);
  }

  clear(): void {
    this.#toolbar.search.clear();
    this.select(null);
    this.#accessibleGraph.focus(null);
  }

  // Host messages

  #hear(message: HostNotification): void {
    switch (message.type) {
      case "graph": {
        const { graph, faults, stale } = message;
        if (JSON.stringify(graph) === JSON.stringify(this.#state.graph)) {
          this.#change({ faults, stale });
          return;
        }
        const same =
          graph !== null && this.#state.graph !== null && hasSameStructure(graph.nodes, this.#state.graph.nodes);
        this.#state = { ...this.#state, graph, faults, stale };
        if (graph === null) this.#change({ scene: null });
        else if (same) this.#change({ scene: this.#state.scene && withViews(this.#state.scene, graph.nodes) });
        else this.#arrange();
        return;
      }
      case "run": {
        const before = this.#state.run;
        this.#change({ run: message.run });
        const { sample, answer } = this.#state;
        const after = message.run?.samples.find(({ id }) => id === sample);
        const known = before?.samples.find(({ id }) => id === sample);
        const changed = JSON.stringify(after) !== JSON.stringify(known) || before?.status !== message.run?.status;
        if (sample !== null && (answer === null || changed)) this.#askSample();
        return;
      }
      case "cursor":
        if (message.node !== null && message.node !== this.#state.cursor && message.node !== this.#state.selected) {
          this.#canvas.viewport.reveal(message.node);
        }
        this.#change({ cursor: message.node });
    }
  }

  // Drawing

  #arrange(then?: () => void): void {
    const { graph, folded } = this.#state;
    if (!graph) return;
    const visible = fold(graph.nodes, folded);
    const show = (layout: Layout) => {
      this.#direction = layout.direction;
      this.#showLayout(visible, layout);
      then?.();
    };
    const { viewport } = this.#canvas;
    if (this.#direction === null) this.#arranger.arrangeToFit(visible.nodes, (size) => viewport.zoomToFit(size), show);
    else this.#arranger.arrange(visible.nodes, this.#direction, show);
  }

  #showLayout(visible: Folded, layout: Layout): void {
    const before = this.#state.scene;
    const scene = sceneOf(visible, layout);
    const anchor = before && before.direction === scene.direction ? this.#anchor(before, scene) : null;
    const { query, selected } = this.#state;
    this.#state = {
      ...this.#state,
      scene,
      direction: layout.direction,
      selected: selected !== null && scene.byId.has(selected) ? selected : null,
      matches: found(scene, query),
    };
    if (!anchor && !this.#placed) this.#place(scene);
    this.#draw();
    if (anchor) this.#canvas.viewport.keepInPlace(...anchor);
    if (!this.#placed) requestAnimationFrame(() => performance.mark("agentgraph first drawing"));
    this.#placed = true;
  }

  /** Places the graph at first: as before the reload, else so that it is visible. It is drawn afterwards, once. */
  #place(scene: Scene): void {
    this.#canvas.viewport.scene = scene;
    if (this.#kept.camera) this.#canvas.viewport.camera = this.#kept.camera;
    else this.#canvas.viewport.fit(false);
  }

  /** A node that stays in place while the layout changes: the selected one, else one in the middle. */
  #anchor(before: Scene, after: Scene): readonly [SceneNode, SceneNode] | null {
    const { selected } = this.#state;
    const chosen = (selected !== null ? before.byId.get(selected) : null) ?? this.#canvas.viewport.middle(before);
    const now = chosen && after.byId.get(chosen.id);
    return chosen && now ? [chosen, now] : null;
  }

  #change(part: Partial<State>): void {
    this.#state = { ...this.#state, ...part };
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const state = this.#state;
    this.#type.refresh(getComputedStyle(document.body).fontFamily);
    this.#toolbar.update(state);
    this.#faults.update(state);
    this.#panel.update(state);
    this.#strip.update(state.run);
    this.#accessibleGraph.update(state);
    const nothing =
      state.graph === null
        ? t("There is no graph to show yet.")
        : state.graph.nodes.length === 0
          ? t("This graph has no nodes yet.")
          : "";
    this.#empty.hidden = nothing === "";
    this.#empty.textContent = nothing;
    const { answer } = state;
    this.#canvas.show({
      ...state,
      output: state.graph?.output ?? "",
      matches: state.matches && new Set(state.matches),
      values: answer && new Map(answer.values.map(({ node, excerpt }) => [node, excerpt])),
      outcome: answer?.right == null ? null : answer.right ? "right" : "wrong",
    });
    this.#keep();
  }

  #keep(): void {
    const { selected, folded, sample, at, graph } = this.#state;
    if (!graph) return;
    this.#host.saveState({
      direction: this.#direction,
      selected,
      folded: [...folded],
      sample,
      at,
      camera: this.#canvas.viewport.chosen,
      overview: this.#overview,
      panel: this.#panelSize,
    });
  }

  #selectInDrawing(node: string | null): void {
    this.select(node);
    if (node !== null) this.#accessibleGraph.focus(node, true);
  }

  #askSample(): void {
    const { sample, at } = this.#state;
    if (sample === null || !this.#state.run) return;
    const use = (answer: SampleAnswer | null) => {
      if (this.#state.sample === sample && this.#state.at === at) this.#change({ answer });
    };
    this.#host.ask({ kind: "sample", sample, at }).then(use, () => use(null));
  }
}
