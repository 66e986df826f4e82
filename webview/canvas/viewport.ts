import { select, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from "d3";
import { prefersReducedMotion } from "../dom.ts";
import type { Bounds, Scene, SceneNode } from "../graph/scene.ts";

export type Camera = readonly [x: number, y: number, zoom: number];

interface Size {
  readonly width: number;
  readonly height: number;
}

const ZOOM = { least: 0.02, most: 3, fit: 1.15, read: 0.9 };
const PAD = 28;
/** Minimum zoom at which a whole graph is shown at first. Larger graphs start at their beginning. */
const LEAST_AT_START = { fit: 0.13, zoom: 0.6 };
/** Milliseconds after a press in which the drawing holds still, so that a double-click meets one node. */
const DOUBLE_CLICK = 500;

/** The visible part of the graph. */
export class Viewport {
  readonly #zoom = zoom<SVGSVGElement, unknown>().scaleExtent([ZOOM.least, ZOOM.most]);
  #scene: Scene | null = null;
  /** Whether the user has not moved the graph, so that it is fitted again when the window changes. */
  #untouched = true;
  /** The last revealed node. null once the user has moved the graph. */
  #revealed: string | null = null;
  /** Whether the user asked for the whole graph, however large. */
  #wantsWhole = false;
  /** Whether the whole graph was fitted into the window, not its beginning. */
  #isWhole = false;
  /** As last observed: to ask the element lays the whole page out. null before. */
  #known: Size | null = null;
  #pressedAt = Number.NEGATIVE_INFINITY;
  #refitting = 0;

  /** @param moved called at each move and each change of the window's size @param rested called at the end of a move */
  constructor(
    private readonly svg: SVGSVGElement,
    moved: () => void,
    rested: () => void,
  ) {
    this.#zoom
      .on("zoom", ({ sourceEvent }: { sourceEvent: unknown }) => {
        if (sourceEvent) {
          this.#untouched = false;
          this.#revealed = null;
        }
        moved();
      })
      .on("end", rested);
    this.#zoom.extent(() => {
      const { width, height } = this.#size();
      return [
        [0, 0],
        [width, height],
      ];
    });
    select(svg).call(this.#zoom).on("dblclick.zoom", null);
    svg.addEventListener("pointerdown", () => (this.#pressedAt = performance.now()), { capture: true });
    new ResizeObserver(() => {
      this.#known = this.#measured();
      if (this.#untouched && this.#revealed === null) return this.fit(this.#wantsWhole, false);
      moved();
      if (this.#revealed === null) return;
      this.reveal(this.#revealed);
      this.#refit(false);
    }).observe(svg);
  }

  /** Fits a graph again that the user has not moved: its selected node took space for the details panel. */
  #refit(smooth: boolean): void {
    clearTimeout(this.#refitting);
    const scene = this.#scene;
    if (!scene || !this.#untouched || !this.#isWhole || this.zoomToFit(scene) < LEAST_AT_START.fit) return;
    const wait = this.#pressedAt + DOUBLE_CLICK - performance.now();
    if (wait > 0) this.#refitting = window.setTimeout(() => this.#refit(true), wait);
    else this.#move(this.#centered(scene), smooth);
  }

  #centered(scene: Scene): Camera {
    const { width, height } = this.#size();
    const k = Math.max(this.zoomToFit(scene), ZOOM.least);
    return [(width - scene.width * k) / 2, (height - scene.height * k) / 2, k];
  }

  /** The shown graph. It can be moved only so far that it can be found again. */
  set scene(scene: Scene) {
    if (scene === this.#scene) return;
    this.#scene = scene;
    const { width, height } = scene;
    const [x, y] = [Math.max(2000, width), Math.max(2000, height)];
    this.#zoom.translateExtent([
      [-x, -y],
      [width + x, height + y],
    ]);
  }

  get transform(): ZoomTransform {
    return zoomTransform(this.svg);
  }

  get camera(): Camera {
    const { x, y, k } = this.transform;
    return [x, y, k];
  }

  /** The camera that the user chose. null while the graph is fitted into the window. */
  get chosen(): Camera | null {
    return this.#untouched ? null : this.camera;
  }

  set camera(camera: Camera) {
    this.#untouched = false;
    this.#move(camera, false);
  }

  /** The zoom at which a drawing of this size fills the window. */
  zoomToFit({ width, height }: Size): number {
    const room = this.#size();
    return Math.min((room.width - PAD) / width, (room.height - PAD) / height, ZOOM.fit);
  }

  /** Shows the whole graph, or at first the beginning of a very large one. */
  fit(whole: boolean, smooth = whole): void {
    this.#untouched = true;
    this.#revealed = null;
    this.#wantsWhole = whole;
    const scene = this.#scene;
    if (!scene) return;
    this.#isWhole = whole || this.zoomToFit(scene) >= LEAST_AT_START.fit;
    if (this.#isWhole) {
      this.#move(this.#centered(scene), smooth);
      return;
    }
    const { width, height } = this.#size();
    const first = scene.nodes.find(({ layer }) => layer === 0);
    if (!first) return;
    const down = scene.direction === "down";
    const zoomed = LEAST_AT_START.zoom;
    const x = down ? width / 2 - (first.x + first.width / 2) * zoomed : PAD;
    const y = down ? PAD : height / 2 - (first.y + first.height / 2) * zoomed;
    this.#move([x, y, zoomed], false);
  }

  zoomBy(factor: number): void {
    this.#untouched = false;
    const svg = select(this.svg);
    if (prefersReducedMotion()) svg.call(this.#zoom.scaleBy, factor);
    else svg.transition().duration(120).call(this.#zoom.scaleBy, factor);
  }

  /** Moves a node into the window without changing the zoom. A visible node stays where it is. */
  reveal(id: string): void {
    const node = this.#scene?.byId.get(id);
    if (!node) return;
    this.#revealed = id;
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
    if (!this.#isWhole) this.#untouched = false;
    this.#move([x + dx, y + dy, k], true);
  }

  /** Centers a node in the window at a readable zoom. */
  goTo(id: string): void {
    const node = this.#scene?.byId.get(id);
    if (!node) return;
    this.#revealed = id;
    this.#untouched = false;
    const { width, height } = this.#size();
    const k = Math.max(this.transform.k, ZOOM.read);
    this.#move([width / 2 - (node.x + node.width / 2) * k, height / 2 - (node.y + node.height / 2) * k, k], true);
  }

  /** Forgets the revealed node, so that it may leave the window. */
  release(): void {
    this.#revealed = null;
  }

  /** Keeps the position of a node on the screen after a new layout. */
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

  #size(): Size {
    return this.#known ?? this.#measured();
  }

  #measured(): Size {
    const { clientWidth, clientHeight } = this.svg;
    return { width: clientWidth || 800, height: clientHeight || 600 };
  }

  #move([x, y, k]: Camera, smooth: boolean): void {
    const target = zoomIdentity.translate(x, y).scale(k);
    const svg = select(this.svg);
    if (smooth && !prefersReducedMotion()) svg.transition().duration(200).call(this.#zoom.transform, target);
    else svg.call(this.#zoom.transform, target);
  }

  /** The part of the graph in the window, extended by `around` times the window on each side. */
  seen(around: number): Bounds {
    const { x, y, k } = this.transform;
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
}
