import { group, least, path } from "d3";
import type { Layout, PlacedEdge, PlacedNode } from "../../src/graph/layout/layout.ts";
import type { Direction } from "../../src/graph/layout/node.ts";
import type { NodeView } from "../protocol.ts";
import type { Folded } from "./fold.ts";

/** A layout with derived data that is used often, computed once. */
export interface Scene {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly SceneNode[];
  readonly edges: readonly SceneEdge[];
  readonly byId: ReadonlyMap<string, SceneNode>;
  /** Neighbours along the drawn edges. */
  readonly readsFrom: ReadonlyMap<string, readonly string[]>;
  readonly feeds: ReadonlyMap<string, readonly string[]>;
}

export interface SceneNode extends PlacedNode {
  readonly view: NodeView;
  /** Number of collapsed nodes that it stands for. */
  readonly folded: number;
}

export interface SceneEdge {
  readonly key: string;
  readonly source: string;
  readonly target: string;
  /** Whether the edge comes from a graph input and is drawn lighter. */
  readonly fromInput: boolean;
  /** Path data of the line, ending where the arrowhead starts, and of the arrowhead. */
  readonly line: string;
  readonly head: string;
  /** Position of its badge. */
  readonly middle: readonly [x: number, y: number];
  readonly bounds: Bounds;
}

export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Pixels of an arrowhead. */
export const HEAD = { length: 8, width: 7 };

export function sceneOf({ nodes, hidden }: Folded, layout: Layout): Scene {
  const views = new Map(nodes.map((view) => [view.id, view]));
  const placed = layout.nodes.flatMap((box): SceneNode[] => {
    const view = views.get(box.id);
    return view ? [{ ...box, view, folded: hidden.get(box.id)?.length ?? 0 }] : [];
  });
  const readsFrom = new Map<string, string[]>();
  const feeds = new Map<string, string[]>();
  for (const { source, target } of layout.edges) {
    readsFrom.set(target, [...(readsFrom.get(target) ?? []), source]);
    const fed = feeds.get(source);
    if (fed) fed.push(target);
    else feeds.set(source, [target]);
  }
  return {
    direction: layout.direction,
    width: layout.width,
    height: layout.height,
    nodes: placed,
    edges: [...group(layout.edges, ({ target }) => target).values()].flatMap((edges) =>
      inPortOrder(edges, layout.direction).map((edge, i) => ({
        ...lineOf(edge, layout.direction),
        fromInput: views.get(edge.source)?.kind === "input",
        // Badges of neighbours are at different heights, so that they do not hide each other.
        middle: along(edge, layout.direction, edges.length === 1 ? 0.5 : i % 2 === 0 ? 0.24 : 0.76),
      })),
    ),
    byId: new Map(placed.map((node) => [node.id, node])),
    readsFrom,
    feeds,
  };
}

export const edgeKey = (source: string, target: string) => `${source}\n${target}`;

function inPortOrder(edges: readonly PlacedEdge[], direction: Direction): PlacedEdge[] {
  const port = ({ path: pieces }: PlacedEdge) => pieces.at(-1)?.[direction === "down" ? 6 : 7] ?? 0;
  return edges.toSorted((a, b) => port(a) - port(b));
}

/** A point on the last bend of an edge, where edges are easiest to distinguish. @param t position from 0 to 1 */
function along({ path: pieces }: PlacedEdge, direction: Direction, t: number): [x: number, y: number] {
  const bend = pieces.findLast((piece) => (direction === "down" ? piece[0] !== piece[6] : piece[1] !== piece[7]));
  const [x0, y0, x1, y1, x2, y2, x3, y3] = bend ?? pieces.at(-1)!;
  const u = 1 - t;
  const at = (a: number, b: number, c: number, d: number) =>
    u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
  return [at(x0, x1, x2, x3), at(y0, y1, y2, y3)];
}

function lineOf({ source, target, path: pieces }: PlacedEdge, direction: Direction) {
  const down = direction === "down";
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const [endX, endY] = [last[6], last[7]];
  const line = path();
  line.moveTo(first[0], first[1]);
  for (const piece of pieces) {
    const [x0, y0, x1, y1, x2, y2, x, y] = piece;
    const short = piece === last ? HEAD.length : 0;
    const [toX, toY] = [down ? x : x - short, down ? y - short : y];
    if (down ? x0 === x : y0 === y) line.lineTo(toX, toY);
    else line.bezierCurveTo(x1, y1, x2, y2, toX, toY);
  }
  const head = path();
  const half = HEAD.width / 2;
  head.moveTo(endX, endY);
  if (down) {
    head.lineTo(endX - half, endY - HEAD.length);
    head.lineTo(endX + half, endY - HEAD.length);
  } else {
    head.lineTo(endX - HEAD.length, endY - half);
    head.lineTo(endX - HEAD.length, endY + half);
  }
  head.closePath();
  const xs = pieces.flatMap((piece) => [piece[0], piece[6]]);
  const ys = pieces.flatMap((piece) => [piece[1], piece[7]]);
  return {
    key: edgeKey(source, target),
    source,
    target,
    line: line.toString(),
    head: head.toString(),
    bounds: { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) },
  };
}

/** Whether two graphs have the same layout and differ only in texts. */
export function hasSameStructure(a: readonly NodeView[], b: readonly NodeView[]): boolean {
  const shape = (nodes: readonly NodeView[]) => JSON.stringify(nodes.map(({ id, kind, inputs }) => [id, kind, inputs]));
  return shape(a) === shape(b);
}

/** The same layout with new texts: nothing moves. */
export function withViews(scene: Scene, nodes: readonly NodeView[]): Scene {
  const views = new Map(nodes.map((view) => [view.id, view]));
  const changed = scene.nodes.map((node) => ({ ...node, view: views.get(node.id) ?? node.view }));
  return { ...scene, nodes: changed, byId: new Map(changed.map((node) => [node.id, node])) };
}

/** Ids of the nodes that match a search, in the order of the file. null without a search. */
export function found(scene: Scene | null, query: string): readonly string[] | null {
  const wanted = query.trim().toLowerCase();
  if (wanted === "" || !scene) return null;
  const fits = ({ view }: SceneNode) =>
    [view.id, view.role, view.excerpt, view.model].some((words) => words.toLowerCase().includes(wanted));
  return scene.nodes.filter(fits).map(({ id }) => id);
}

/** Ids of a node, its ancestors and its descendants. */
export function related(scene: Scene, id: string): ReadonlySet<string> {
  const reach = (neighbours: Scene["feeds"]) => {
    const found = new Set([id]);
    for (const node of found) for (const next of neighbours.get(node) ?? []) found.add(next);
    return found;
  };
  return new Set([...reach(scene.readsFrom), ...reach(scene.feeds)]);
}

export type Step = "ahead" | "back" | "before" | "after";

/** The direction of an arrow key: along the edges, or within a layer. */
export function stepOf(key: string, direction: Direction): Step | null {
  const down: Readonly<Record<string, Step>> = {
    ArrowDown: "ahead",
    ArrowUp: "back",
    ArrowLeft: "before",
    ArrowRight: "after",
  };
  const right: Readonly<Record<string, Step>> = {
    ArrowRight: "ahead",
    ArrowLeft: "back",
    ArrowUp: "before",
    ArrowDown: "after",
  };
  return (direction === "down" ? down : right)[key] ?? null;
}

/** The node one step away: in the nearest layer, the one that is most nearly straight ahead. null if there is none. */
export function stepFrom(scene: Scene, id: string, step: Step): string | null {
  const from = scene.byId.get(id);
  if (!from) return null;
  const down = scene.direction === "down";
  const across = (node: PlacedNode) => (down ? node.x + node.width / 2 : node.y + node.height / 2);
  const distance = (node: SceneNode) => [Math.abs(node.layer - from.layer), Math.abs(across(node) - across(from))];
  const nearest = (nodes: readonly SceneNode[]) =>
    least(nodes, (a, b) => compare(distance(a), distance(b)))?.id ?? null;
  if (step === "ahead" || step === "back") {
    const ids = (step === "ahead" ? scene.feeds : scene.readsFrom).get(id) ?? [];
    return nearest(ids.flatMap((other) => scene.byId.get(other) ?? []));
  }
  const side = step === "before" ? -1 : 1;
  return nearest(scene.nodes.filter((node) => node.layer === from.layer && (across(node) - across(from)) * side > 0));
}

function compare([a1 = 0, a2 = 0]: readonly number[], [b1 = 0, b2 = 0]: readonly number[]): number {
  return a1 - b1 || a2 - b2;
}
