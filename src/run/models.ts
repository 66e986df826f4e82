import type { Task } from "../engine/task.ts";

/** Every model that a task may ask. */
export function modelsOf({ models, graph }: Pick<Task, "models" | "graph">): string[] {
  const own = graph.nodes.flatMap((node) => (node.kind === "llm" && node.model ? [node.model.model] : []));
  return [...new Set([...Object.values(models).map(({ model }) => model), ...own])];
}
