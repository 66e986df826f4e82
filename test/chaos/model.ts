import { createHash } from "node:crypto";
import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import { unitOf } from "../server/faults.ts";
import type { Form } from "./random-graph.ts";

/** Names what was asked, however it was wrapped. */
export function contentId(messages: readonly Message[]): string {
  return createHash("sha256")
    .update(messages.map(({ content }) => content).join("\u0000"))
    .digest("hex")
    .slice(0, 12);
}

/**
 * A model of which everything is known: each reply depends on the prompt alone, and bears the prompt's name as the model
 * that answered, so that replies on record can be told apart. Some feedback is vague, some rewrites are ruinous, some
 * replies are in no form.
 */
export const chaosModel: Model = {
  identity: "chaos",
  async complete({ messages }): Promise<ModelReply> {
    const id = contentId(messages);
    const prompt = messages.map(({ content }) => content).join("\n\n");
    const text = answer(prompt, id);
    const usage = { prompt: promptTokens(messages), completion: tokensOf(text), estimated: false };
    const model = `chaos-${id}`;
    return { text, usage, model, finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
  },
};

/** Never more than what is set aside for a reply, so that a budget of tokens has to be kept to the token. */
function tokensOf(text: string): number {
  return Math.min(512, Math.ceil(text.length / 4));
}

function promptTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + content.length / 4 + 4, 0);
}

function answer(prompt: string, id: string): string {
  const isRepair = prompt.includes("could not be read");
  const unreadable = unitOf(`unreadable ${id}`) < (isRepair ? 0.3 : 0.04);
  if (prompt.includes("(the complete list of names") || prompt.includes('"hypothesis", "inputs"')) {
    return unreadable ? "Whatever it needs." : choose(prompt, id);
  }
  if (prompt.includes('"hypothesis", "text"')) return unreadable ? "I would rather not." : rewrite(prompt, id);
  if (prompt.includes('"reason" (a string)') || prompt.includes("<rubric>")) {
    return unreadable ? "Seven, perhaps." : vote(prompt);
  }
  const keys = /each with a string: (.*)/.exec(prompt)?.[1];
  if (keys !== undefined) return unreadable ? "Hm." : feedback(prompt, keys, id);
  return forward(prompt, id);
}

const minds = (text: string, rule: string) => text.includes(`Mind ${rule}!`);
const owner = (rule: string) => rule.split("~")[0] ?? "";

/** What a question, or a value that quotes it, says it needs. */
function needsIn(prompt: string): string[] {
  return wordsOf(/needs ([^.\]]*)\./.exec(prompt)?.[1] ?? "");
}

function wordsOf(text: string): string[] {
  return text.split(" ").filter(Boolean);
}

function lacksIn(text: string): string[] {
  return [...new Set([...text.matchAll(/lacks ([^.\]]*)\./g)].flatMap(([, rules = ""]) => wordsOf(rules)))];
}

function forward(prompt: string, id: string): string {
  const node = /Node ([nm]\d+):/.exec(prompt)?.[1];
  const needs = needsIn(prompt);
  const question = /Q(\d+) needs/.exec(prompt)?.[1] ?? "0";
  const own = needs.filter((rule) => owner(rule) === node || prompt.includes(`Text ${owner(rule)}:`));
  const lacking = [...own.filter((rule) => !minds(prompt, rule)), ...lacksIn(prompt)];
  if (node === undefined || needs.includes("luck")) lacking.push("luck");
  const loss = /Final (\w+)\./.exec(prompt)?.[1];
  const value =
    loss === undefined
      ? `[${node ?? "nobody"} on Q${question} needs ${needs.join(" ")}. lacks ${[...new Set(lacking)].join(" ")}.]`
      : final(loss, Number(question), lacking.length === 0);
  const slips = unitOf(`slip ${id}`) < 0.02;
  return slips ? value : inForm(value, (/Form (\w+)\./.exec(prompt)?.[1] ?? "plain") as Form);
}

function final(loss: string, index: number, right: boolean): string {
  const word = right ? `a${index}` : `b${index}`;
  switch (loss) {
    case "contains":
      return `It is ${word} here.`;
    case "number":
      return String(right ? index : index + 1);
    case "choice":
      return `(${"ABC"[(right ? index : index + 1) % 3]})`;
    case "f1":
      return `the answer ${word}`;
    case "set":
      return `b${index}, ${right ? `a${index}` : "c"}`;
    case "json":
      return JSON.stringify({ x: word, y: index % 2 });
    default:
      return word;
  }
}

function inForm(value: string, form: Form): string {
  switch (form) {
    case "after":
      return `Let me think.\nAnswer: ${value}`;
    case "tag":
      return `So: <out>${value}</out>`;
    case "json":
      return JSON.stringify({ out: { value } });
    case "pattern":
      return `It is <<${value}>>.`;
    default:
      return value;
  }
}

function feedback(prompt: string, keys: string, id: string): string {
  const step = /<step id="([^"]*)"/.exec(prompt)?.[1] ?? "";
  const needs = needsIn(prompt);
  const lacks = lacksIn(prompt);
  const names = [...keys.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
  const wish = (rules: readonly string[]) => rules.map((rule) => `Wish ${rule}!`).join(" ");
  return JSON.stringify(
    Object.fromEntries(
      names.map((name) => {
        if (unitOf(`vague ${name} ${id}`) < 0.15) return [name, "Work more carefully."];
        if (/^n\d+$/.test(name)) return [name, wish(lacks)];
        const mine = /^t\d+$/.test(name) ? name : step;
        if (name === "question") return [name, ""];
        return [name, wish(needs.filter((rule) => owner(rule) === mine && !minds(prompt, rule)))];
      }),
    ),
  );
}

function rewrite(prompt: string, id: string): string {
  const present = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(prompt)?.[1] ?? "";
  const chance = unitOf(`rewrite ${id}`);
  const node = /(?:Node|Text) ([ntm]\d+):/.exec(present)?.[1];
  const asked = [...prompt.matchAll(/Wish (\S+~r\d)!/g)].map(([, rule = ""]) => rule);
  const wanted = [...new Set(asked)].filter((rule) => owner(rule) === node && !minds(present, rule));
  const note = `Take care ${id.slice(0, 4)}.`;
  const say = (text: string) => JSON.stringify({ hypothesis: `because of ${id}`, text });
  if (chance < 0.1) return say(`Ruined. ${note}`);
  if (chance < 0.15) return say(present);
  if (chance < 0.2) return say(present.replaceAll("{{", "").replaceAll("}}", ""));
  if (wanted.length === 0) return say(`${present} ${note}`);
  return say([present, ...wanted.slice(0, 2).map((rule) => `Mind ${rule}!`)].join(" "));
}

/** Adds, drops or keeps inputs; now and then it names what does not exist. */
function choose(prompt: string, id: string): string {
  const named = (tag: string) => [...prompt.matchAll(new RegExp(`<${tag} id="([^"]*)"`, "g"))].map(([, name]) => name);
  const [reads, others] = [named("reads"), named("other")];
  const chance = unitOf(`choose ${id}`);
  const one = (some: readonly (string | undefined)[]) => some[Math.floor(unitOf(`which ${id}`) * some.length)];
  const added = chance < 0.1 ? "nobody" : chance < 0.5 ? one(others) : undefined;
  const dropped = chance > 0.4 && chance < 0.8 ? one(reads) : undefined;
  const inputs = [...reads.filter((name) => name !== dropped), ...(added ? [added] : [])];
  return JSON.stringify({ hypothesis: `because of ${id}`, inputs });
}

function vote(prompt: string): string {
  const [accepted, given] = ["accepted_answer", "answer"].map((tag) =>
    new RegExp(`<${tag}>\\n?([\\s\\S]*?)\\n?</${tag}>`).exec(prompt)?.[1]?.trim(),
  );
  return JSON.stringify({ reason: `It is ${given}.`, score: accepted === given ? 1 : 0.25 });
}
