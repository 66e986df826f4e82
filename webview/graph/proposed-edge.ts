import { path } from "d3";
import { HEAD, type Scene, type SceneNode } from "./scene.ts";

/** Pixels between a line and the nodes that it goes around. */
const GAP = 18;
/** Where it ends on the target's side, away from the edges that are drawn in its middle. */
const PORT = 0.3;

/** Path data of an edge that a run proposes to add: the layout makes no way for it, so it goes around other nodes. */
export function proposedEdge(
  from: SceneNode,
  to: SceneNode,
  { nodes, direction }: Scene,
): { readonly line: string; readonly head: string } {
  const isDown = direction === "down";
  // Along the flow and across it: the same for both directions.
  const boxes = nodes.map((node) => ({ node, ...boxOf(node, isDown) }));
  const [source, target] = [boxOf(from, isDown), boxOf(to, isDown)];
  const start = { across: (source.low + source.high) / 2, along: source.end };
  const isFromLow = start.across < (target.low + target.high) / 2;
  const port = target.low + (target.high - target.low) * (isFromLow ? PORT : 1 - PORT);
  const end = { across: port, along: target.start };
  const others = boxes.filter(({ node }) => node !== from && node !== to);
  const blocking = others.filter((box) => isCut(box, start, end));
  const line = path();
  const at = ({ across, along }: Point): [number, number] => (isDown ? [across, along] : [along, across]);
  line.moveTo(...at(start));
  const tip = { ...end, along: end.along - HEAD.length };
  if (blocking.length === 0) line.lineTo(...at(tip));
  else {
    const { first, last } = around(others, blocking, (start.across + end.across) / 2);
    bend(start, first);
    line.lineTo(...at(last));
    bend(last, tip);
  }
  return { line: line.toString(), head: headAt(end) };

  function bend(a: Point, b: Point): void {
    const half = (a.along + b.along) / 2;
    line.bezierCurveTo(...at({ ...a, along: half }), ...at({ ...b, along: half }), ...at(b));
  }

  function headAt({ across, along }: Point): string {
    const head = path();
    head.moveTo(...at({ across, along }));
    for (const side of [-1, 1]) {
      head.lineTo(...at({ across: across + (side * HEAD.width) / 2, along: along - HEAD.length }));
    }
    head.closePath();
    return head.toString();
  }
}

/** A straight piece beside the nodes in the way, on the nearer side. What is in its own way is gone around, too. */
function around(others: readonly Box[], blocking: readonly Box[], middle: number): { first: Point; last: Point } {
  const low = Math.min(...blocking.map((box) => box.low)) - GAP;
  const high = Math.max(...blocking.map((box) => box.high)) + GAP;
  const across = middle - low < high - middle ? low : high;
  const first = { across, along: Math.min(...blocking.map((box) => box.start)) };
  const last = { across, along: Math.max(...blocking.map((box) => box.end)) };
  const more = others.filter((box) => !blocking.includes(box) && isCut(box, first, last));
  return more.length === 0 ? { first, last } : around(others, [...blocking, ...more], middle);
}

interface Point {
  readonly across: number;
  readonly along: number;
}

interface Box {
  readonly low: number;
  readonly high: number;
  readonly start: number;
  readonly end: number;
}

function boxOf({ x, y, width, height }: SceneNode, isDown: boolean): Box {
  return isDown
    ? { low: x, high: x + width, start: y, end: y + height }
    : { low: y, high: y + height, start: x, end: x + width };
}

/** Whether the straight line between two points goes through a box. */
function isCut({ low, high, start, end }: Box, a: Point, b: Point): boolean {
  if (b.along <= a.along || end <= a.along || start >= b.along) return false;
  const across = (along: number) => a.across + ((b.across - a.across) * (along - a.along)) / (b.along - a.along);
  const ends = [across(Math.max(start, a.along)), across(Math.min(end, b.along))];
  return Math.max(...ends) > low && Math.min(...ends) < high;
}
