import { group } from "d3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Layout, layout } from "../../../../src/graph/layout/layout.ts";
import type { Direction, LayoutNode } from "../../../../src/graph/layout/node.ts";
import { chainThatReadsTheQuestion, diamond, fanOut, randomGraph } from "../../../graphs.ts";

const DIRECTIONS: readonly Direction[] = ["down", "right"];
const shapes: readonly [string, readonly LayoutNode[]][] = [
  ["nothing", []],
  ["one node", [{ id: "a", kind: "llm", inputs: [] }]],
  ["a diamond with a shared text", diamond],
  ["a chain of 40 that reads the question", chainThatReadsTheQuestion(40)],
  ["a fan of 60", fanOut(60)],
  ["200 nodes", randomGraph(200, 7)],
];

describe.each(DIRECTIONS)("a drawing that runs %s", (direction) => {
  it.each(shapes)("keeps boxes apart and edges off the boxes: %s", (_, nodes) => {
    const drawing = layout(nodes, direction);
    expect(faultsOf(drawing)).toEqual([]);
    expect(drawing.nodes.map((node) => node.id)).toEqual(nodes.map((node) => node.id));
  });

  it("keeps boxes apart and edges off the boxes in any graph", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer(), (size, seed) => {
        expect(faultsOf(layout(randomGraph(size, seed), direction))).toEqual([]);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it("draws every edge of an acyclic graph once", () => {
    const nodes = randomGraph(80, 3);
    const wanted = nodes.flatMap((node) => node.inputs.map((input) => `${input} → ${node.id}`));
    const drawn = layout(nodes, direction).edges.map((edge) => `${edge.source} → ${edge.target}`);
    expect(drawn.toSorted()).toEqual(wanted.toSorted());
  });
});

describe("layers", () => {
  it("puts graph inputs first and every node after all that it reads", () => {
    const nodes = randomGraph(120, 11);
    const layer = layersOf(layout(nodes, "down"));
    for (const node of nodes) {
      for (const input of node.inputs) expect(layer[input]).toBeLessThan(layer[node.id]!);
      if (node.kind === "input") expect(layer[node.id]).toBe(0);
    }
  });

  it("puts a text parameter right before the first node that it feeds", () => {
    const nodes: LayoutNode[] = [
      ...chainThatReadsTheQuestion(6),
      { id: "style", kind: "text", inputs: [] },
      { id: "late", kind: "llm", inputs: ["node5", "style"] },
      { id: "later", kind: "llm", inputs: ["late", "style"] },
    ];
    const layer = layersOf(layout(nodes, "down"));
    expect(layer.style).toBe(layer.late! - 1);
  });
});

describe("crossings and straightness", () => {
  it("draws a tree without crossings", () => {
    const nodes: LayoutNode[] = [{ id: "root", kind: "llm", inputs: [] }];
    for (let i = 1; i < 31; i++) {
      nodes.push({ id: `n${i}`, kind: "llm", inputs: [i < 3 ? "root" : `n${Math.floor((i - 1) / 2)}`] });
    }
    const shuffled = nodes.toSorted((a, b) => a.id.localeCompare(b.id));
    expect(crossingsOf(layout(shuffled, "down"))).toBe(0);
  });

  it("keeps the main line of a chain straight though every node reads the question too", () => {
    const placed = layout(chainThatReadsTheQuestion(60), "down").nodes.filter((node) => node.id !== "question");
    expect(new Set(placed.map((node) => node.x)).size).toBeLessThanOrEqual(3);
  });

  it("lets all long edges of one source share one lane", () => {
    const nodes = chainThatReadsTheQuestion(30);
    const drawing = layout(nodes, "down");
    const lanes = drawing.edges
      .filter((edge) => edge.source === "question" && edge.path.length > 2)
      .map((edge) => edge.path.find((piece) => piece[0] === piece[6] && piece[7] - piece[1] > 90)?.[0]);
    expect(lanes.length).toBeGreaterThan(20);
    expect(new Set(lanes).size).toBe(1);
  });
});

describe("stability", () => {
  it("gives the same drawing for the same graph", () => {
    expect(layout(randomGraph(150, 5), "right")).toEqual(layout(randomGraph(150, 5), "right"));
  });

  it("tolerates unknown inputs, repeated ids, self-reference and cycles", () => {
    const nodes: LayoutNode[] = [
      { id: "a", kind: "llm", inputs: ["ghost", "c", "a"] },
      { id: "b", kind: "llm", inputs: ["a", "a"] },
      { id: "c", kind: "llm", inputs: ["b"] },
      { id: "a", kind: "llm", inputs: ["c"] },
      { id: "__proto__", kind: "llm", inputs: ["constructor"] },
    ];
    const drawing = layout(nodes, "down");
    expect(drawing.nodes).toHaveLength(5);
    expect(drawing.edges.length).toBeGreaterThanOrEqual(2);
    expect(overlaps(drawing)).toEqual([]);
  });

  it("draws 3,000 nodes in a chain without exhausting the stack", () => {
    expect(layout(chainThatReadsTheQuestion(3000), "down").edges).toHaveLength(5999);
  });
});

const layersOf = (drawing: Layout) => Object.fromEntries(drawing.nodes.map((node) => [node.id, node.layer]));

/** What a reader of the picture would call wrong. */
function faultsOf(drawing: Layout): string[] {
  return [...overlaps(drawing), ...edgeFaults(drawing), ...outside(drawing)];
}

function overlaps({ nodes }: Layout): string[] {
  const found: string[] = [];
  for (const [i, a] of nodes.entries()) {
    for (const b of nodes.slice(i + 1)) {
      if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) {
        found.push(`${a.id} overlaps ${b.id}`);
      }
    }
  }
  return found;
}

function outside({ nodes, edges, width, height }: Layout): string[] {
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x <= width && y <= height;
  return [
    ...nodes
      .filter((box) => !inside(box.x, box.y) || !inside(box.x + box.width, box.y + box.height))
      .map((box) => `${box.id} lies outside`),
    ...edges
      .filter(({ path }) => path.some((p) => !inside(p[0], p[1]) || !inside(p[6], p[7])))
      .map((edge) => `${edge.source} → ${edge.target} leaves the drawing`),
  ];
}

function edgeFaults({ nodes, edges, direction }: Layout): string[] {
  const found: string[] = [];
  const boxes = new Map(nodes.map((node) => [node.id, node]));
  for (const { source, target, path } of edges) {
    const name = `${source} → ${target}`;
    const [from, to] = [boxes.get(source)!, boxes.get(target)!];
    const points = path.flatMap(sampled);
    const along = points.map(([x, y]) => (direction === "down" ? y : x));
    if (along.some((a, i) => i > 0 && a < along[i - 1]! - 1e-6)) found.push(`${name} runs backwards`);
    const [start, end] = direction === "down" ? [from.y + from.height, to.y] : [from.x + from.width, to.x];
    if (Math.abs(along[0]! - start) > 1e-6 || Math.abs(along.at(-1)! - end) > 1e-6) found.push(`${name} hangs loose`);
    for (const box of nodes) {
      const hit = ([x, y]: readonly [number, number]) =>
        x > box.x + 0.5 && x < box.x + box.width - 0.5 && y > box.y + 0.5 && y < box.y + box.height - 0.5;
      if (points.some(hit)) found.push(`${name} crosses ${box.id}`);
    }
  }
  return found;
}

function sampled([x0, y0, x1, y1, x2, y2, x3, y3]: readonly number[]): (readonly [number, number])[] {
  return Array.from({ length: 17 }, (_, i) => {
    const t = i / 16;
    const u = 1 - t;
    const at = (a: number, b: number, c: number, d: number) =>
      u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    return [at(x0!, x1!, x2!, x3!), at(y0!, y1!, y2!, y3!)];
  });
}

/** Pairs of edges between the same two layers whose ends stand in opposite order. */
function crossingsOf({ nodes, edges }: Layout): number {
  const boxes = new Map(nodes.map((node) => [node.id, node]));
  let count = 0;
  for (const [, gap] of group(edges, (edge) => boxes.get(edge.source)!.layer)) {
    for (const [i, a] of gap.entries()) {
      for (const b of gap.slice(i + 1)) {
        const upper = boxes.get(a.source)!.x - boxes.get(b.source)!.x;
        const lower = boxes.get(a.target)!.x - boxes.get(b.target)!.x;
        if (upper * lower < 0) count++;
      }
    }
  }
  return count;
}
