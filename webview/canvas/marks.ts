import { select } from "d3";
import { prefersReducedMotion, s } from "../dom.ts";
import { plural } from "../format.ts";
import { edgeKey, type Scene, type SceneEdge } from "../graph/scene.ts";
import { t } from "../l10n.ts";
import type { RunView } from "../protocol.ts";

/** Maximum number of concurrent pulses. */
const MOST_PULSES = 40;
const PULSE = 650;

/** Number of gradients by edge, from `node` to the successor that they came through. */
export function gradientCounts(run: RunView | null): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { node, from, count } of run?.gradients ?? []) {
    if (from !== null) counts.set(edgeKey(node, from), count);
  }
  return counts;
}

/** A badge with the number of gradients received along an edge. */
export function badge({ middle: [x, y] }: SceneEdge, count: number): SVGElement[] {
  const text = `∇ ${count}`;
  const width = text.length * 6.6 + 12;
  return [
    s(
      "title",
      {},
      plural(count, t("{0} gradient received along this edge"), t("{0} gradients received along this edge")),
    ),
    s("rect", { x: x - width / 2, y: y - 10, width, height: 20, rx: 10 }),
    s("text", { x, y: y + 4, "font-size": 11, "text-anchor": "middle" }, text),
  ];
}

/** Animates one pulse backward along each edge with new gradients. */
export class Pulses {
  #counts: ReadonlyMap<string, number> | null = null;
  #iteration = -1;

  constructor(private readonly layer: SVGGElement) {}

  update(run: RunView | null, scene: Scene | null, lineOf: (key: string) => SVGPathElement | null): void {
    const before = this.#iteration === run?.iteration ? this.#counts : null;
    const counts = gradientCounts(run);
    this.#counts = counts;
    this.#iteration = run?.iteration ?? -1;
    if (!before || !scene || run?.status !== "running" || prefersReducedMotion()) return;
    for (const [key, count] of counts) {
      if (count <= (before.get(key) ?? 0) || this.layer.childElementCount >= MOST_PULSES) continue;
      const line = lineOf(key);
      if (line) this.#send(line);
    }
  }

  #send(line: SVGPathElement): void {
    const length = line.getTotalLength();
    // On a very long edge, only the part near the viewport is animated.
    const part = Math.min(length, 900);
    select(this.layer)
      .append("circle")
      .attr("r", 5)
      .attr("class", "pulse")
      .transition()
      .duration(PULSE)
      .attrTween("transform", () => (t) => {
        const { x, y } = line.getPointAtLength(length - part * t);
        return `translate(${x},${y})`;
      })
      .remove();
  }
}
