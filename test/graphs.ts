import { randomLcg } from "d3";
import type { LayoutNode } from "../src/graph/layout/node.ts";

/** Shapes of graphs that tests and benches draw. */

export const diamond: readonly LayoutNode[] = [
  { id: "question", kind: "input", inputs: [] },
  { id: "style", kind: "text", inputs: [] },
  { id: "plan", kind: "llm", inputs: ["question"] },
  { id: "left", kind: "llm", inputs: ["plan", "style"] },
  { id: "right", kind: "llm", inputs: ["plan", "style", "question"] },
  { id: "answer", kind: "llm", inputs: ["left", "right", "question"] },
];

/** The normal long shape: each node reads the one before and the question. */
export function chainThatReadsTheQuestion(length: number): LayoutNode[] {
  const nodes: LayoutNode[] = [{ id: "question", kind: "input", inputs: [] }];
  for (let i = 0; i < length; i++) {
    nodes.push({ id: `node${i}`, kind: "llm", inputs: i === 0 ? ["question"] : [`node${i - 1}`, "question"] });
  }
  return nodes;
}

export function fanOut(width: number): LayoutNode[] {
  const names = Array.from({ length: width }, (_, i) => `part${i}`);
  return [
    { id: "question", kind: "input", inputs: [] },
    ...names.map((id): LayoutNode => ({ id, kind: "llm", inputs: ["question"] })),
    { id: "join", kind: "llm", inputs: names },
  ];
}

/**
 * Like graphs people write: mostly short edges, some long ones, a few inputs and shared texts.
 * @param size - number of nodes, inputs and texts included
 */
export function randomGraph(size: number, seed: number): LayoutNode[] {
  const random = randomLcg(seed);
  const upTo = (n: number) => Math.floor(random() * n);
  const nodes: LayoutNode[] = [];
  for (let i = 0; i < size; i++) {
    const kind = i < 1 + size / 40 ? "input" : random() < 0.1 ? "text" : "llm";
    const inputs = new Set<string>();
    for (let k = kind === "llm" ? 1 + upTo(3) : 0; k > 0; k--) {
      const near = random() < 0.75 ? Math.max(0, i - 1 - upTo(Math.ceil(Math.sqrt(size)) + 2)) : upTo(i);
      inputs.add(nodes[near]!.id);
    }
    nodes.push({ id: `n${i}`, kind, inputs: [...inputs] });
  }
  return nodes;
}
