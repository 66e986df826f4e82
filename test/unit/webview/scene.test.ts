import { describe, expect, it } from "vitest";
import { layout } from "../../../src/graph/layout/layout.ts";
import type { Direction, LayoutNode } from "../../../src/graph/layout/node.ts";
import { fold } from "../../../webview/graph/fold.ts";
import { proposedEdge } from "../../../webview/graph/proposed-edge.ts";
import { related, type Scene, type SceneNode, sceneOf, stepFrom, stepOf } from "../../../webview/graph/scene.ts";
import { diamond, randomGraph } from "../../graphs.ts";

function sceneFrom(nodes: readonly LayoutNode[], direction: Direction): Scene {
  const views = nodes.map((node) => ({ ...node, role: "", excerpt: "", words: 0, trainable: false, model: "" }));
  return sceneOf(fold(views, new Set()), layout(nodes, direction));
}

describe("a scene", () => {
  it("knows what depends on what", () => {
    const scene = sceneFrom(diamond, "down");
    expect([...related(scene, "left")].toSorted()).toEqual(["answer", "left", "plan", "question", "style"]);
    expect([...related(scene, "answer")].toSorted()).toEqual(diamond.map(({ id }) => id).toSorted());
  });

  it.each(["down", "right"] as const)("ends every line where its arrowhead starts, drawn %s", (direction) => {
    for (const edge of sceneFrom(randomGraph(60, 3), direction).edges) {
      const end =
        edge.line
          .match(/(-?[\d.]+),(-?[\d.]+)$/)
          ?.slice(1)
          .map(Number) ?? [];
      const [tip, ...corners] = [...edge.head.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
      const base = corners.map(([x = 0, y = 0]) => (direction === "down" ? y : x));
      expect(base[0]).toBeCloseTo(direction === "down" ? (end[1] ?? 0) : (end[0] ?? 0));
      expect(direction === "down" ? (tip?.[0] ?? 0) : (tip?.[1] ?? 0)).toBeCloseTo(
        direction === "down" ? (end[0] ?? 0) : (end[1] ?? 0),
      );
    }
  });

  it.each(["down", "right"] as const)("takes a proposed edge around the nodes in its way, drawn %s", (direction) => {
    const scene = sceneFrom(randomGraph(40, 5), direction);
    const isDown = direction === "down";
    const first = (node: SceneNode) => (isDown ? node.y : node.x);
    const inOrder = scene.nodes.toSorted((a, b) => first(a) - first(b));
    const [from, to] = [inOrder[0]!, inOrder.at(-1)!];
    const { line, head } = proposedEdge(from, to, scene);
    const points = [...`${line}${head}`.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const inside = (node: SceneNode) =>
      points.some(([x = 0, y = 0]) => x > node.x && x < node.x + node.width && y > node.y && y < node.y + node.height);
    expect(scene.nodes.filter((node) => node !== from && node !== to).filter(inside)).toEqual([]);
    const tip = Math.max(...points.map(([x = 0, y = 0]) => (isDown ? y : x)));
    expect(tip).toBeCloseTo(isDown ? to.y : to.x);
  });

  it("puts every badge on its edge", () => {
    for (const { middle, bounds } of sceneFrom(randomGraph(60, 3), "down").edges) {
      expect(middle[0]).toBeGreaterThanOrEqual(bounds.left - 1e-6);
      expect(middle[0]).toBeLessThanOrEqual(bounds.right + 1e-6);
      expect(middle[1]).toBeGreaterThan(bounds.top);
      expect(middle[1]).toBeLessThan(bounds.bottom);
    }
  });
});

describe("arrow keys", () => {
  it("follow the way the drawing runs", () => {
    expect(stepOf("ArrowDown", "down")).toBe("ahead");
    expect(stepOf("ArrowRight", "right")).toBe("ahead");
    expect(stepOf("ArrowUp", "right")).toBe("before");
    expect(stepOf("a", "down")).toBeNull();
  });

  it("go along edges and to the neighbour in the same layer, and stop at the ends", () => {
    const scene = sceneFrom(diamond, "down");
    expect(stepFrom(scene, "question", "ahead")).toBe("plan");
    expect(["left", "right"]).toContain(stepFrom(scene, "plan", "ahead"));
    expect(stepFrom(scene, "answer", "ahead")).toBeNull();
    expect(stepFrom(scene, "question", "back")).toBeNull();
    const there = stepFrom(scene, "left", "after") ?? stepFrom(scene, "left", "before");
    expect(there).toBe("right");
    expect(stepFrom(scene, "nobody", "ahead")).toBeNull();
  });

  it("reach every node of a connected graph", () => {
    const scene = sceneFrom(diamond, "down");
    const reached = new Set(["question"]);
    for (const id of reached) {
      for (const step of ["ahead", "back", "before", "after"] as const) {
        const next = stepFrom(scene, id, step);
        if (next !== null) reached.add(next);
      }
    }
    expect([...reached].toSorted()).toEqual(diamond.map(({ id }) => id).toSorted());
  });
});
