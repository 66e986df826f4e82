import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import type { Bench } from "./cli.ts";

/** What a model says to each kind of request. */
export interface Script {
  /** @param better whether some instruction of the request was improved by `rewrite`'s default */
  forward(prompt: string, better: boolean): string;
  judge?(prompt: string): string;
  rewrite?(prompt: string): string;
  /** What the server says, where it is not a sentence for every key that is asked for. */
  feedback?(prompt: string): string;
}

/** The word that a scripted optimizer adds to what it improves. */
export const BETTER = "BETTER";

/** A model that answers as told: which kind of request it is shows in the schema that is asked for. */
export function scripted({ forward, judge, rewrite, feedback }: Script): Model {
  return {
    identity: "scripted",
    async complete({ messages, schema }): Promise<ModelReply> {
      const prompt = written(messages);
      const text = () => {
        if (!schema) return forward(prompt, prompt.includes(BETTER));
        if (schema.name === "vote") return judge?.(prompt) ?? "";
        if (schema.name === "proposal") {
          return (
            rewrite?.(prompt) ??
            JSON.stringify({ hypothesis: "It should help.", text: `${presentText(prompt)} ${BETTER}` })
          );
        }
        const keys = Object.keys(Object(schema.schema.properties));
        return feedback?.(prompt) ?? JSON.stringify(Object.fromEntries(keys.map((key) => [key, `Improve ${key}.`])));
      };
      const usage = { prompt: Math.ceil(prompt.length / 4), completion: 5, estimated: false };
      return {
        text: text(),
        usage,
        model: "scripted",
        finish: "stop",
        key: "",
        source: "provider",
        requests: 1,
        milliseconds: 0,
      };
    },
  };
}

/** The text that an optimizer is asked to improve. */
export function presentText(prompt: string): string {
  return /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(prompt)?.[1] ?? "";
}

function written(messages: readonly Message[]): string {
  return messages.map(({ content }) => content).join("\n\n");
}

/** Writes a graph file of one node `solve` that reads `question`; `more` wins over every part. @returns its name */
export async function writeGraph(bench: Bench, more: object, name = "own"): Promise<string> {
  const file = `${name}.agentgraph.json`;
  const graph = {
    version: 1,
    inputs: { question: "a question" },
    nodes: { solve: { inputs: ["question"], instruction: "Answer the question." } },
    output: "solve",
    models: { forward: "scripted" },
    ...more,
  };
  await writeFile(join(bench.folder, file), JSON.stringify(graph, null, 2));
  return file;
}

/** Rows `{ question, answer }` of each set. */
export function rows(count: number, answer: (at: number) => unknown) {
  const set = (name: string, size: number) =>
    Array.from({ length: size }, (_, at) => ({ question: `${name} question ${at}?`, answer: answer(at) }));
  return { train: set("train", count), validation: set("validation", count), target: "answer" };
}
