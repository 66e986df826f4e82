import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import { blockIn } from "./prompt-model.ts";

/**
 * A model that can say a price only if its prompt shows one, and believes gossip before it believes a list. It gives
 * feedback on what a step reads only as far as its prompt shows what the step could read.
 */
export const priceModel: Model = {
  identity: "prices",
  async complete({ messages, schema }): Promise<ModelReply> {
    const prompt = messages.map(({ content }: Message) => content).join("\n\n");
    const keys = Object.keys(Object(schema?.schema.properties));
    const text = !schema
      ? work(prompt)
      : keys.includes("inputs")
        ? choose(prompt)
        : keys.includes("text")
          ? JSON.stringify({ hypothesis: "Care helps.", text: `${blockIn(prompt, "current_text")} Work with care.` })
          : feedback(prompt, keys);
    const usage = { prompt: Math.ceil(prompt.length / 4), completion: text.length, estimated: false };
    const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
    return { text, usage, model: "prices", finish: "stop", ...rest };
  },
};

function work(prompt: string): string {
  if (prompt.includes("Guess what")) return `Gossip: ${itemIn(prompt)} costs ${1 + (itemIn(prompt).length % 3)}.`;
  const gossip = /Gossip: \w+ costs (\d+)/.exec(prompt)?.[1];
  const listed = new RegExp(`List: .*\\b${itemIn(prompt)} at (\\d+)`).exec(prompt)?.[1];
  return `It costs ${gossip ?? listed ?? "something"}.`;
}

function itemIn(prompt: string): string {
  return /What does (\w+) cost/.exec(prompt)?.[1] ?? "";
}

function feedback(prompt: string, keys: readonly string[]): string {
  const item = itemIn(prompt);
  const lacked = [...prompt.matchAll(/<other id="(\w+)"[^>]*>\n([\s\S]*?)\n<\/other>/g)]
    .filter(([, , value = ""]) => new RegExp(`List: .*\\b${item} at`).test(value))
    .map(([, name]) => `The step lacked ${name}, which has the price.`);
  const misled = [...prompt.matchAll(/<input id="(\w+)"[^>]*>\n([\s\S]*?)\n<\/input>/g)]
    .filter(([, , value = ""]) => value.startsWith("Gossip:"))
    .map(([, name]) => `The input ${name} misled the step.`);
  const about = (key: string) => (key === "choice_of_inputs" ? [...lacked, ...misled].join(" ") : "");
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, about(key)])));
}

function choose(prompt: string): string {
  const reads = [...prompt.matchAll(/<reads id="(\w+)"/g)].map(([, name]) => name);
  const lacked = [...prompt.matchAll(/lacked (\w+)/g)].map(([, name]) => name);
  const misled = [...prompt.matchAll(/input (\w+) misled/g)].map(([, name]) => name);
  const inputs = [...new Set([...reads, ...lacked])].filter((name) => !misled.includes(name));
  return JSON.stringify({ hypothesis: "It reads what has the price.", inputs });
}

const ITEMS = "pen book lamp chair table stamp clock spoon kettle brush".split(" ");

/** Questions with the list that answers them. */
function prices(set: number, count: number): { question: string; list: string; price: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const items = ITEMS.map((item, at) => ({ item, price: 10 + ((7 * at + 13 * index + 101 * set) % 90) }));
    const { item, price } = items[index % items.length] ?? { item: "", price: 0 };
    const list = items.map((one) => `${one.item} at ${one.price}`).join(", ");
    return { question: `What does ${item} cost on day ${index} of month ${set}?`, list: `List: ${list}`, price };
  });
}

/** A graph whose answer lacks an input, the list, and has one that misleads. */
export const priceGraph = {
  version: 1,
  description: "Says what something costs.",
  inputs: { question: "what a customer asks", list: "today's price list" },
  nodes: {
    gossip: { role: "guesses", inputs: ["question"], instruction: "Guess what it costs.", trainable: false },
    answer: {
      role: "answers the customer",
      inputs: ["question", "gossip"],
      instruction: ["Say what it costs.", "", "Question: {{question}}", "", "Gossip:", "{{gossip}}"],
    },
  },
  output: "answer",
  models: { forward: "prices" },
  data: { train: prices(0, 20), validation: prices(1, 20), test: prices(2, 20), target: "price" },
  loss: { kind: "number" },
  optimize: { edges: true },
};
