import { select } from "d3";
import { traitsOf } from "../../src/graph/node-kinds.ts";
import { s } from "../dom.ts";
import { lookOf } from "../format.ts";
import { proposedEdge } from "../graph/proposed-edge.ts";
import { type Bounds, edgeKey, related, type Scene, type SceneEdge, type SceneNode } from "../graph/scene.ts";
import { DrawnInParts } from "../in-parts.ts";
import type { NodeRunView, RunView } from "../protocol.ts";
import { type CardFace, type Detail, detailAt, drawCard } from "./card.ts";
import { badge, gradientCounts, Pulses } from "./marks.ts";
import type { Typesetter } from "./text.ts";
import { Viewport } from "./viewport.ts";

/** What the canvas shows, updated at every change. */
export interface CanvasView {
  readonly scene: Scene | null;
  readonly output: string;
  readonly run: RunView | null;
  readonly selected: string | null;
  readonly selectedEdge: { readonly source: string; readonly target: string } | null;
  /** Node at the cursor of the text editor. */
  readonly cursor: string | null;
  /** Node with the keyboard focus. */
  readonly focused: string | null;
  /** Search results; null without a search. */
  readonly matches: ReadonlySet<string> | null;
  /** First words of each node's value for the selected sample. */
  readonly values: ReadonlyMap<string, string> | null;
  readonly outcome: "right" | "wrong" | null;
}

export interface CanvasActions {
  readonly select: (node: string | null) => void;
  readonly selectEdge: (source: string, target: string) => void;
  readonly open: (node: string) => void;
  /** Called when the camera comes to rest. */
  readonly moved: () => void;
}

/** Maximum number of nodes and edges that one task adds: more are added by the next tasks, so that none takes 50 ms. */
const PART = { nodes: 100, edges: 200 } as const;

/** How a node is drawn, as far as a change concerns many nodes at once. There is one object for each form. */
interface NodeForm {
  readonly detail: Detail;
  readonly look: string;
}

/** Parts of an edge beside its line. */
interface EdgeParts {
  readonly hasHead: boolean;
  /** Whether a wider line takes clicks. */
  readonly isReachable: boolean;
}

/** An edge in a picture. */
const WHOLE: EdgeParts = { hasHead: true, isReachable: false };

/** The graph canvas: only what is in and around the viewport is in the document, in readable detail. */
export class GraphCanvas {
  readonly element: SVGSVGElement;
  readonly viewport: Viewport;
  readonly #world = s("g", { class: "world" });
  readonly #edges = s("g", { class: "edges" });
  readonly #proposed = s("g", { class: "proposed" });
  readonly #badges = s("g", { class: "badges" });
  readonly #nodes = s("g", { class: "nodes" });
  readonly #pulses: Pulses;
  /** What each element shows: its card, its classes, and the number of answers that fills its bar. */
  readonly #shown = new WeakMap<
    SVGGElement,
    { readonly face: CardFace; readonly look: string; readonly most: number }
  >();
  /** What each element was drawn from: its line and its parts. */
  readonly #edgeShapes = new WeakMap<SVGGElement, string>();
  readonly #nodeForms = new Map<string, NodeForm>();
  #view: CanvasView | null = null;
  #runs: ReadonlyMap<string, NodeRunView> = new Map();
  /** Elements in the document: nodes in their detail, and edges with their line. */
  readonly #nodeParts = new DrawnInParts<SceneNode, NodeForm>(PART.nodes, ({ id }) => id);
  readonly #edgeParts = new DrawnInParts<SceneEdge, string>(PART.edges, ({ key }) => key);
  #more: ReturnType<typeof setTimeout> | undefined;
  /** The part of the graph that is in the document. */
  #drawn: { readonly bounds: Bounds; readonly detail: Detail } | null = null;

  constructor(
    private readonly type: Typesetter,
    private readonly acts: CanvasActions,
  ) {
    const pulses = s("g", { class: "pulses" });
    this.#pulses = new Pulses(pulses);
    this.#world.append(this.#edges, this.#proposed, this.#badges, pulses, this.#nodes);
    this.element = s("svg", { class: "graph", "aria-hidden": "true" }, this.#world);
    this.viewport = new Viewport(
      this.element,
      () => this.#moved(),
      () => acts.moved(),
    );
    this.element.addEventListener("click", ({ target }) => this.#clicked(target));
    this.element.addEventListener("dblclick", ({ target }) => {
      const node = nodeAt(target);
      if (node !== null) acts.open(node);
    });
  }

  show(view: CanvasView): void {
    this.#view = view;
    this.#runs = new Map(view.run?.nodes.map((run) => [run.id, run]));
    if (view.scene) this.viewport.scene = view.scene;
    this.#draw();
    this.#pulses.update(view.run, view.scene, (key) =>
      this.#edges.querySelector<SVGPathElement>(`[data-key="${CSS.escape(key)}"] > .line`),
    );
  }

  /** Everything in full, for an export: the elements of each layer from below, drawn as they are asked for. */
  whole(scene: Scene): readonly (readonly [layer: string, elements: Iterable<SVGGElement>])[] {
    const view = this.#view;
    if (!view) return [];
    const [runs, type] = [this.#runs, this.type];
    const edges = function* () {
      for (const edge of scene.edges) {
        yield s("g", { class: edgeLook(edge, view.run, null, false), "data-key": edge.key }, ...edgeLines(edge, WHOLE));
      }
    };
    const nodes = function* () {
      for (const node of scene.nodes) {
        const run = runs.get(node.id);
        const group = s("g", {
          class: `${nodeLook(node, view, null, run)} ${nodeMarks(node, view)}`.trim(),
          transform: `translate(${node.x},${node.y})`,
        });
        group.append(...drawCard(faceOf(node, "full", view, run), type));
        yield group;
      }
    };
    return [
      ["edges", edges()],
      ["proposed", addedEdges(view.run, scene)],
      ["nodes", nodes()],
    ];
  }

  #moved(): void {
    const { transform } = this.viewport;
    this.#world.setAttribute("transform", transform.toString());
    const { left, top, right, bottom } = this.viewport.seen(0);
    const drawn = this.#drawn?.detail === detailAt(transform.k) ? this.#drawn.bounds : null;
    const isDrawn = drawn && left >= drawn.left && top >= drawn.top && right <= drawn.right && bottom <= drawn.bottom;
    if (!isDrawn) this.#draw();
  }

  #draw(): void {
    const view = this.#view;
    if (!view) return;
    const bounds = this.viewport.seen(0.6);
    const detail = detailAt(this.viewport.transform.k);
    this.#drawn = { bounds, detail };
    this.element.setAttribute("data-detail", detail);
    const lit = view.selected && view.scene?.byId.has(view.selected) ? related(view.scene, view.selected) : null;
    const isNear = (box: Bounds) =>
      box.left < bounds.right && box.right > bounds.left && box.top < bounds.bottom && box.bottom > bounds.top;
    const edges = view.scene?.edges.filter((edge) => isNear(edge.bounds)) ?? [];
    const nodes =
      view.scene?.nodes.filter(({ x, y, width, height }) =>
        isNear({ left: x, top: y, right: x + width, bottom: y + height }),
      ) ?? [];
    const edgesLeft = this.#drawEdges(view, lit, edges, detail);
    const isPartial = this.#drawNodes(view, lit, nodes, detail) || edgesLeft;
    clearTimeout(this.#more);
    this.#more = setTimeout(() => {
      this.#nodeParts.refill();
      this.#edgeParts.refill();
      if (isPartial) this.#draw();
    }, 0);
  }

  #clicked(target: EventTarget | null): void {
    const node = nodeAt(target);
    const edge = node === null ? this.#edgeAt(target) : undefined;
    if (edge) this.acts.selectEdge(edge.source, edge.target);
    else this.acts.select(node);
  }

  #edgeAt(target: EventTarget | null): SceneEdge | undefined {
    const key = target instanceof Element ? target.closest("[data-key]")?.getAttribute("data-key") : null;
    return key ? this.#view?.scene?.edges.find((edge) => edge.key === key) : undefined;
  }

  /** @returns whether further edges are left for the next task */
  #drawEdges(view: CanvasView, lit: ReadonlySet<string> | null, near: readonly SceneEdge[], detail: Detail): boolean {
    const counts = gradientCounts(view.run);
    const isRunning = view.run?.status === "running";
    // At the smallest size a head is less than a pixel.
    const parts = { hasHead: detail !== "block", isReachable: detail === "full" && near.length <= 400 };
    const shapeOf = ({ line }: SceneEdge) => `${parts.hasHead} ${parts.isReachable} ${line}`;
    const lookAt = (edge: SceneEdge) => edgeLook(edge, view.run, lit, isRunning && counts.has(edge.key));
    const { items, changed, isPartial } = this.#edgeParts.next(near, (edge) => `${lookAt(edge)};${shapeOf(edge)}`);
    const chosen = view.selectedEdge && edgeKey(view.selectedEdge.source, view.selectedEdge.target);
    const shapes = this.#edgeShapes;
    select(this.#edges)
      .selectAll<SVGGElement, SceneEdge>("g.edge")
      .data(items, (edge) => edge.key)
      .join("g")
      .each(function (edge) {
        if (changed.has(edge)) {
          setAttribute(this, "data-key", edge.key);
          setAttribute(this, "class", lookAt(edge));
          const shape = shapeOf(edge);
          if (shapes.get(this) !== shape) this.replaceChildren(...edgeLines(edge, parts));
          shapes.set(this, shape);
        }
        this.classList.toggle("selected", edge.key === chosen);
      });
    this.#proposed.replaceChildren(...addedEdges(view.run, view.scene));
    const badges = detail === "full" || detail === "name" ? items.filter((edge) => counts.has(edge.key)) : [];
    select(this.#badges)
      .selectAll<SVGGElement, SceneEdge>("g.badge")
      .data(badges, (edge) => edge.key)
      .join("g")
      .each(function (edge) {
        setAttribute(this, "class", edge.key === chosen ? "badge selected" : "badge");
        setAttribute(this, "data-key", edge.key);
        this.replaceChildren(...badge(edge, counts.get(edge.key) ?? 0));
      });
    return isPartial;
  }

  /** @returns whether further nodes are left for the next task */
  #drawNodes(view: CanvasView, lit: ReadonlySet<string> | null, near: readonly SceneNode[], detail: Detail): boolean {
    const formOf = (node: SceneNode) => this.#formOf(detail, nodeLook(node, view, lit, this.#runs.get(node.id)));
    const { items: nodes, isPartial } = this.#nodeParts.next(near, formOf);
    const most = Math.max(
      1,
      ...[...this.#runs.values()].map(({ forward, forwardInFlight }) => forward + forwardInFlight),
    );
    const draw = (group: SVGGElement, node: SceneNode) => {
      const form = this.#nodeParts.form(node) ?? formOf(node);
      const look = `${form.look} ${nodeMarks(node, view)}`.trim();
      const face = faceOf(node, form.detail, view, this.#runs.get(node.id));
      const before = this.#shown.get(group);
      if (before && before.look === look && before.most === most && sameFace(before.face, face)) return;
      setAttribute(group, "data-id", node.id);
      setAttribute(group, "transform", `translate(${node.x},${node.y})`);
      setAttribute(group, "class", look);
      this.#drawFace(group, before?.face, face, most);
      this.#shown.set(group, { face, look, most });
    };
    select(this.#nodes)
      .selectAll<SVGGElement, SceneNode>("g.node")
      .data(nodes, (node) => node.id)
      .join("g")
      .each(function (node) {
        draw(this, node);
      });
    return isPartial;
  }

  #formOf(detail: Detail, look: string): NodeForm {
    const key = `${detail} ${look}`;
    const form = this.#nodeForms.get(key) ?? { detail, look };
    this.#nodeForms.set(key, form);
    return form;
  }

  #drawFace(group: SVGGElement, before: CardFace | undefined, face: CardFace, most: number): void {
    const { node, run, detail } = face;
    const isBox = detail === "block";
    const bar = isBox
      ? undefined
      : (group.querySelector<SVGRectElement>(":scope > .bar") ?? s("rect", { class: "bar", x: 8, height: 3, rx: 1.5 }));
    if (!before || !looksAlike(before, face)) {
      bar?.setAttribute("y", String(node.height - 4.5));
      group.replaceChildren(...drawCard(face, this.type, bar));
    }
    const share = traitsOf(node.view).reads && run ? run.forward / most : 0;
    bar?.style.setProperty("width", `${Math.round(share * (node.width - 16))}px`);
  }
}

/** Search results and the selection stay highlighted. */
function isDim(id: string, { matches }: CanvasView, lit: ReadonlySet<string> | null): boolean {
  return !matches?.has(id) && (lit === null ? matches !== null : !lit.has(id));
}

function faceOf(node: SceneNode, detail: Detail, view: CanvasView, run: NodeRunView | undefined): CardFace {
  const isOutput = node.id === view.output;
  // A box shows nothing of a run, of which each update concerns all that are in the window.
  if (detail === "block") return { node, detail, isOutput, run: null, value: null, outcome: null };
  return {
    node,
    detail,
    isOutput,
    run: run ?? null,
    value: view.values?.get(node.id) ?? null,
    outcome: isOutput ? view.outcome : null,
  };
}

function edgeLines({ line, head }: SceneEdge, { hasHead, isReachable }: EdgeParts): SVGElement[] {
  return [
    s("path", { class: "line", d: line }),
    ...(hasHead ? [s("path", { class: "head", d: head })] : []),
    ...(isReachable ? [s("path", { class: "hit", d: line })] : []),
  ];
}

function isDropped(run: RunView | null, { source, target }: SceneEdge): boolean {
  const proposed = run?.proposedEdges ?? [];
  return proposed.some((one) => one.change === "dropped" && one.source === source && one.target === target);
}

/** Edges that a run proposes to add. */
function addedEdges(run: RunView | null, scene: Scene | null): SVGGElement[] {
  const added = (run?.proposedEdges ?? []).filter(({ change }) => change === "added");
  return added.flatMap(({ source, target }) => {
    const [from, to] = [scene?.byId.get(source), scene?.byId.get(target)];
    if (!from || !to || !scene) return [];
    const { line, head } = proposedEdge(from, to, scene);
    return [
      s("g", { class: "edge added" }, s("path", { class: "line", d: line }), s("path", { class: "head", d: head })),
    ];
  });
}

/** Classes of an edge that change for many edges at once. */
function edgeLook(
  edge: SceneEdge,
  run: RunView | null,
  lit: ReadonlySet<string> | null,
  hasGradients: boolean,
): string {
  const isLit = lit?.has(edge.source) && lit.has(edge.target);
  return classes("edge", {
    input: edge.fromInput,
    lit: isLit,
    dim: lit !== null && !isLit,
    gradients: hasGradients,
    dropped: isDropped(run, edge),
  });
}

/** Classes of a node that change for many nodes at once. */
function nodeLook(
  { id, view: { kind } }: SceneNode,
  view: CanvasView,
  lit: ReadonlySet<string> | null,
  run: NodeRunView | undefined,
): string {
  return classes(`node ${kind} ${run?.verdict ? lookOf(run.verdict) : ""}`, {
    match: view.matches?.has(id),
    dim: isDim(id, view, lit),
    busy: run && run.forwardInFlight + run.backwardInFlight + run.optimizerInFlight > 0,
  });
}

/** Classes that few nodes have at a time. */
function nodeMarks({ id }: SceneNode, { output, selected, cursor, focused }: CanvasView): string {
  return classes("", {
    output: id === output,
    selected: id === selected,
    cursor: id === cursor,
    focused: id === focused,
  });
}

function classes(base: string, states: Readonly<Record<string, boolean | null | undefined>>): string {
  return [base.trim(), ...Object.keys(states).filter((name) => states[name])].join(" ").trim();
}

function nodeAt(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest("[data-id]")?.getAttribute("data-id") ?? null) : null;
}

/** Whether two cards show the same. Their parts are replaced and never changed. */
function sameFace(a: CardFace, b: CardFace): boolean {
  return (
    a.node === b.node && a.run === b.run && a.detail === b.detail && a.value === b.value && a.outcome === b.outcome
  );
}

function looksAlike(a: CardFace, b: CardFace): boolean {
  const words = ({ node: { view, width, height, folded }, ...rest }: CardFace) =>
    JSON.stringify([rest, view, width, height, folded]);
  return words(a) === words(b);
}

/** Sets an attribute if its value differs, because browsers also process equal values. */
function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
