import { callsOfLosses, type Task } from "../engine/task.ts";
import { ownModel } from "../graph/graph.ts";

/** Every model that a task can use. */
export function modelsOf({ models, graph }: Pick<Task, "models" | "graph">): string[] {
  return named(graph, Object.values(models));
}

/** The models that are asked when samples are scored. */
export function scoringModelsOf({ models, graph, loss, losses }: Omit<Task, "data" | "options">): string[] {
  const isJudged = callsOfLosses({ loss, ...(losses && { losses }) }) > 0;
  return named(graph, isJudged ? [models.forward, models.judge] : [models.forward]);
}

function named({ nodes }: Task["graph"], choices: readonly { readonly model: string }[]): string[] {
  const own = nodes.flatMap((node) => ownModel(node)?.model ?? []);
  return [...new Set([...choices.map(({ model }) => model), ...own])];
}
