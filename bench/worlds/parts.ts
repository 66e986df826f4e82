import type { LlmNode } from "../../src/graph/graph.ts";
import { sha256 } from "../../src/graph/text/sha256.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";

/** Parts of all synthetic tasks. */

/** @returns a function that returns a number from 0 to below 1, which depends on seed and parts only */
export function seededChance(seed: number): (...parts: unknown[]) => number {
  return (...parts) => {
    const first = Number.parseInt(sha256(JSON.stringify([seed, ...parts])).slice(0, 8), 16);
    // The first four bytes, the last of them first.
    const swapped = (first << 24) | ((first & 0xff00) << 8) | ((first >>> 8) & 0xff00) | (first >>> 24);
    return (swapped >>> 0) / 2 ** 32;
  };
}

/** A trainable node with an instruction without rules. */
export function llmNode(
  own: Pick<LlmNode, "id" | "role" | "text" | "inputs"> & Partial<Pick<LlmNode, "output">>,
): LlmNode {
  return {
    kind: "llm",
    trainable: true,
    keep: [],
    maxWords: null,
    constraints: [],
    output: null,
    model: null,
    message: "system",
    ...own,
  };
}

/** A model that answers by a function and counts a token for four characters. @param latency waits before each reply */
export function createWorldModel(
  identity: string,
  latency: () => Promise<void>,
  answer: (request: ModelRequest) => string,
): Model {
  return {
    identity,
    async complete(request) {
      await latency();
      const text = answer(request);
      const prompt = Math.ceil(request.messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
      const usage = { prompt, completion: Math.ceil(text.length / 4), estimated: false };
      return { text, usage, model: "world", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
    },
  };
}

/** Names of the fields that a request's schema has. */
export function fieldsOf({ schema }: Pick<ModelRequest, "schema">): string[] {
  return Object.keys((schema?.schema.properties ?? {}) as Record<string, unknown>);
}

/** The content of the last element with a tag; "" if there is none. */
export function lastIn(prompt: string, tag: string): string {
  const start = prompt.lastIndexOf(`<${tag}>`);
  const end = prompt.indexOf(`</${tag}>`, start);
  return start < 0 ? "" : prompt.slice(start + tag.length + 2, end < 0 ? undefined : end).trim();
}
