import { placeAcross } from "./coordinates.ts";
import { assignLayers, type Links, linksOf } from "./layers.ts";
import { type Direction, type LayoutNode, SHAPES } from "./node.ts";
import { orderLayers } from "./order.ts";
import { type Cubic, route } from "./route.ts";
import { addWaypoints } from "./waypoints.ts";

/** Pixels at zoom 1; the drawing starts at (0, 0). */
export interface Layout {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  /** In the order given. */
  readonly nodes: readonly PlacedNode[];
  /** An edge that closes a cycle is left out. */
  readonly edges: readonly PlacedEdge[];
}

/** A box; `x`, `y` is its upper left corner. */
export interface PlacedNode {
  readonly id: string;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedEdge {
  readonly source: string;
  readonly target: string;
  /** Cubic Bézier pieces, each starting where the one before ends. */
  readonly path: readonly Cubic[];
}

/**
 * Layered drawing of a directed acyclic graph (Sugiyama's method): longest-path layers, crossings reduced by
 * barycenter sweeps, coordinates by least squares under the order found. Edges that span more than three layers
 * run in lanes beside the drawing, one lane for all that share a source (or a target), so that a long chain in
 * which every node reads the question stays readable and costs no dummy nodes.
 *
 * No box overlaps another and no edge crosses a box. Pure and deterministic; it never throws: unknown inputs,
 * repeated ids (the first counts) and cycles are tolerated.
 */
export function layout(nodes: readonly LayoutNode[], direction: Direction): Layout {
  const links = linksOf(nodes);
  const layers = assignLayers(nodes, links);
  const net = addWaypoints(nodes, links, layers, direction);
  orderLayers(net);
  placeAcross(net);
  return toLayout(nodes, links, direction, route(net, links));
}

type Routed = ReturnType<typeof route>;

function toLayout(nodes: readonly LayoutNode[], links: Links, direction: Direction, routed: Routed): Layout {
  const down = direction === "down";
  const turn = (piece: Cubic): Cubic =>
    down ? piece : [piece[1], piece[0], piece[3], piece[2], piece[5], piece[4], piece[7], piece[6]];
  return {
    direction,
    width: down ? routed.across : routed.along,
    height: down ? routed.along : routed.across,
    nodes: nodes.map((node, i) => {
      const [width, height] = SHAPES[node.kind].size;
      const box = routed.boxes[i]!;
      const x = (down ? box.across : box.along) - width / 2;
      const y = (down ? box.along : box.across) - height / 2;
      return { id: node.id, layer: box.layer, x, y, width, height };
    }),
    edges: links.edges.map(([source, target], e) => ({
      source: nodes[source]!.id,
      target: nodes[target]!.id,
      path: routed.paths[e]!.map(turn),
    })),
  };
}
