import type { Model, ModelReply } from "../../src/models/model.ts";
import { createSimulated } from "../../src/models/simulated/simulated.ts";

/** The simulated model with one bad habit: every rewrite of an instruction is a ruin, and each is another one. */
export function harmfulModel(): Model {
  const model = createSimulated();
  let ruins = 0;
  return {
    identity: model.identity,
    async complete(request, signal) {
      const reply = await model.complete(request, signal);
      const rewrite: unknown = parsed(reply.text);
      const isRewrite = typeof rewrite === "object" && rewrite !== null && "hypothesis" in rewrite;
      return isRewrite
        ? { ...reply, text: JSON.stringify({ ...rewrite, text: `Greet reader ${++ruins}, and say no more.` }) }
        : reply;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A model that knows what support tickets are about, and answers in a whole sentence where a ticket is in a hurry, as long
 * as its instruction does not ask for the category alone.
 */
export const helpdesk: Model = {
  identity: "helpdesk",
  async complete({ messages, schema }): Promise<ModelReply> {
    const prompt = messages.map(({ content }) => content).join("\n\n");
    const keys = Object.keys(Object(schema?.schema.properties));
    const text = !schema
      ? answerTicket(prompt)
      : keys.includes("text")
        ? JSON.stringify({ hypothesis: "It has to say the form of the answer.", text: askForOneWord(prompt) })
        : JSON.stringify(
            Object.fromEntries(keys.map((key) => [key, "The answer has to be the category alone, in one word."])),
          );
    const usage = { prompt: Math.ceil(prompt.length / 4), completion: Math.ceil(text.length / 4), estimated: false };
    return {
      text,
      usage,
      model: "helpdesk",
      finish: "stop",
      key: "",
      source: "provider",
      requests: 1,
      milliseconds: 0,
    };
  },
};

const ABOUT = {
  billing: /charged|invoice|refund|tax/,
  delivery: /received|parcel|address|tracking/,
  account: /log in|password|profile|email/,
  product: /size|part|color|manual/,
};

function answerTicket(prompt: string): string {
  if (/in one sentence what the customer/i.test(prompt) && !/category/i.test(prompt)) {
    return `The customer says: ${/I [^.\n]*/.exec(prompt)?.[0] ?? "nothing"}.`;
  }
  const [category = "product"] = Object.entries(ABOUT).find(([, words]) => words.test(prompt)) ?? [];
  return /urgent|help/i.test(prompt) && !/in one word/i.test(prompt) ? `The category is ${category}.` : category;
}

function askForOneWord(prompt: string): string {
  const text = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(prompt)?.[1] ?? "";
  return `${text}\n\nAnswer with the category alone, in one word.`;
}
