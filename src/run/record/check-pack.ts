import { SPLITS } from "../../data/sample.ts";
import type { Deps } from "../../deps.ts";
import { evaluation } from "../../engine/evaluate.ts";
import type { EngineDeps } from "../../engine/session.ts";
import type { Task } from "../../engine/task.ts";
import type { Extractor, GraphNode } from "../../graph/graph.ts";
import { Patterns } from "../../graph/pattern.ts";
import { extract } from "../../graph/replies/extract.ts";
import { structureIn } from "../../graph/replies/json.ts";
import { RequestRefused } from "../../models/errors.ts";
import type { Budget, Model, ModelRequest } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { createStack, type StackOptions } from "../../models/stack/stack.ts";
import { MemoryReplies, type StoredReply } from "../../models/stack/store.ts";

/** A request of a graph with a reply in an unsigned pack. */
export interface Checkable {
  readonly key: string;
  readonly request: ModelRequest;
  readonly pulled: StoredReply;
}

/**
 * The requests of the current graph, on all its data, that have a reply in a pack. Sends nothing. Feedback and
 * proposals are left out, because they can't be compared.
 * @param identity provider and origin
 */
export async function checkableIn(
  pack: ReadonlyMap<string, StoredReply>,
  task: Task,
  identity: string,
  deps: Pick<Deps, "clock" | "sandbox" | "tools">,
  signal: AbortSignal,
): Promise<readonly Checkable[]> {
  const found = new Map<string, Checkable>();
  const provider: Model = {
    identity,
    async complete(request) {
      const { key = "", model } = request;
      const pulled = pack.get(key);
      if (!pulled) throw new RequestRefused(identity, 0, model, "the pack does not answer it");
      found.set(key, { key, request, pulled });
      return { ...pulled, key, source: "cached", requests: 0, milliseconds: 0 };
    },
  };
  const nothing = { calls: null, tokens: null, usd: null };
  const stack = createStack({
    provider,
    replies: new MemoryReplies(),
    limits: nothing,
    concurrency: 64,
    clock: deps.clock,
    seed: task.options.seed,
    price: () => null,
  });
  const { sandbox, tools } = deps;
  const engine: EngineDeps = {
    ...stack,
    price: () => null,
    local: { sandbox, ...(tools && { tools }), keep: stack.keep, recall: stack.recall },
  };
  for (const split of SPLITS) {
    if (task.data[split].length === 0) continue;
    for await (const _ of evaluation(split)(task, engine, signal));
  }
  return [...found.values()];
}

/** A random sample, so that nobody can predict which replies are checked. */
export function sampleOf<T>(all: readonly T[], n: number, random: (below: number) => number): readonly T[] {
  const left = [...all];
  return Array.from({ length: Math.min(n, all.length) }, () => left.splice(random(left.length), 1)[0] as T);
}

/**
 * Number of requests per reply, initially and at most if the answers agree with each other but not with it. A reply
 * from the same model would be the only different one of 20, which has a probability of 5%.
 */
export const ASKED = { first: 2, most: 19 } as const;

export interface PackCheck {
  /** Number of replies that agree with current answers. */
  readonly same: number;
  /** Number of requests whose current answers differ from each other, so that they can't be compared. */
  readonly varying: number;
  /** Number of requests that failed. */
  readonly failed: number;
  /** A reply that differs from current answers, although these agree: the pack is not trusted. */
  readonly mismatch: { readonly node: string; readonly pulled: string; readonly asked: string } | null;
  readonly spent: Budget["spent"];
}

/**
 * Requests a sample again, and compares values: a node's extracted value, a judge's score, and the loss of the
 * output node if it needs neither a model nor code. A reply is different if `ASKED.most` answers agree with each
 * other and not with it. The check ends with the first one.
 */
export async function checkPack(
  sample: readonly Checkable[],
  task: Task,
  options: Pick<StackOptions, "provider" | "limits" | "concurrency" | "clock" | "price" | "maxWait">,
  signal: AbortSignal,
): Promise<PackCheck> {
  const { model, budget } = createStack({ ...options, replies: new MemoryReplies(), seed: task.options.seed });
  const compared = valueIn(task);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const counts = { same: 0, varying: 0, failed: 0 };
  let mismatch: PackCheck["mismatch"] = null;

  const ask = async (request: ModelRequest, index: number) => {
    // Another draw is another request for the stack, but the same one for the model.
    const { text } = await model.complete({ ...request, draw: request.draw + 1 + index }, either);
    return compared(request, text);
  };
  const check = async ({ request, pulled }: Checkable): Promise<void> => {
    const own = await compared(request, pulled.text);
    const values: string[] = [];
    while (values.length < ASKED.most) {
      const count = values.length === 0 ? ASKED.first : Math.min(values.length + 1, ASKED.most - values.length);
      values.push(
        ...(await Promise.all(Array.from({ length: count }, (_, index) => ask(request, values.length + index)))),
      );
      if (new Set(values).size > 1) return void counts.varying++;
      if (values[0] === own) return void counts.same++;
    }
    mismatch ??= { node: request.tag.node ?? "", pulled: pulled.text, asked: values[0] ?? "" };
    stop.abort(new Error("a reply is different"));
  };
  await Promise.all(
    sample.map((one) =>
      check(one).catch((error: unknown) => {
        if (signal.aborted) throw error;
        if (!stop.signal.aborted) counts.failed++;
      }),
    ),
  );
  return { ...counts, mismatch, spent: budget.spent };
}

/** Reads the part of a reply that is compared. */
function valueIn({ graph, data, loss }: Task): (request: ModelRequest, text: string) => Promise<string> {
  const patterns = new Patterns();
  const samples = new Map(SPLITS.flatMap((split) => data[split]).map((sample) => [sample.id, sample]));
  const isPlain = (loss.calls ?? 0) === 0 && loss.code === undefined;
  return async ({ tag }, text) => {
    if (tag.purpose === "judge") return normal(JSON.stringify(Object(structureIn(text)).score ?? text));
    const node = graph.nodes.find(({ id }) => id === tag.node);
    const { value, formatError } = await extract(text, node ? extractorOf(node) : null, patterns);
    const sample = samples.get(tag.sample ?? "");
    if (node?.id !== graph.output || !sample || !isPlain || formatError) return normal(`${formatError} ${value}`);
    return `loss ${(await loss.score(sample, value)).loss}`;
  };
}

/** The extractor of a node's replies. */
function extractorOf(node: GraphNode): Extractor | null {
  if ("each" in node) return node.each;
  return "output" in node ? node.output : null;
}

function normal(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, " ");
}

/** Upper bound, with 95% confidence, of the share of different replies if this many of a random sample agree. */
export function mostDifferent({ same }: Pick<PackCheck, "same">): number {
  return same === 0 ? 1 : 1 - 0.05 ** (1 / same);
}

/** Calls and cost in US dollars of a check in which every reply agrees; null if no price is known. */
export function costOfCheck(
  sample: readonly Checkable[],
  price: PriceOf,
): { readonly calls: number; readonly usd: number | null } {
  const costs = sample.map(({ request, pulled }) => price(request.model, pulled.usage));
  const usd = costs.reduce<number | null>((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);
  return { calls: ASKED.first * sample.length, usd: usd === null ? null : ASKED.first * usd };
}
