import type { Graph, GraphNode } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import { topologyOf } from "../../graph/topology.ts";
import { codeBlock, feedbackGraphOf } from "../forward/computed.ts";

/** Describes a node's text for a model: its purpose, its inputs, and what reads the result. */
export function nodeDescriptions(graph: Graph): (node: GraphNode) => string {
  const topology = topologyOf(graph);
  const feedback = feedbackGraphOf(graph, topology);
  const role = (id: string) => {
    const one = graph.nodes.find((other) => other.id === id) ?? graph.inputs.find(({ name }) => name === id);
    const words = one && "role" in one ? one.role : (one?.description ?? "");
    return words ? `${id} (${words})` : id;
  };

  /**
   * Code that processes the value before another step or the answer: the value must have the form that the code
   * reads.
   */
  function codeBehind(id: string): string[] {
    const after = topology.descendants(id);
    const behind = topology.order.filter((node) => after.has(node.id) && traitsOf(node).computed);
    const direct = behind.filter((node) => feedback.sources([node.id]).includes(id));
    return direct.map(codeBlock);
  }

  return (node) => {
    const what = isInstruction(node)
      ? `The text is the instruction of the step ${role(node.id)}. It receives: ${node.inputs.map(role).join(", ")}.${mapOf(node)}${outputOf(node)}`
      : traitsOf(node).computed
        ? `The value of ${role(node.id)} is computed from ${node.inputs.map(role).join(", ")}, and how can't change.`
        : `The text ${role(node.id)} is handed to steps as one of their inputs.`;
    const readers = topology.successors(node.id).map(role).join(", ");
    const reach =
      node.id === graph.output ? "Its result is the final answer." : readers === "" ? "" : `Read by: ${readers}.`;
    const own = graph.targets?.includes(node.id) ? " Its result is compared with a right result of its own." : "";
    return [`${what} ${reach}${own}`, ...codeBehind(node.id)].join("\n\n");
  };
}

export function isInstruction(node: GraphNode): boolean {
  return traitsOf(node).text === "instruction";
}

function mapOf(node: GraphNode): string {
  if (node.kind === "map") return ` It runs once for each element of ${node.over}, and sees one element at a time.`;
  if (!node.perElement) return "";
  return ` It runs once for each element of ${node.perElement.join(" and ")}, and sees one element at a time.`;
}

/** Which part of the reply is passed on: a text that no longer asks for it breaks the pipeline. */
function outputOf(node: GraphNode): string {
  const output = node.kind === "map" ? node.each : node.output;
  switch (output?.kind) {
    case "after":
      return ` Only what follows the last "${output.after}" in its reply is used.`;
    case "tag":
      return ` Only what stands between <${output.tag}> and </${output.tag}> in its reply is used.`;
    case "pattern":
      return ` Only what the regular expression ${output.pattern} finds in its reply is used.`;
    case "json":
      return output.json === ""
        ? " Its reply is read as JSON."
        : ` Its reply is read as JSON, and only the field "${output.json}" is used.`;
    default:
      return "";
  }
}

/** Feedback on a list says which of its elements it is about, so that it goes on with them. */
export function perElementNote(node: GraphNode): string {
  const lists = node.kind === "map" ? [node.over] : (node.perElement ?? []);
  if (lists.length === 0) return "";
  const names = lists.join(" and ");
  return `The step ran once for each element of ${names}, and saw one element at a time. Its output is the list of the results, in the same order. Say which elements your feedback is about, by their number from 1.`;
}
