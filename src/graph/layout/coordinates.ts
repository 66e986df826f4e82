import { MAIN_PULL, type Net } from "./waypoints.ts";

/** Pixels kept free between two boxes, and between an edge that passes and its surroundings. */
const GAP = 36;
const TRACK_GAP = 14;
/** A bend smaller than this is pulled straight, in pixels; on the main line more. */
const STRAIGHTEN = { any: 24, main: 90 };

/**
 * Gives every item its place across the flow: least squares of the lengths of its segments, in sweeps over the
 * layers, each layer solved exactly under the order of its items.
 */
export function placeAcross(net: Net): void {
  net.layer.forEach((_, item) => {
    net.x[item] = 0;
  });
  for (const layer of net.layers) spread(net, layer, () => [0, 1]);
  const sweeps = net.layer.length < 1000 ? 10 : 4;
  const upwards = net.layers.toReversed();
  for (const layer of net.layers.slice(1)) spread(net, layer, (item) => pull(net, item, true, false));
  for (const layer of upwards.slice(1)) spread(net, layer, (item) => pull(net, item, false, true));
  for (let i = 0; i < sweeps; i++) {
    for (const layer of i % 2 === 0 ? net.layers : upwards) spread(net, layer, (item) => pull(net, item, true, true));
  }
  for (let i = 0; i < 2; i++) {
    for (const layer of net.layers) spread(net, layer, (item) => straight(net, item, net.up[item]!, net.upPull[item]!));
  }
  net.x.forEach((x, item) => {
    net.x[item] = Math.round(x);
  });
}

type Pull = readonly [wanted: number, weight: number];

/** Where the neighbours want an item, and how much. */
function pull(net: Net, item: number, up: boolean, down: boolean): Pull {
  let sum = 0;
  let weight = 0;
  const add = (items: readonly number[], pulls: readonly number[]) => {
    items.forEach((other, i) => {
      sum += net.x[other]! * pulls[i]!;
      weight += pulls[i]!;
    });
  };
  if (up) add(net.up[item]!, net.upPull[item]!);
  if (down) add(net.down[item]!, net.downPull[item]!);
  return weight > 0 ? [sum / weight, weight] : [net.x[item]!, 0.01];
}

/** Takes over the place of the strongest neighbour where it is nearly above; else keeps the place. */
function straight(net: Net, item: number, neighbours: readonly number[], pulls: readonly number[]): Pull {
  let best = -1;
  neighbours.forEach((_, i) => {
    if (best < 0 || pulls[i]! > pulls[best]!) best = i;
  });
  const x = net.x[item]!;
  if (best < 0) return [x, 1];
  const above = net.x[neighbours[best]!]!;
  const most = pulls[best] === MAIN_PULL ? STRAIGHTEN.main : STRAIGHTEN.any;
  return Math.abs(above - x) < most ? [above, 50] : [x, 1];
}

/**
 * Places one layer: minimizes Σ weight·(x − wanted)² with the order kept and no two items closer than allowed
 * (isotonic regression by pooling adjacent violators; O(items)).
 */
function spread(net: Net, layer: readonly number[], wants: (item: number) => Pull): void {
  const offsets: number[] = [];
  layer.forEach((item, i) => {
    offsets.push(i === 0 ? 0 : offsets[i - 1]! + separation(net, layer[i - 1]!, item));
  });
  const blocks: { sum: number; weight: number; count: number }[] = [];
  layer.forEach((item, i) => {
    const [wanted, weight] = wants(item);
    let block = { sum: (wanted - offsets[i]!) * weight, weight, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.weight >= block.sum / block.weight; last = blocks.at(-1)) {
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks) {
    for (let end = i + block.count; i < end; i++) net.x[layer[i]!] = block.sum / block.weight + offsets[i]!;
  }
}

function separation(net: Net, left: number, right: number): number {
  const gap = left < net.nodes && right < net.nodes ? GAP : TRACK_GAP;
  return (net.breadth[left]! + net.breadth[right]!) / 2 + gap;
}
