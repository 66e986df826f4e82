import { stringify } from "yaml";
import { asksOnce } from "../graph.ts";
import { type Exporter, modelOf, type Params, splitParams } from "./exporter.ts";
import { jinjaMessages, jinjaNames, jinjaPlaceholder, renamedSentence } from "./jinja.ts";

/** One `.prompty` file for each node that calls a model (https://github.com/microsoft/prompty), version 2. */
export const prompty: Exporter = {
  describes: "One .prompty file for each node that calls a model.",
  export({ graph, model }) {
    const files: Record<string, string> = {};
    const roles = new Map([
      ...graph.inputs.map((one) => [one.name, one.description] as const),
      ...graph.nodes.map(({ id, role }) => [id, role] as const),
    ]);
    const renamed = new Map<string, string>();
    for (const node of graph.nodes) {
      if (!asksOnce(node)) continue;
      const names = jinjaNames(node.inputs);
      const sent = jinjaMessages(node, (input) => jinjaPlaceholder(names.get(input) ?? input));
      for (const [input, changed] of names) renamed.set(input, changed);
      const { model: name, params } = modelOf(node, model);
      const head = {
        name: node.id,
        description: node.role,
        model: { ...(name !== null && { id: name }), provider: "openai", apiType: "chat", options: optionsOf(params) },
        inputs: Object.fromEntries(
          [...names].map(([input, changed]) => [changed, { kind: "string", description: roles.get(input) ?? "" }]),
        ),
      };
      const body = sent.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
      files[`${node.id}.prompty`] = `---\n${stringify(head)}---\n${body}\n`;
    }
    const others = graph.nodes.filter((node) => !("model" in node)).map(({ id }) => id);
    const other = renamedSentence(renamed);
    const edges = graph.nodes.filter((node) => "model" in node).length > 1;
    return {
      files,
      left: [
        ...(others.length > 0
          ? [`Not exported, because they call no model: ${others.join(", ")}. Their values are inputs.`]
          : []),
        ...(edges ? ["A .prompty file holds one call: your program passes the value of one to the next."] : []),
        ...(other === null ? [] : [other]),
      ],
    };
  },
};

/** Parameters → their names in the format; others are additional properties. */
const OPTIONS = new Map([
  ["temperature", "temperature"],
  ["max_tokens", "maxOutputTokens"],
  ["max_completion_tokens", "maxOutputTokens"],
  ["top_p", "topP"],
  ["frequency_penalty", "frequencyPenalty"],
  ["presence_penalty", "presencePenalty"],
  ["seed", "seed"],
  ["stop", "stopSequences"],
]);

function optionsOf(params: Params): object {
  const { named, others } = splitParams(params, OPTIONS);
  const { stopSequences: stop } = named;
  return {
    ...named,
    ...(stop !== undefined && { stopSequences: Array.isArray(stop) ? stop : [stop] }),
    ...(others && { additionalProperties: others }),
  };
}
