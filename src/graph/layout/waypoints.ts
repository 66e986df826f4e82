import type { Links } from "./layers.ts";
import { type Direction, type LayoutNode, SHAPES } from "./node.ts";

/** Edges that span more layers than this run in a lane beside the drawing. */
const LONGEST_INSIDE = 3;
/** Pixels kept free for an edge that passes through a layer. */
const TRACK = 10;

/**
 * The layered net that is ordered and placed: the nodes (same indices) and, behind them, waypoints, where edges
 * pass through a layer. All edges of one source share its waypoints: one value fans out.
 */
export interface Net {
  /** Of each item: the nodes, then the waypoints. */
  readonly layer: number[];
  /** Pixels across and along the direction of flow. */
  readonly breadth: number[];
  readonly depth: number[];
  readonly up: number[][];
  readonly down: number[][];
  /** Pull of the segment to each of `up`; the same numbers are at the other end in `downPull`. */
  readonly upPull: number[][];
  readonly downPull: number[][];
  /** Items of each layer from left to right. */
  readonly layers: number[][];
  /** Middle of each item across the flow. */
  readonly x: number[];
  /** Number of real nodes. */
  readonly nodes: number;
  /** Of each edge: the items it passes between its ends, or null: it runs in a lane. */
  readonly via: (readonly number[] | null)[];
}

type Edge = readonly [source: number, target: number];

export function addWaypoints(
  nodes: readonly LayoutNode[],
  links: Links,
  layerOf: readonly number[],
  direction: Direction,
): Net {
  const turned = direction === "right" ? 1 : 0;
  const net: Net = {
    layer: [...layerOf],
    breadth: nodes.map((node) => SHAPES[node.kind].size[turned]!),
    depth: nodes.map((node) => SHAPES[node.kind].size[1 - turned]!),
    up: nodes.map(() => []),
    down: nodes.map(() => []),
    upPull: nodes.map(() => []),
    downPull: nodes.map(() => []),
    layers: [],
    x: [],
    nodes: nodes.length,
    via: [],
  };
  const span = ([s, t]: Edge) => layerOf[t]! - layerOf[s]!;
  const laned = nodes.map((_, v) => links.succs[v]!.some((t) => layerOf[t]! - layerOf[v]! > LONGEST_INSIDE));
  const trunks = new Map<number, number[]>();
  for (const edge of links.edges) {
    const [source, target] = edge;
    const inLane = span(edge) > LONGEST_INSIDE || (span(edge) > 1 && laned[source]!);
    if (inLane) {
      net.via.push(null);
      continue;
    }
    const trunk = trunks.get(source) ?? [];
    trunks.set(source, trunk);
    while (trunk.length < span(edge) - 1) {
      const item = addItem(net, layerOf[source]! + trunk.length + 1);
      connect(net, trunk.at(-1) ?? source, item, 1);
      trunk.push(item);
    }
    const via = trunk.slice(0, span(edge) - 1);
    net.via.push(via);
    connect(net, via.at(-1) ?? source, target, pullOf(nodes, links, layerOf, edge));
  }
  net.layer.forEach((layer, item) => {
    while (net.layers.length <= layer) net.layers.push([]);
    net.layers[layer]!.push(item);
  });
  return net;
}

/** Pull of an edge that is the only one from a step right above: the main line of a pipeline is to be straight. */
export const MAIN_PULL = 8;

/** What comes from a graph input bends first, then what comes from a text. */
function pullOf(
  nodes: readonly LayoutNode[],
  links: Links,
  layerOf: readonly number[],
  [source, target]: Edge,
): number {
  const { pull } = SHAPES[nodes[source]!.kind];
  if (pull !== null) return pull;
  const isAbove = (p: number) => SHAPES[nodes[p]!.kind].pull === null && layerOf[p] === layerOf[target]! - 1;
  if (!isAbove(source)) return 1;
  return links.preds[target]!.filter(isAbove).length === 1 ? MAIN_PULL : 3;
}

function addItem(net: Net, layer: number): number {
  net.layer.push(layer);
  net.breadth.push(TRACK);
  net.depth.push(0);
  for (const lists of [net.up, net.down, net.upPull, net.downPull]) lists.push([]);
  return net.layer.length - 1;
}

function connect(net: Net, from: number, to: number, pull: number): void {
  net.down[from]!.push(to);
  net.downPull[from]!.push(pull);
  net.up[to]!.push(from);
  net.upPull[to]!.push(pull);
}
