import type { Clock } from "../../deps.ts";
import type { Model, ModelRequest } from "../model.ts";
import { backward, OWN } from "./backward.ts";
import { fill, textKeys } from "./fill.ts";
import { forward } from "./forward.ts";
import { vote } from "./judge.ts";
import { hasTextToRewrite, rewrite } from "./optimizer.ts";
import { keysAskedFor, tagAskedFor, textOf } from "./prompt.ts";
import { solve } from "./solve.ts";
import { suggest, taggedSuggestions } from "./suggest.ts";

export interface SimulatedOptions {
  /** Milliseconds a reply takes. Default 0. */
  readonly latency?: number;
  /** Needed for a latency. */
  readonly clock?: Clock;
}

const CHARACTERS_PER_TOKEN = 4;

/** Characters above which only the start of a message is read: patterns take minutes for a row of megabytes. */
const LONGEST = 200_000;
const START = 2_000;

/**
 * A model without a server, for a first try and for tests: deterministic, and good at the tasks of the example graphs
 * alone. How well it does them depends on what the instruction asks for; its feedback and its rewrites come from what
 * the prompt shows. Everything else it answers with a sentence that says who is speaking.
 */
export function createSimulated({ latency = 0, clock }: SimulatedOptions = {}): Model {
  return {
    identity: "simulated",
    complete: async (request, signal) => {
      signal.throwIfAborted();
      if (latency > 0) await clock?.sleep(latency, signal);
      const messages = request.messages.map(({ role, content }) => ({ role, content: readable(content) }));
      const text = answer({ ...request, messages });
      const prompt = request.messages.reduce((sum, { content }) => sum + content.length, 0);
      return {
        text,
        usage: {
          prompt: Math.ceil(prompt / CHARACTERS_PER_TOKEN),
          completion: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
          estimated: false,
        },
        model: "simulated",
        finish: "stop",
        key: "",
        source: "provider",
        requests: 1,
        milliseconds: latency,
      };
    },
  };
}

function readable(content: string): string {
  return content.length > LONGEST ? content.slice(0, START) : content;
}

/**
 * What is asked for shows in the reply's shape: no shape, the step's own work; a score, a vote; a hypothesis, or a text
 * between tags, a rewrite; several variables, a rewrite of each;
 * else feedback.
 */
function answer({ messages, schema, draw }: ModelRequest): string {
  const prompt = textOf(messages, "user");
  const solution = schema ? null : solve(messages);
  if (solution !== null) return solution;
  const keys = schema ? textKeys(schema.schema) : keysAskedFor(textOf(messages));
  if (keys.includes("score")) return JSON.stringify(vote(prompt));
  const isRewrite = keys.some((key) => /hypothesis/i.test(key)) && keys.length > 1;
  const suggestions = suggest(prompt, draw);
  if (suggestions.size > 0 && !schema) return taggedSuggestions(suggestions, prompt);
  if (suggestions.size > 0) return JSON.stringify(fill(schema?.schema, (name) => suggestions.get(name)?.text ?? ""));
  const tag = schema ? null : tagAskedFor(textOf(messages));
  if (tag !== null && hasTextToRewrite(prompt)) return `<${tag}>\n${rewrite(prompt, draw).text}\n</${tag}>`;
  const isFeedback = keys.some((key) => OWN.test(key)) && keys.length > 1;
  if (!schema && !isRewrite && !isFeedback) return forward(messages);

  const shape = schema?.schema ?? { properties: Object.fromEntries(keys.map((key) => [key, {}])) };
  if (isRewrite) {
    const { text, hypothesis } = rewrite(prompt, draw);
    return JSON.stringify(fill(shape, (name) => (/hypothesis|reason|why/i.test(name) ? hypothesis : text)));
  }
  const feedback = backward(prompt, keys);
  const said = isFeedback ? "" : forward(messages);
  return JSON.stringify(fill(shape, (name) => feedback.get(name) ?? said));
}
