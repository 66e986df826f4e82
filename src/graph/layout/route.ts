import { extent, group } from "d3";
import type { Links } from "./layers.ts";
import type { Net } from "./waypoints.ts";

/** A cubic Bézier piece: start, two control points, end, as x, y pairs. */
export type Cubic = readonly [number, number, number, number, number, number, number, number];

/** Middle of a node's box, along and across the flow. */
interface Box {
  readonly across: number;
  readonly along: number;
  readonly layer: number;
}

const MARGIN = 24;
const LANE_GAP = 14;
const FIRST_LANE = 30;
/** Smallest and largest free space between two layers, and how it grows with the widest jump between them. */
const GAP = { least: 56, most: 120, share: 0.07 };
/** Largest distance between two arrowheads on one side of a box, and the share of the side they may use. */
const PORT = { gap: 22, share: 0.4 };

/** From places across the flow to boxes and curves. Every curve between two layers stays in the gap between them. */
export function route(net: Net, links: Links): { boxes: Box[]; paths: Cubic[][]; across: number; along: number } {
  const lanes = placeLanes(net, links);
  /** Where an edge passes the layers between its ends; a lane is one place for all of them. */
  const passes = links.edges.map((_, e) => {
    const via = net.via[e]!;
    return via === null ? [lanes[e]!] : via.map((item) => net.x[item]!);
  });
  const ends = links.edges.map(([, target]) => net.x[target]!);
  distributePorts(net, links, passes, ends);
  const bands = stackLayers(net, links, passes, ends);

  const sides = net.x.flatMap((x, item) => [x - net.breadth[item]! / 2, x + net.breadth[item]! / 2]);
  const [left = 0, right = 0] = extent([...sides, ...lanes.filter((lane) => lane !== null)]);
  const shift = MARGIN - left;
  const paths = links.edges.map(([source, target], e) => {
    const [from, to] = [net.layer[source]!, net.layer[target]!];
    const pen = new Pen(net.x[source]! + shift, bands.middle[from]! + net.depth[source]! / 2);
    const inLane = net.via[e] === null;
    pen.straight(bands.bottom[from]!);
    passes[e]!.forEach((x, i) => {
      pen.curve(x + shift, bands.top[from + i + 1]!);
      pen.straight(bands.bottom[inLane ? to - 1 : from + i + 1]!);
    });
    pen.curve(ends[e]! + shift, bands.top[to]!);
    pen.straight(bands.middle[to]! - net.depth[target]! / 2);
    return pen.pieces;
  });
  const boxes = Array.from({ length: net.nodes }, (_, v) => {
    const layer = net.layer[v]!;
    return { across: net.x[v]! + shift, along: bands.middle[layer]!, layer };
  });
  return { boxes, paths, across: right - left + 2 * MARGIN, along: (bands.bottom.at(-1) ?? 0) + MARGIN };
}

/** Draws along the flow: straight on, or over to another place within a gap. */
class Pen {
  readonly pieces: Cubic[] = [];
  constructor(
    private x: number,
    private y: number,
  ) {}

  straight(y: number): void {
    if (y > this.y) this.curve(this.x, y);
  }

  curve(x: number, y: number): void {
    const middle = (this.y + y) / 2;
    this.pieces.push([this.x, this.y, this.x, middle, x, middle, x, y]);
    this.x = x;
    this.y = y;
  }
}

/**
 * A place beside the drawing for each edge that spans many layers; edges of one source share a lane, or those of one
 * target where it has more of them. Short lanes lie inside, and each lies as near as the layers it passes allow.
 */
function placeLanes(net: Net, links: Links): (number | null)[] {
  const lanes: (number | null)[] = links.edges.map(() => null);
  const long = links.edges.flatMap((_, e) => (net.via[e] === null ? [e] : []));
  const out = new Map<number, number>();
  const into = new Map<number, number>();
  for (const e of long) {
    const [source, target] = links.edges[e]!;
    out.set(source, (out.get(source) ?? 0) + 1);
    into.set(target, (into.get(target) ?? 0) + 1);
  }
  const groups = group(long, (e) => {
    const [source, target] = links.edges[e]!;
    return out.get(source)! >= into.get(target)! ? source : ~target;
  });
  const inner = {
    left: net.layers.map(() => Number.POSITIVE_INFINITY),
    right: net.layers.map(() => Number.NEGATIVE_INFINITY),
  };
  net.layer.forEach((layer, item) => {
    const half = net.breadth[item]! / 2 + FIRST_LANE - LANE_GAP;
    inner.left[layer] = Math.min(inner.left[layer]!, net.x[item]! - half);
    inner.right[layer] = Math.max(inner.right[layer]!, net.x[item]! + half);
  });
  const sized = [...groups.values()].map((edges) => {
    const first = Math.min(...edges.map((e) => net.layer[links.edges[e]![0]]! + 1));
    const last = Math.max(...edges.map((e) => net.layer[links.edges[e]![1]]! - 1));
    const middle = edges.reduce((sum, e) => sum + net.x[links.edges[e]![0]]! + net.x[links.edges[e]![1]]!, 0);
    return { edges, first, last, middle: middle / (2 * edges.length) };
  });
  for (const { edges, first, last, middle } of sized.sort((a, b) => a.last - a.first - (b.last - b.first))) {
    let left = Number.POSITIVE_INFINITY;
    let right = Number.NEGATIVE_INFINITY;
    for (let l = first; l <= last; l++) {
      left = Math.min(left, inner.left[l]!);
      right = Math.max(right, inner.right[l]!);
    }
    const toLeft = middle - left <= right - middle;
    const x = Math.round(toLeft ? left - LANE_GAP : right + LANE_GAP);
    const side = toLeft ? inner.left : inner.right;
    for (let l = first; l <= last; l++) side[l] = x;
    for (const e of edges) lanes[e] = x;
  }
  return lanes;
}

/**
 * Arrowheads side by side instead of on top of each other: the straightest edge arrives in the middle, the others to
 * the left and right of it in the order they come from. Changes `ends`.
 */
function distributePorts(net: Net, links: Links, passes: readonly (readonly number[])[], ends: number[]): void {
  const comesFrom = (e: number) => passes[e]!.at(-1) ?? net.x[links.edges[e]![0]]!;
  for (const [target, edges] of group(links.edges.keys(), (e) => links.edges[e]![1])) {
    const sorted = edges.toSorted((a, b) => comesFrom(a) - comesFrom(b) || a - b);
    const jumps = sorted.map((e) => Math.abs(comesFrom(e) - net.x[target]!));
    const middle = jumps.indexOf(Math.min(...jumps));
    const most = Math.max(middle, sorted.length - 1 - middle, 1);
    const gap = Math.min(PORT.gap, (net.breadth[target]! * PORT.share) / most);
    sorted.forEach((e, i) => {
      ends[e] = net.x[target]! + (i - middle) * gap;
    });
  }
}

/** Places along the flow: where each layer's band starts, its middle and its end. */
function stackLayers(
  net: Net,
  links: Links,
  passes: readonly (readonly number[])[],
  ends: readonly number[],
): { top: number[]; middle: number[]; bottom: number[] } {
  const thickness = net.layers.map((layer) => Math.max(0, ...layer.map((item) => net.depth[item]!)));
  const jump = net.layers.map(() => 0);
  links.edges.forEach(([source, target], e) => {
    const stops = [net.x[source]!, ...passes[e]!, ends[e]!];
    const gaps = stops.length - 1;
    const first = net.layer[source]!;
    for (let i = 0; i < gaps; i++) {
      const gap = i === gaps - 1 ? net.layer[target]! - 1 : first + i;
      jump[gap] = Math.max(jump[gap]!, Math.abs(stops[i + 1]! - stops[i]!));
    }
  });
  const bands = { top: [] as number[], middle: [] as number[], bottom: [] as number[] };
  let at = MARGIN;
  thickness.forEach((size, l) => {
    bands.top.push(at);
    bands.middle.push(at + size / 2);
    bands.bottom.push(at + size);
    at += size + Math.round(Math.min(GAP.most, GAP.least + GAP.share * jump[l]!));
  });
  return bands;
}
