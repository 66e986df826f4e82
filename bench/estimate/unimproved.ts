import { evaluate } from "../../src/engine/evaluate.ts";
import { optimize } from "../../src/engine/optimize.ts";
import type { Task } from "../../src/engine/task.ts";
import { makeLoss } from "../../src/loss/make.ts";
import { methods } from "../../src/methods/registry.ts";
import type { Model, ModelRequest } from "../../src/models/model.ts";
import { createStack } from "../../src/models/stack/stack.ts";
import { type KnownReplies, MemoryReplies, NO_REPLIES } from "../../src/models/stack/store.ts";
import { DEFAULTS } from "../worlds/run.ts";
import { createWorld, type WorldOptions } from "../worlds/world.ts";
import { WORLDS } from "../worlds/worlds.ts";

/** Runs in which no rewrite helps, whose cost the estimate predicts. */

export const clock = { now: () => 0, sleep: async () => {} };
const { signal } = new AbortController();

/** US dollars: a prompt token costs one, a reply's four. */
export const price = (_: string, usage: { prompt: number; completion: number }) => usage.prompt + 4 * usage.completion;

/** Dependencies of an estimate. @param replies replies of earlier runs; default: none */
export const known = (provider: Model, replies: KnownReplies = NO_REPLIES) => ({
  provider: provider.identity,
  replies,
  price,
  clock,
});

/** A model like another one whose rewrites never help. */
export function unhelpful(inner: Model): Model {
  let count = 0;
  return {
    identity: inner.identity,
    async complete(request, stop) {
      const reply = await inner.complete(request, stop);
      if (request.tag.purpose !== "optimizer") return reply;
      const said = worded(request, ++count);
      return { ...reply, text: said, usage: { ...reply.usage, completion: Math.ceil(said.length / 4) } };
    },
  };
}

/** A rewrite that changes nothing, in the form that the method asks for. */
function worded({ messages, schema, tag }: ModelRequest, count: number): string {
  const shown = messages.map(({ content }) => content).join("\n");
  const texts = [...shown.matchAll(/<current_text>\n([\s\S]*?)\n<\/current_text>/g)].map(([, text = ""]) => text);
  const write = (index: number) =>
    `${texts[index] ?? texts[0] ?? ""} Be friendly, as at time ${count}, and mind your tone throughout.`;
  const variables = [...shown.matchAll(/<variable name="([^"]+)">/g)].map(([, name = ""]) => name);
  if (!schema && tag.form) {
    return tag.form
      .map((name) => {
        const index = variables.indexOf(name);
        const isText = index >= 0 || variables.length === 0;
        return `<${name}>${isText ? write(Math.max(0, index)) : "Friendlier words may help."}</${name}>`;
      })
      .join("\n");
  }
  const keys = Object.keys(schema?.schema.properties ?? {});
  if (keys.includes("text") || keys.length === 0) {
    return JSON.stringify({ hypothesis: "Friendlier words may help the reader.", text: write(0) });
  }
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, write(0)])));
}

/** A synthetic task without a budget, and a model that answers it but can't improve it. */
export function world(options: Partial<WorldOptions> & Pick<WorldOptions, "shape" | "seed">): {
  task: Task;
  provider: Model;
} {
  const { graph, train, validation, test, model } = createWorld({
    ...WORLDS.plain,
    destructiveRewrites: 0,
    ...options,
  });
  const choice = { model: "world", params: { temperature: 0 } };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const loss = makeLoss({ kind: "exact", ignoreCase: true });
  const task = { graph, data: { train, validation, test: test.slice(0, 30) }, loss, models, options: DEFAULTS };
  return { task, provider: unhelpful(model) };
}

/** The calls and tokens that a run uses. */
export async function used(task: Task, provider: Model, replies = new MemoryReplies()) {
  const sum = { calls: 0, tokens: 0, usd: 0 };
  for await (const event of optimize(methods)(task, stackOn(provider, replies, task), signal)) {
    if (event.type !== "call" || event.source !== "provider") continue;
    sum.calls += event.requests;
    sum.tokens += event.usage.prompt + event.usage.completion;
    sum.usd += event.usd ?? 0;
  }
  return sum;
}

/** Scores the validation set first, as a user may do. @returns the saved replies */
export async function scored(task: Task, provider: Model): Promise<MemoryReplies> {
  const replies = new MemoryReplies();
  for await (const _ of evaluate(task, "validation", stackOn(provider, replies, task), signal));
  return replies;
}

function stackOn(provider: Model, replies: MemoryReplies, task: Task) {
  const { seed, budget: limits } = task.options;
  return { ...createStack({ provider, replies, limits, concurrency: 16, clock, seed, price }), price };
}
