import { stringify } from "yaml";
import { asksOnce } from "../graph.ts";
import { traitsOf } from "../node-kinds.ts";
import { compiledText } from "./compiled.ts";
import { type Exported, type Exporter, modelOf, type Params, splitParams } from "./exporter.ts";
import { jinjaMessages, jinjaNames, jinjaPlaceholder, jinjaText, renamedSentence } from "./jinja.ts";

/** A configuration for promptfoo (https://www.promptfoo.dev/docs/configuration/guide/), for graphs with one call. */
export const promptfoo: Exporter = {
  describes: "A promptfoo configuration, for a graph with one call.",
  export({ graph, model, name }): Exported {
    const calls = graph.nodes.flatMap((node) => ("model" in node ? [node] : []));
    const [node] = calls;
    if (!node || !asksOnce(node) || calls.length > 1) {
      const left =
        "promptfoo tests one prompt at a time, and this graph calls a model in several nodes, or several times. Export it as a module instead.";
      return { files: {}, left: [left] };
    }
    const texts = new Map(
      graph.nodes.flatMap((one) => (traitsOf(one).text === "value" ? [[one.id, compiledText(one)]] : [])),
    );
    const computed = graph.nodes.filter((one) => traitsOf(one).text !== "value" && node.inputs.includes(one.id));
    const names = jinjaNames([...graph.inputs.map((one) => one.name), ...computed.map(({ id }) => id)]);
    const place = (input: string) => jinjaPlaceholder(names.get(input) ?? input);
    const sent = jinjaMessages(node, (input) => {
      const text = texts.get(input);
      return text === undefined ? place(input) : jinjaText(text, place);
    });
    const { model: named, params } = modelOf(node, model);
    const config = {
      description: graph.description || graph.name,
      prompts: [JSON.stringify(sent)],
      providers: [{ id: `openai:chat:${named ?? "MODEL"}`, config: configOf(params) }],
      tests: `file://${name}.tests.jsonl`,
    };
    const renamed = renamedSentence(names);
    const left = [
      `Add your rows as ${name}.tests.jsonl, one test per line: { "vars": { … }, "assert": [ … ] }.`,
      ...(computed.length > 0
        ? [
            `These steps don't run in promptfoo, so their values are variables: ${computed.map(({ id }) => id).join(", ")}.`,
          ]
        : []),
      ...(renamed === null ? [] : [renamed]),
    ];
    return { files: { "promptfooconfig.yaml": stringify(config) }, left };
  },
};

/** Parameters that promptfoo names (https://www.promptfoo.dev/docs/providers/openai/); it passes others through. */
const NAMED =
  "temperature max_tokens max_completion_tokens top_p frequency_penalty presence_penalty seed stop response_format reasoning_effort verbosity"
    .split(" ")
    .map((name) => [name, name] as const);

function configOf(params: Params): object {
  const { named, others } = splitParams(params, new Map(NAMED));
  return { ...named, ...(others && { passthrough: others }) };
}
