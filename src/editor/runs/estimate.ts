import type { Task } from "../../engine/task.ts";
import type { GraphNode } from "../../graph/graph.ts";
import type { Usage } from "../../models/model.ts";

/** What a run that finds nothing better uses: a run that improves mostly uses less than twice that. */
export interface Estimate {
  readonly calls: number;
  /** Of these, before the first proposal is written. */
  readonly firstCalls: number;
  readonly tokens: number;
  /** US dollars; null where a price is not known. */
  readonly usd: number | null;
}

const CHARACTERS_PER_TOKEN = 3.5;
/** Tokens of a reply, where nothing is known yet. */
const REPLY = 120;
/** A backward or optimizer prompt shows about this many times what one node call shows. */
const CONTEXT = 4;
/** Share of the validation set that the gate scores before it knows that a candidate cannot pass. */
const GATED = 0.6;

/** From the sizes of graph and data alone: nothing is asked, nothing is sent. */
export function estimate(
  { graph, data, models, options }: Task,
  price: (model: string, usage: Usage) => number | null,
): Estimate {
  const calling = graph.nodes.filter((node) => node.kind === "llm");
  const parameters = graph.nodes.filter(({ trainable }) => trainable).length;
  const rounds = Math.min(options.iterations, options.patience);
  const batch = Math.min(options.batch, data.train.length);
  const scored = data.validation.length + data.test.length;
  const gated = Math.ceil(data.validation.length * GATED) * (parameters > 1 ? 2 : 1);

  const firstCalls = calling.length * scored;
  const forward = firstCalls + rounds * calling.length * (batch + gated);
  const backward = rounds * batch * calling.length;
  const optimizer = rounds * parameters;

  const prompt = promptTokens(calling, data.validation[0]?.inputs ?? {});
  const used = [
    { model: models.forward.model, calls: forward, prompt },
    { model: models.backward.model, calls: backward, prompt: prompt * CONTEXT },
    { model: models.optimizer.model, calls: optimizer, prompt: prompt * CONTEXT * 2 },
  ];
  const costs = used.map(({ model, calls, prompt: tokens }) =>
    price(model, { prompt: calls * tokens, completion: calls * REPLY, estimated: true }),
  );
  return {
    calls: forward + backward + optimizer,
    firstCalls,
    tokens: used.reduce((sum, { calls, prompt: tokens }) => sum + calls * (tokens + REPLY), 0),
    usd: costs.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0),
  };
}

function promptTokens(nodes: readonly GraphNode[], inputs: Readonly<Record<string, string>>): number {
  const question = Object.values(inputs).join("").length;
  const texts = nodes.reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, nodes.length);
  return Math.ceil((question + texts) / CHARACTERS_PER_TOKEN) + REPLY;
}
