import type { Net } from "./waypoints.ts";

/** Orders the items of each layer so that few edges cross: depth-first start, barycenter sweeps, best order kept. */
export function orderLayers(net: Net): void {
  startOrder(net);
  const items = net.layer.length;
  const sweeps = items < 400 ? 24 : items < 2000 ? 10 : 6;
  const patience = 4;
  let best = crossings(net);
  let kept = copy(net.layers);
  for (let i = 0, idle = 0; i < sweeps && best > 0 && idle < patience; i++) {
    sweep(net, i % 2 === 0);
    if (items < 400) exchange(net);
    const count = crossings(net);
    idle = count < best ? 0 : idle + 1;
    if (count < best) {
      best = count;
      kept = copy(net.layers);
    }
  }
  kept.forEach((layer, l) => {
    net.layers[l] = layer;
  });
}

const copy = (layers: readonly (readonly number[])[]): number[][] => layers.map((layer) => [...layer]);

/** First come in a depth-first walk from the last layer upwards: a tree starts without crossings. */
function startOrder(net: Net): void {
  const seen = new Uint8Array(net.layer.length);
  const ordered: number[][] = net.layers.map(() => []);
  const ends = net.layers.toReversed().flat();
  for (const end of ends) {
    const stack = [end];
    while (stack.length > 0) {
      const item = stack.pop()!;
      if (seen[item]) continue;
      seen[item] = 1;
      ordered[net.layer[item]!]!.push(item);
      stack.push(...net.up[item]!.toReversed());
    }
  }
  ordered.forEach((layer, l) => {
    net.layers[l] = layer;
  });
}

/** One pass over all layers; items without neighbours on the fixed side keep their places. */
function sweep(net: Net, downwards: boolean): void {
  const position = new Float64Array(net.layer.length);
  const settle = (layer: readonly number[]) => {
    layer.forEach((item, i) => {
      position[item] = i;
    });
  };
  const layers = downwards ? net.layers : net.layers.toReversed();
  const fixedSide = downwards ? net.up : net.down;
  if (layers[0]) settle(layers[0]);
  for (const layer of layers.slice(1)) {
    const movable = layer.filter((item) => fixedSide[item]!.length > 0);
    const center = new Map(movable.map((item) => [item, mean(fixedSide[item]!, position)]));
    const sorted = movable.toSorted((a, b) => center.get(a)! - center.get(b)!);
    let next = 0;
    layer.forEach((item, i) => {
      if (fixedSide[item]!.length > 0) layer[i] = sorted[next++]!;
    });
    settle(layer);
  }
}

function mean(items: readonly number[], position: Float64Array): number {
  let sum = 0;
  for (const item of items) sum += position[item]!;
  return sum / items.length;
}

/** Swaps neighbours in a layer as long as a swap takes crossings away. */
function exchange(net: Net): void {
  const position = positions(net);
  for (let round = 0, better = true; better && round < 4; round++) {
    better = false;
    for (const layer of net.layers) {
      for (let i = 0; i + 1 < layer.length; i++) {
        const left = layer[i]!;
        const right = layer[i + 1]!;
        const gain =
          pairCrossings(net.up, left, right, position) +
          pairCrossings(net.down, left, right, position) -
          pairCrossings(net.up, right, left, position) -
          pairCrossings(net.down, right, left, position);
        if (gain <= 0) continue;
        layer[i] = right;
        layer[i + 1] = left;
        position[right] = i;
        position[left] = i + 1;
        better = true;
      }
    }
  }
}

function pairCrossings(side: readonly (readonly number[])[], left: number, right: number, position: Float64Array) {
  let count = 0;
  for (const a of side[left]!) for (const b of side[right]!) if (position[a]! > position[b]!) count++;
  return count;
}

function positions(net: Net): Float64Array {
  const position = new Float64Array(net.layer.length);
  for (const layer of net.layers) {
    layer.forEach((item, i) => {
      position[item] = i;
    });
  }
  return position;
}

/** Number of pairs of segments between neighbouring layers that cross; O(segments · log width), by a Fenwick tree. */
function crossings(net: Net): number {
  const position = positions(net);
  let total = 0;
  for (let l = 1; l < net.layers.length; l++) {
    const tree = new Int32Array(net.layers[l - 1]!.length + 1);
    let seen = 0;
    for (const item of net.layers[l]!) {
      const ends = net.up[item]!.map((up) => position[up]!);
      for (const end of ends) {
        let smallerOrEqual = 0;
        for (let i = end + 1; i > 0; i -= i & -i) smallerOrEqual += tree[i]!;
        total += seen - smallerOrEqual;
      }
      for (const end of ends) for (let i = end + 1; i < tree.length; i += i & -i) tree[i]! += 1;
      seen += ends.length;
    }
  }
  return total;
}
