import type { Passage } from "../../data/passage.ts";
import type { RetrieverNode } from "../../graph/graph.ts";
import { render, valuesFor } from "../../graph/text/templating.ts";
import { shortHash } from "../theta.ts";
import { inputsAndOutput, type NodeBehavior } from "./node-behavior.ts";

/** Searches files of the repository: the passages that fit the query best, each with its path. */
export const retriever: NodeBehavior<RetrieverNode> = {
  calls: 0,
  prompt: () => [],
  async run({ id, top, templating, variables }, { text, inputs, local }) {
    const query = render(text, valuesFor(inputs, variables), templating);
    const found = await local.search(id, query, top);
    const value = found.length > 0 ? found.map(shown).join("\n\n") : "No passage fits the query.";
    const key = `retriever ${shortHash([query, top, value])}`;
    await local.keep(key, value);
    return { text: value, formatError: false, tokens: 0, key };
  },
  context: inputsAndOutput,
  computes: ({ corpus, top, text }) =>
    `A search by words (BM25) in ${corpus.join(", ")}. The value is the ${top} passages that share the most telling words with this query:\n${text}`,
};

function shown({ path, text }: Passage): string {
  return `<passage path="${path.replace(/["<>\n]/g, " ")}">\n${text.replaceAll("</passage>", "<\\/passage>")}\n</passage>`;
}
