import { asksOnce, type GraphNode, type LlmNode } from "../graph.ts";
import { traitsOf } from "../node-kinds.ts";
import { topologyOf } from "../topology.ts";
import { compiledMessages, compiledText } from "./compiled.ts";
import { type Exporter, type ExportSource, modelOf } from "./exporter.ts";
import runner from "./module-runner.md";

/** An ES module without dependencies that answers queries like the graph, for use in programs. */
export const module: Exporter = {
  describes: "A JavaScript module without dependencies that runs the graph.",
  export({ graph, model, name }) {
    const { order } = topologyOf(graph);
    const foreign = order.filter((node) => !asksOnce(node) && traitsOf(node).text !== "value");
    if (foreign.length > 0) {
      const names = foreign.map(({ id, kind }) => `${id} (${kind})`).join(", ");
      return { files: {}, left: [`The module can't run these nodes: ${names}. Use \`agentgraph run\` instead.`] };
    }
    const images = graph.inputs.filter(({ type }) => type === "image").map((one) => one.name);
    if (images.length > 0) {
      return {
        files: {},
        left: [`The module can't send images: ${images.join(", ")}. Use \`agentgraph run\` instead.`],
      };
    }
    const nodes = order.map((node) => ({ id: node.id, inputs: node.inputs, ...partsOf(node, model) }));
    const whole = { inputs: graph.inputs.map((one) => one.name), nodes, output: graph.output };
    const title = (graph.name || name).replace(/\s+/g, " ");
    const head = `// ${title}: exported by AgentGraph. Run: import { run } from "./${name}.mjs"; await run({ … }, { apiKey }).`;
    const text = `${head}\n\nconst GRAPH = ${JSON.stringify(whole, null, 2)};\n\n${runner.trim()}\n`;
    const isNameless = order.some((node) => asksOnce(node) && !node.model && model === null);
    const left = isNameless ? ["The graph names no model. Pass one to `run` as `model`."] : [];
    return { files: { [`${name}.mjs`]: text }, left };
  },
};

function partsOf(node: GraphNode, model: ExportSource["model"]): object {
  return asksOnce(node) ? callOf(node, model) : { text: compiledText(node) };
}

function callOf(node: LlmNode, forward: ExportSource["model"]): object {
  const { output } = node;
  const { model, params } = modelOf(node, forward);
  return { messages: compiledMessages(node), ...(output && { output }), model, params };
}
