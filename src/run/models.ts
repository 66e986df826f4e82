import type { Task } from "../engine/task.ts";
import { ownModel } from "../graph/graph.ts";

/** Every model that a task can use. */
export function modelsOf({ models, graph }: Pick<Task, "models" | "graph">): string[] {
  const own = graph.nodes.flatMap((node) => ownModel(node)?.model ?? []);
  return [...new Set([...Object.values(models).map(({ model }) => model), ...own])];
}
