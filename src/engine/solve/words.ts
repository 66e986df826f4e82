import type { Sample } from "../../data/sample.ts";
import type { Graph } from "../../graph/graph.ts";
import { inert } from "../prompt.ts";

/** What the step that answers was told: an attempt has to keep the form that it asks for. */
export function taskOf(graph: Graph): string {
  const output = graph.nodes.find(({ id }) => id === graph.output);
  return [graph.description, output?.text ?? ""].filter(Boolean).map(inert).join("\n\n");
}

export function queryOf({ inputs }: Graph, sample: Sample): string {
  return inputs.map(({ name }) => inert(`${name}: ${sample.inputs[name] ?? ""}`)).join("\n");
}
