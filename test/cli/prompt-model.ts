import type { Message, Model, ModelReply } from "../../src/models/model.ts";

/** What a test model replies to each kind of request. It sees only the texts of the system and user messages. */
export interface PromptModel {
  forward(system: string, user: string): string;
  /** @param keys that the reply needs: `instruction` and the node's inputs */
  feedback(system: string, user: string, keys: readonly string[]): Readonly<Record<string, string>>;
  /** A new text and the hypothesis behind it. */
  rewrite(system: string, user: string): { readonly hypothesis: string; readonly text: string };
}

/** A model made of these replies. The kind of request shows in the keys of its schema. */
export function promptModel(identity: string, { forward, feedback, rewrite }: PromptModel): Model {
  return {
    identity,
    async complete({ messages, schema }): Promise<ModelReply> {
      const [system, user] = [textOf(messages, "system"), textOf(messages, "user")];
      const keys = Object.keys(Object(schema?.schema.properties));
      const text = !schema
        ? forward(system, user)
        : JSON.stringify(keys.includes("text") ? rewrite(system, user) : feedback(system, user, keys));
      const usage = { prompt: Math.ceil((system.length + user.length) / 4), completion: text.length, estimated: false };
      const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
      return { text, usage, model: identity, finish: "stop", ...rest };
    },
  };
}

function textOf(messages: readonly Message[], role: Message["role"]): string {
  return messages.flatMap((message) => (message.role === role ? [message.content] : [])).join("\n\n");
}

/** The content of a block of a prompt; empty if there is none. */
export function blockIn(prompt: string, tag: string): string {
  return new RegExp(`<${tag}>\\n([\\s\\S]*?)\\n</${tag}>`).exec(prompt)?.[1] ?? "";
}

/** Feedback for each key. */
export function feedbackFor(keys: readonly string[], about: (key: string) => string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, about(key)]));
}
