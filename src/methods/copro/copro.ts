import { mean } from "simple-statistics";
import * as z from "zod";
import type { RunEvent } from "../../engine/events.ts";
import { createFinalGate } from "../../engine/gate/final-gate.ts";
import type { Engine, Method } from "../../engine/method.ts";
import { decimal, wholeNumber } from "../../engine/options.ts";
import { askForText } from "../../engine/propose/ask-for-text.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { type Attempt, createPrompt } from "./prompt.ts";

const coproOptions = z
  .strictObject({
    breadth: wholeNumber("New texts per parameter and round. The first round also tries the current text.", {
      least: 2,
      byDefault: 10,
      example: 5,
    }),
    depth: wholeNumber("Number of rounds.", { least: 1, byDefault: 3, example: 2 }),
    temperature: decimal("Temperature of the optimizer model.", { least: 0, most: 2, byDefault: 1.4, example: 1 }),
  })
  .describe("Options of the method `copro`.");

export type CoproOptions = z.output<typeof coproOptions>;

/** A text of one parameter with its best score, and the Θ in which it had that score. */
interface Evaluated extends Attempt {
  readonly texts: Texts;
}

/**
 * Coordinate ascent on training scores (COPRO of DSPy, Khattab et al. 2023, arXiv 2310.03714). In each round, it
 * goes through the parameters: it scores every candidate with the best texts of the others, and the best candidate
 * becomes the parameter's text. ϕ then sees the attempts in ascending order of score and writes new ones. The result
 * is the best of everything that was scored. After each round, the gate judges the best Θ so far. Its verdict
 * decides the result of the run, but does not affect the ascent.
 */
export const copro: Method<CoproOptions> = {
  name: "copro",
  describes: translatable(
    "Coordinate ascent: rewrites one text at a time and scores each rewrite on all training samples.",
  ),
  options: coproOptions,
  iterations: ({ depth }) => depth,
  run,
};

async function* run(
  { graph, data }: Task,
  { breadth, depth, temperature }: CoproOptions,
  engine: Engine,
): AsyncGenerator<RunEvent, Texts> {
  const parameters = parametersOf(graph);
  const promptFor = createPrompt(graph);
  const gate = createFinalGate(engine);
  let texts = engine.start;
  const candidates = new Map(parameters.map(({ id }) => [id, [] as string[]]));
  const latest = new Map<string, readonly string[]>();
  const evaluated = new Map(parameters.map(({ id }) => [id, new Map<string, Evaluated>()]));

  await Promise.all(parameters.map((node) => propose(node, breadth - 1, 1)));
  for (const { id, text } of parameters) add(id, [...(latest.get(id) ?? []), engine.start[id] ?? text]);

  for (let round = 1; round <= depth; round++) {
    for (const { id } of parameters) {
      // The other texts have changed since, so scores with the old ones are computed again.
      const tried = (parameters.length > 1 ? candidates : latest).get(id) ?? [];
      await evaluate(id, tried);
      const best = bestOf(evaluated.get(id));
      if (best) texts = { ...texts, [id]: best.text };
    }
    const best = parameters.map(({ id }) => bestOf(evaluated.get(id))).reduce(better, undefined);
    const settled = await gate.settle(best?.texts ?? engine.start);
    yield gate.iteration(round, settled, { looked: data.train.length });
    if (round === depth || engine.isStopping) break;
    await Promise.all(parameters.map((node) => propose(node, breadth, round + 1)));
    for (const { id } of parameters) add(id, latest.get(id) ?? []);
  }
  await gate.close();
  return gate.incumbent;

  function add(id: string, fresh: readonly string[]): void {
    const known = candidates.get(id) ?? [];
    known.push(...fresh.filter((text) => !known.includes(text)));
    latest.set(id, [...new Set(fresh)]);
  }

  /** New texts for one parameter, by `latest`: each is a separate draw from one prompt. */
  async function propose(node: GraphNode, count: number, round: number): Promise<void> {
    const base = engine.start[node.id] ?? node.text;
    const attempts = ascending([...(evaluated.get(node.id)?.values() ?? [])], breadth);
    const messages = promptFor(node, base, attempts);
    const drafts = await Promise.all(
      Array.from({ length: count }, (_, draw) =>
        askForText(engine, { node, base, messages, temperature, index: `${round} ${draw}` }),
      ),
    );
    const fresh: Candidate[] = [];
    for (const draft of drafts) {
      const isRepeat = [...fresh.map(({ text }) => text), ...(candidates.get(node.id) ?? [])].includes(
        draft?.text.trim() ?? "",
      );
      const candidate = isRepeat ? null : await engine.candidate(node.id, engine.start, draft);
      if (candidate) fresh.push(candidate);
    }
    gate.remember(fresh);
    latest.set(
      node.id,
      fresh.map(({ text }) => text),
    );
  }

  async function evaluate(id: string, tried: readonly string[]): Promise<void> {
    const known = evaluated.get(id);
    const found = await Promise.all(
      tried.map(async (text) => {
        const whole = { ...texts, [id]: text };
        return { text, texts: whole, score: await scoreOf(whole) };
      }),
    );
    for (const { score, ...one } of found) {
      const before = known?.get(one.text);
      if (score !== null && !(before && before.score >= score)) known?.set(one.text, { ...one, score });
    }
  }

  /** null if no sample could be scored. */
  async function scoreOf(whole: Texts): Promise<number | null> {
    const scores = await engine.score(whole, data.train, { split: "train" });
    const known = [...scores.values()].flatMap((one) => (one ? 1 - one.loss : []));
    return known.length === 0 ? null : mean(known);
  }
}

/** The better one; of equals, the first. */
function better(best: Evaluated | undefined, one: Evaluated | undefined): Evaluated | undefined {
  return best && (!one || best.score >= one.score) ? best : one;
}

function bestOf(evaluated: ReadonlyMap<string, Evaluated> | undefined): Evaluated | undefined {
  return [...(evaluated?.values() ?? [])].reduce<Evaluated | undefined>(better, undefined);
}

/** The best attempts, in ascending order. */
export function ascending<T extends Attempt>(attempts: readonly T[], count: number): T[] {
  return attempts
    .toSorted((a, b) => b.score - a.score)
    .slice(0, count)
    .reverse();
}
