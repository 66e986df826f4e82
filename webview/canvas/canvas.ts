import { select, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from "d3";
import { prefersStill, s } from "../dom.ts";
import { type Bounds, edgeKey, related, type Scene, type SceneEdge, type SceneNode } from "../graph/scene.ts";
import type { NodeRunView, RunView } from "../protocol.ts";
import { type CardFace, type Detail, detailAt, drawCard } from "./card.ts";
import { badge, gradientCounts, Pulses } from "./marks.ts";
import type { Typesetter } from "./text.ts";

/** What the canvas shows; the page gives it anew whenever something has changed. */
export interface CanvasView {
  readonly scene: Scene | null;
  readonly output: string;
  readonly run: RunView | null;
  readonly selected: string | null;
  readonly selectedEdge: { readonly source: string; readonly target: string } | null;
  /** Node in which the text cursor stands. */
  readonly cursor: string | null;
  /** Node that has the keyboard. */
  readonly focused: string | null;
  /** Found by the search; null where nothing is searched. */
  readonly matches: ReadonlySet<string> | null;
  /** First words of each node's value for the sample that is looked at. */
  readonly values: ReadonlyMap<string, string> | null;
  readonly outcome: "right" | "wrong" | null;
}

export interface CanvasActs {
  readonly select: (node: string | null) => void;
  readonly selectEdge: (source: string, target: string) => void;
  readonly open: (node: string) => void;
  /** The camera came to rest. */
  readonly moved: () => void;
}

export type Camera = readonly [x: number, y: number, zoom: number];

const ZOOM = { least: 0.02, most: 3, fit: 1.15 };
const PAD = 28;
/** A graph that would be smaller than this starts at its beginning instead of as a whole. */
const LEAST_AT_START = 0.13;

/** The drawing: only what lies in and around the window is in the document, in as much detail as can be read. */
export class GraphCanvas {
  readonly element: SVGSVGElement;
  readonly #world = s("g", { class: "world" });
  readonly #edges = s("g", { class: "edges" });
  readonly #badges = s("g", { class: "badges" });
  readonly #nodes = s("g", { class: "nodes" });
  readonly #pulses: Pulses;
  readonly #zoom = zoom<SVGSVGElement, unknown>().scaleExtent([ZOOM.least, ZOOM.most]);
  readonly #faces = new WeakMap<SVGGElement, string>();
  #view: CanvasView | null = null;
  #runs: ReadonlyMap<string, NodeRunView> = new Map();
  /** The user has not moved the drawing yet: it is fitted anew when the window changes. */
  #untouched = true;
  /** What is in the document now. */
  #drawn: { readonly bounds: Bounds; readonly detail: Detail } | null = null;

  constructor(
    private readonly type: Typesetter,
    private readonly acts: CanvasActs,
  ) {
    const pulses = s("g", { class: "pulses" });
    this.#pulses = new Pulses(pulses);
    this.#world.append(this.#edges, this.#badges, pulses, this.#nodes);
    this.element = s("svg", { class: "graph", "aria-hidden": "true" }, this.#world);
    this.#zoom
      .on("zoom", ({ transform, sourceEvent }: { transform: ZoomTransform; sourceEvent: unknown }) => {
        if (sourceEvent) this.#untouched = false;
        this.#world.setAttribute("transform", transform.toString());
        if (this.#needsRedraw(transform)) this.#draw();
      })
      .on("end", () => acts.moved());
    select(this.element)
      .call(this.#zoom)
      .on("dblclick.zoom", null)
      .on("click", () => acts.select(null));
    new ResizeObserver(() => (this.#untouched ? this.fit(false) : this.#draw())).observe(this.element);
  }

  show(view: CanvasView): void {
    const sceneChanged = view.scene !== this.#view?.scene;
    this.#view = view;
    this.#runs = new Map(view.run?.nodes.map((run) => [run.id, run]));
    if (sceneChanged && view.scene) {
      const { width, height } = view.scene;
      const [x, y] = [Math.max(2000, width), Math.max(2000, height)];
      this.#zoom.translateExtent([
        [-x, -y],
        [width + x, height + y],
      ]);
    }
    this.#draw();
    this.#pulses.update(view.run, view.scene, (key) =>
      this.#edges.querySelector<SVGPathElement>(`[data-key="${CSS.escape(key)}"] > .line`),
    );
  }

  get camera(): Camera {
    const { x, y, k } = zoomTransform(this.element);
    return [x, y, k];
  }

  set camera([x, y, k]: Camera) {
    this.#untouched = false;
    select(this.element).call(this.#zoom.transform, zoomIdentity.translate(x, y).scale(k));
  }

  /** The zoom at which a drawing of this size fills the window. */
  zoomToFit({ width, height }: { readonly width: number; readonly height: number }): number {
    const room = this.#size();
    return Math.min((room.width - PAD) / width, (room.height - PAD) / height, ZOOM.fit);
  }

  /** The whole drawing, or at first the beginning of a very large one. */
  fit(whole: boolean): void {
    this.#untouched = true;
    const scene = this.#view?.scene;
    if (!scene) return;
    const { width, height } = this.#size();
    const k = this.zoomToFit(scene);
    if (whole || k >= LEAST_AT_START) {
      this.#move([(width - scene.width * k) / 2, (height - scene.height * k) / 2, Math.max(k, ZOOM.least)], whole);
      return;
    }
    const first = scene.nodes.find(({ layer }) => layer === 0);
    if (!first) return;
    const down = scene.direction === "down";
    const zoomed = 0.6;
    const x = down ? width / 2 - (first.x + first.width / 2) * zoomed : PAD;
    const y = down ? PAD : height / 2 - (first.y + first.height / 2) * zoomed;
    this.#move([x, y, zoomed], false);
  }

  zoomBy(factor: number): void {
    this.#untouched = false;
    const svg = select(this.element);
    if (prefersStill()) svg.call(this.#zoom.scaleBy, factor);
    else svg.transition().duration(120).call(this.#zoom.scaleBy, factor);
  }

  /** Brings a node into the window without changing the zoom; one that is visible stays where it is. */
  reveal(id: string): void {
    const node = this.#view?.scene?.byId.get(id);
    if (!node) return;
    const { width, height } = this.#size();
    const [x, y, k] = this.camera;
    const by = (start: number, size: number, room: number) => {
      const margin = Math.min(PAD, Math.max(0, (room - size) / 2));
      if (start < margin) return margin - start;
      return start + size > room - margin ? Math.max(room - margin - size, margin) - start : 0;
    };
    const dx = by(node.x * k + x, node.width * k, width);
    const dy = by(node.y * k + y, node.height * k, height);
    if (dx === 0 && dy === 0) return;
    this.#untouched = false;
    this.#move([x + dx, y + dy, k], true);
  }

  /** Keeps a node where it is on the screen though the drawing has changed around it. */
  keepInPlace(before: SceneNode, after: SceneNode): void {
    const [x, y, k] = this.camera;
    this.camera = [x + (before.x - after.x) * k, y + (before.y - after.y) * k, k];
  }

  /** The node nearest to the middle of the window. */
  middle(scene: Scene): SceneNode | null {
    const { width, height } = this.#size();
    const [x, y, k] = this.camera;
    const [cx, cy] = [(width / 2 - x) / k, (height / 2 - y) / k];
    const distance = (node: SceneNode) => Math.hypot(node.x + node.width / 2 - cx, node.y + node.height / 2 - cy);
    return scene.nodes.reduce<SceneNode | null>(
      (best, node) => (best && distance(best) <= distance(node) ? best : node),
      null,
    );
  }

  /** Draws everything in full, for an export. The caller removes it. */
  drawWhole(scene: Scene, into: SVGGElement): void {
    const view = this.#view;
    if (!view) return;
    const edges = s("g", { class: "edges" }, ...scene.edges.map((edge) => edgeElement(edge, false)));
    const nodes = scene.nodes.map((node) => {
      const group = s("g", {
        class: nodeClass(node, view, null, this.#runs.get(node.id)),
        transform: `translate(${node.x},${node.y})`,
      });
      group.append(...drawCard(this.#face(node, "full"), this.type));
      return group;
    });
    into.append(edges, s("g", { class: "nodes" }, ...nodes));
  }

  #size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.element;
    return { width: clientWidth || 800, height: clientHeight || 600 };
  }

  #move([x, y, k]: Camera, smooth: boolean): void {
    const target = zoomIdentity.translate(x, y).scale(k);
    const svg = select(this.element);
    if (smooth && !prefersStill()) svg.transition().duration(200).call(this.#zoom.transform, target);
    else svg.call(this.#zoom.transform, target);
  }

  #window({ x, y, k }: ZoomTransform, around: number): Bounds {
    const { width, height } = this.#size();
    const [w, h] = [width / k, height / k];
    const [left, top] = [-x / k, -y / k];
    return {
      left: left - w * around,
      top: top - h * around,
      right: left + w * (1 + around),
      bottom: top + h * (1 + around),
    };
  }

  #needsRedraw(transform: ZoomTransform): boolean {
    if (!this.#drawn || this.#drawn.detail !== detailAt(transform.k)) return true;
    const { left, top, right, bottom } = this.#window(transform, 0);
    const { bounds } = this.#drawn;
    return left < bounds.left || top < bounds.top || right > bounds.right || bottom > bounds.bottom;
  }

  #draw(): void {
    const view = this.#view;
    if (!view) return;
    const transform = zoomTransform(this.element);
    const bounds = this.#window(transform, 0.6);
    const detail = detailAt(transform.k);
    this.#drawn = { bounds, detail };
    this.element.setAttribute("data-detail", detail);
    const lit = view.selected && view.scene?.byId.has(view.selected) ? related(view.scene, view.selected) : null;
    const isNear = (box: Bounds) =>
      box.left < bounds.right && box.right > bounds.left && box.top < bounds.bottom && box.bottom > bounds.top;
    this.#drawEdges(view, lit, view.scene?.edges.filter((edge) => isNear(edge.bounds)) ?? [], detail);
    this.#drawNodes(
      view,
      lit,
      view.scene?.nodes.filter(({ x, y, width, height }) =>
        isNear({ left: x, top: y, right: x + width, bottom: y + height }),
      ) ?? [],
      detail,
    );
  }

  #drawEdges(view: CanvasView, lit: ReadonlySet<string> | null, edges: readonly SceneEdge[], detail: Detail): void {
    const counts = gradientCounts(view.run);
    const isRunning = view.run?.status === "running";
    const chosen = view.selectedEdge && edgeKey(view.selectedEdge.source, view.selectedEdge.target);
    const reachable = detail === "full" && edges.length <= 400;
    select(this.#edges)
      .selectAll<SVGGElement, SceneEdge>("g.edge")
      .data(edges, (edge) => edge.key)
      .join((enter) => enter.append((edge) => edgeElement(edge, true)))
      .each(function (edge) {
        const [line, head, hit] = this.children;
        if (line?.getAttribute("d") !== edge.line) {
          line?.setAttribute("d", edge.line);
          head?.setAttribute("d", edge.head);
          hit?.setAttribute("d", edge.line);
        }
      })
      .attr("class", (edge) => edgeClass(edge, lit, isRunning && counts.has(edge.key), edge.key === chosen, reachable))
      .on("click", (event: Event, edge) => {
        event.stopPropagation();
        this.acts.selectEdge(edge.source, edge.target);
      });
    const badges = detail === "full" || detail === "name" ? edges.filter((edge) => counts.has(edge.key)) : [];
    select(this.#badges)
      .selectAll<SVGGElement, SceneEdge>("g.badge")
      .data(badges, (edge) => edge.key)
      .join("g")
      .attr("class", (edge) => (edge.key === chosen ? "badge selected" : "badge"))
      .each(function (edge) {
        this.replaceChildren(...badge(edge, counts.get(edge.key) ?? 0));
      })
      .on("click", (event: Event, edge) => {
        event.stopPropagation();
        this.acts.selectEdge(edge.source, edge.target);
      });
  }

  #drawNodes(view: CanvasView, lit: ReadonlySet<string> | null, nodes: readonly SceneNode[], detail: Detail): void {
    const most = Math.max(
      1,
      ...(view.run?.nodes.map(({ forward, forwardInFlight }) => forward + forwardInFlight) ?? []),
    );
    const draw = (group: SVGGElement, node: SceneNode) => this.#drawNode(group, node, most, detail);
    select(this.#nodes)
      .selectAll<SVGGElement, SceneNode>("g.node")
      .data(nodes, (node) => node.id)
      .join("g")
      .attr("data-id", (node) => node.id)
      .attr("transform", (node) => `translate(${node.x},${node.y})`)
      .attr("class", (node) => nodeClass(node, view, lit, this.#runs.get(node.id)))
      .each(function (node) {
        draw(this, node);
      })
      .on("click", (event: Event, node) => {
        event.stopPropagation();
        this.acts.select(node.id);
      })
      .on("dblclick", (event: Event, node) => {
        event.stopPropagation();
        this.acts.open(node.id);
      });
  }

  #drawNode(group: SVGGElement, node: SceneNode, most: number, detail: Detail): void {
    const face = this.#face(node, detail);
    const { x: _x, y: _y, layer: _layer, ...look } = node;
    const wanted = JSON.stringify({ ...face, node: look });
    let bar = group.querySelector<SVGRectElement>(":scope > .bar");
    if (this.#faces.get(group) !== wanted) {
      bar ??= s("rect", { class: "bar", x: 8, height: 3, rx: 1.5 });
      bar.setAttribute("y", String(node.height - 4.5));
      group.replaceChildren(...drawCard(face, this.type, bar));
      this.#faces.set(group, wanted);
    }
    const share = node.view.kind === "llm" && face.run && detail !== "block" ? face.run.forward / most : 0;
    bar?.style.setProperty("width", `${Math.round(share * (node.width - 16))}px`);
  }

  #face(node: SceneNode, detail: Detail): CardFace {
    const view = this.#view;
    const isOutput = node.id === view?.output;
    return {
      node,
      detail,
      isOutput,
      run: this.#runs.get(node.id) ?? null,
      value: view?.values?.get(node.id) ?? null,
      outcome: isOutput ? (view?.outcome ?? null) : null,
    };
  }
}

function edgeElement(edge: SceneEdge, reachable: boolean): SVGGElement {
  const group = s(
    "g",
    { class: edgeClass(edge, null, false, false, false), "data-key": edge.key },
    s("path", { class: "line", d: edge.line }),
    s("path", { class: "head", d: edge.head }),
  );
  if (reachable) group.append(s("path", { class: "hit", d: edge.line }));
  return group;
}

function edgeClass(
  edge: SceneEdge,
  lit: ReadonlySet<string> | null,
  hasGradients: boolean,
  chosen: boolean,
  reachable: boolean,
): string {
  const isLit = lit?.has(edge.source) && lit.has(edge.target);
  const states = {
    input: edge.fromInput,
    lit: isLit,
    dim: lit !== null && !isLit,
    gradients: hasGradients,
    selected: chosen,
    reachable,
  };
  return classes("edge", states);
}

function nodeClass(
  node: SceneNode,
  view: CanvasView,
  lit: ReadonlySet<string> | null,
  run: NodeRunView | undefined,
): string {
  const isMatch = view.matches?.has(node.id) ?? false;
  const flying = run && run.forwardInFlight + run.backwardInFlight + run.optimizerInFlight > 0;
  return classes(`node ${node.view.kind} ${run?.verdict?.decision ?? ""}`, {
    output: node.id === view.output,
    selected: node.id === view.selected,
    cursor: node.id === view.cursor,
    focused: node.id === view.focused,
    match: isMatch,
    dim: (lit !== null && !lit.has(node.id)) || (view.matches !== null && !isMatch),
    busy: flying,
  });
}

function classes(base: string, states: Readonly<Record<string, boolean | null | undefined>>): string {
  return [base.trim(), ...Object.keys(states).filter((name) => states[name])].join(" ");
}
