import type { Message, Model, ModelReply } from "../../src/models/model.ts";

/**
 * A model that knows nothing but what its prompt shows. It searches with general words unless its instruction asks for
 * names, and finds fault with a search only if it sees the search and the passages that came of it.
 */
export const seeker: Model = {
  identity: "seeker",
  async complete({ messages, schema }): Promise<ModelReply> {
    const [system, user] = [saidBy(messages, "system"), saidBy(messages, "user")];
    const keys = Object.keys(Object(schema?.schema.properties));
    const text = !schema ? work(system, user) : keys.includes("text") ? rewrite(user) : feedback(user, keys);
    const usage = { prompt: Math.ceil((system.length + user.length) / 4), completion: text.length, estimated: false };
    const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
    return { text, usage, model: "seeker", finish: "stop", ...rest };
  },
};

function saidBy(messages: readonly Message[], role: Message["role"]): string {
  return messages.flatMap((message) => (message.role === role ? [message.content] : [])).join("\n\n");
}

function work(instruction: string, user: string): string {
  const company = /founder of ([A-Z]\w+ [A-Z]\w+)/.exec(user)?.[1] ?? "";
  const founder = new RegExp(`${company} is[^.]*\\. It was founded by (\\w+ \\w+)`).exec(user)?.[1];
  const known = /(\w+ \w+) founded/.exec(user)?.[1];
  const asksNames = /names/.test(instruction);
  if (/search/.test(instruction)) {
    if (!asksNames) return "a founder who was born in a town, and the company that was founded";
    return known ?? company;
  }
  if (/one sentence/.test(instruction)) return founder ? `${founder} founded ${company}.` : "Nothing fits.";
  return new RegExp(`${known ?? "nobody"} was a founder[^.]* was born in (\\w+)`).exec(user)?.[1] ?? "unknown";
}

const NAMES = "It has to hold the names, not only general words.";

function feedback(user: string, keys: readonly string[]): string {
  const step = /<step id="(\w+)"/.exec(user)?.[1] ?? "";
  const sees = (name: string) => new RegExp(`<source id="${name}"`).test(user) && /<retriever step=/.test(user);
  const note = /<input id="note"[^>]*>\n([\s\S]*?)\n<\//.exec(user)?.[1] ?? "";
  const about = (key: string): string => {
    if (key === "instruction" && /^search/.test(step)) return /names/.test(part(user, "feedback")) ? NAMES : "";
    if (key === "search1" && sees("search1")) return NAMES;
    if (key === "note" && note.startsWith("Nothing")) return "It does not say who the founder is.";
    return key === "search2" && sees("search2") && !note.startsWith("Nothing") ? NAMES : "";
  };
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, about(key)])));
}

function part(prompt: string, tag: string): string {
  return new RegExp(`<${tag}>\\n([\\s\\S]*?)\\n</${tag}>`).exec(prompt)?.[1] ?? "";
}

function rewrite(user: string): string {
  const cases = [...user.matchAll(/<case id[\s\S]*?<\/case>/g)].map(([one]) => part(one, "feedback"));
  const added = cases.some((one) => one.includes(NAMES)) ? "Use the names of people and companies." : "Take care.";
  return JSON.stringify({ hypothesis: "What was missing.", text: `${part(user, "current_text")} ${added}` });
}
