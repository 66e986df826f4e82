import type { Sample } from "../../data/sample.ts";
import type { GradientContext } from "../../engine/backward/batch-gradients.ts";
import { scoreBehind } from "../../engine/backward/scored-nodes.ts";
import type { RunEvent } from "../../engine/events.ts";
import { createFinalGate } from "../../engine/gate/final-gate.ts";
import type { Engine, Method, Scores } from "../../engine/method.ts";
import { askForText } from "../../engine/propose/ask-for-text.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { Minibatches } from "./minibatches.ts";
import { type GepaOptions, gepaOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { createPrompt } from "./prompt.ts";

/**
 * Reflective evolution (Agrawal et al. 2025, arXiv 2507.19457). A parent is drawn from the Pareto front over validation
 * samples; one of its texts, in turn, is rewritten from runs of a few training samples with feedback on their answers. A
 * child that scores strictly higher on the same samples is scored on the whole validation set and joins the pool. After a
 * success two lineages with a common ancestor may be merged. The best mean on the validation set wins.
 *
 * Selection on the validation set is the method's own: every child that gets there is a look at it.
 */
export const gepa: Method<GepaOptions> = {
  name: "gepa",
  describes: translatable("Reflective evolution: rewrites from feedback, of parents on the Pareto front."),
  options: gepaOptions,
  iterations: (options, { graph, data: { validation } }) => {
    const left = metricCallsOf(parametersOf(graph).length, validation.length, options) - validation.length;
    return Math.max(0, Math.ceil(left / (2 * options.minibatch * options.parents * options.proposals)));
  },
  run,
};

interface Drawn {
  /** Index in the pool. */
  readonly parent: number;
  readonly samples: readonly Sample[];
}

interface Child extends Drawn {
  readonly candidate: Candidate;
  readonly texts: Texts;
}

const TRAIN = { split: "train" } as const;
const VALIDATION = { split: "validation", decides: true } as const;
/** Number of validation samples on which a merge must be as good as the better of the two. */
const MERGE_SAMPLES = 5;

async function* run(task: Task, options: GepaOptions, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const { graph, data } = task;
  const parameters = parametersOf(graph);
  const isGated = task.options.gate.policy !== "off";
  const promptFor = createPrompt(graph);
  const scoreOf = scoreBehind(graph);
  const pool = new Pool(engine.random);
  const minibatches = new Minibatches(data.train, options.minibatch, engine.random);
  const gate = createFinalGate(engine);
  const metricCalls = metricCallsOf(parameters.length, data.validation.length, options);
  let spent = 0;
  let mergesDue = 0;
  let merged = 0;
  let foundNew = false;
  let questions = 0;

  if (parameters.length === 0 || data.train.length === 0) return engine.start;
  await join(engine.start, [], 0);
  if (spent >= metricCalls && !pool.isSolved) {
    const of = 4 * data.validation.length + 20 * options.minibatch;
    yield {
      type: "warning",
      code: "search too short",
      detail: "optimize.gepa.metricCalls",
      count: metricCalls,
      of,
    };
  }
  for (let iteration = 1; spent < metricCalls && !pool.isSolved && !engine.isStopping; iteration++) {
    const accepted: Candidate[] = [];
    const batch: string[] = [];
    let looked = 0;
    const merge = foundNew && mergesDue > 0 ? pool.merge() : null;
    foundNew = false;
    if (merge) {
      // GEPA counts minibatches by step, so a merge leaves one out.
      minibatches.skip();
      accepted.push(...(await tryMerge(merge.texts, merge.parents)));
    } else {
      const tasks = drawTasks();
      const scored = await Promise.all(tasks.map(scoreParent));
      // In the order of tasks, not of replies, so that turns don't depend on timing.
      const asked = scored.map((one) => ({ ...one, node: nextNode(one) }));
      const drafts = await Promise.all(asked.map(reflect));
      looked = new Set(tasks.flatMap(({ samples }) => samples.map(({ id }) => id))).size;
      batch.push(...new Set(asked.flatMap(({ failing }) => failing)));
      const made: Child[] = [];
      for (const [index, { parent, samples, node }] of asked.entries()) {
        const from = textsOf(parent);
        const candidate = node && (await engine.candidate(node.id, from, drafts[index] ?? null));
        if (candidate) made.push({ parent, samples, candidate, texts: withTexts(from, [candidate]) });
        // GEPA scores the child even if its text is the old one.
        else if (drafts[index]) spent += samples.length;
      }
      gate.remember(made.map(({ candidate }) => candidate));
      accepted.push(...(await screen(made)));
    }
    yield gate.iteration(iteration, { accepted }, { looked, batch });
  }
  await gate.close();
  return gate.incumbent;

  function textsOf(index: number): Texts {
    return pool.members[index]?.texts ?? engine.start;
  }

  function drawTasks(): Drawn[] {
    return Array.from({ length: options.parents }, () => pool.drawParent()).flatMap((parent) =>
      Array.from({ length: options.proposals }, () => ({ parent, samples: minibatches.next() })),
    );
  }

  async function scoreParent({ parent, samples }: Drawn) {
    spent += samples.length;
    const scores = await engine.score(textsOf(parent), samples, TRAIN);
    const failing = samples.flatMap(({ id }) => ((scores.get(id)?.loss ?? 0) > 0 ? [id] : []));
    return { parent, samples, scores, failing };
  }

  /** The parent's next text that a failing sample depends on: they take turns. */
  function nextNode({ parent, failing, scores }: Drawn & { failing: readonly string[]; scores: Scores }) {
    const member = pool.members[parent];
    if (!member) return null;
    const { next } = member;
    const turns = [...parameters.slice(next), ...parameters.slice(0, next)];
    const isAtFault = ({ id }: GraphNode) =>
      failing.some((sample) => {
        const score = scores.get(sample);
        return score ? (scoreOf(id, score)?.loss ?? 0) > 0 : false;
      });
    const node = turns.find(isAtFault) ?? null;
    if (node) member.next = (parameters.indexOf(node) + 1) % parameters.length;
    return node;
  }

  async function reflect({ parent, samples, scores, node }: Drawn & { scores: Scores; node: GraphNode | null }) {
    if (!node) return null;
    const from = textsOf(parent);
    const base = from[node.id] ?? node.text;
    const index = questions++;
    const runs = await Promise.all(samples.map((sample) => runOf(from, sample, node.id, scores)));
    const known = runs.filter((one) => one !== null);
    const draft = await askForText(engine, { node, base, messages: promptFor(node, base, known), index });
    return draft && { ...draft, mayRepeat: true, samples: [...new Set(known.map(({ sample }) => sample))] };
  }

  /** The inputs and output of the step for one sample, with feedback on its own result or on what depends on it. */
  async function runOf(texts: Texts, sample: Sample, id: string, scores: Scores): Promise<GradientContext | null> {
    const pass = engine.forward(texts, sample, TRAIN);
    const context = await (await engine.backward(pass, { per: "none" })).get(id);
    const whole = scores.get(sample.id);
    const score = whole && scoreOf(id, whole);
    if (!context || !score) return null;
    const isOwn = Object.hasOwn(whole.nodes ?? {}, id) && id !== graph.output;
    const said = score.loss > 0 ? score.criticism : isOwn ? "The result is right." : "The final answer is right.";
    const parts = [said, `Score: ${(1 - score.loss).toFixed(2)} of 1.`, sample.feedback ?? ""];
    return { ...context, gradient: parts.filter(Boolean).join("\n") };
  }

  /** Returns the children that beat their parent on its samples. */
  async function screen(children: readonly Child[]): Promise<Candidate[]> {
    spent += children.reduce((sum, { samples }) => sum + samples.length, 0);
    const gains = await Promise.all(children.map(gainOf));
    const better = children.filter((one, index) => {
      const isFirst = children.findIndex(({ candidate }) => candidate.id === one.candidate.id) === index;
      return isFirst && (gains[index] ?? 0) > 0;
    });
    const worse = children.filter((one) => !better.some(({ candidate }) => candidate.id === one.candidate.id));
    await engine.screen(
      worse.map(({ candidate }) => candidate),
      "no gain on training samples",
    );
    const accepted: Candidate[] = [];
    for (const { texts, parent } of better) {
      accepted.push(...(await join(texts, [parent], pool.members[parent]?.next ?? 0)));
      foundNew = true;
      if (merged < options.merges) mergesDue++;
    }
    return accepted;
  }

  /** Sum of the child's scores minus the parent's, over the samples that could be scored with both. */
  async function gainOf({ parent, samples, texts }: Child): Promise<number> {
    const from = textsOf(parent);
    const [before, after] = await Promise.all([
      engine.score(from, samples, TRAIN),
      engine.score(texts, samples, TRAIN),
    ]);
    return samples.reduce((sum, { id }) => {
      const [was, is] = [before.get(id), after.get(id)];
      return was && is ? sum + was.loss - is.loss : sum;
    }, 0);
  }

  async function tryMerge(texts: Texts, parents: readonly [number, number]): Promise<readonly Candidate[]> {
    const [first, second] = parents.map((index) => pool.members[index]?.scores ?? new Map<string, number>());
    const sampled = telling(first ?? new Map(), second ?? new Map());
    spent += sampled.length;
    const scores = await engine.score(texts, sampled, VALIDATION);
    // Both parents were scored on all of them. If a call of the merge was lost, nothing can be concluded.
    const own = sampled.flatMap(({ id }) => {
      const score = scores.get(id);
      return score ? [[id, 1 - score.loss] as const] : [];
    });
    const sum = (of: (id: string) => number | undefined) => own.reduce((total, [id]) => total + (of(id) ?? 0), 0);
    const before = Math.max(
      sum((id) => first?.get(id)),
      sum((id) => second?.get(id)),
    );
    if (own.length === 0 || own.reduce((total, [, score]) => total + score, 0) < before) return [];
    mergesDue--;
    merged++;
    return join(texts, parents, Math.max(...parents.map((index) => pool.members[index]?.next ?? 0)));
  }

  /** Informative samples: a third each on which the first is better, the second is better, and neither is. */
  function telling(first: ReadonlyMap<string, number>, second: ReadonlyMap<string, number>): Sample[] {
    const lead = ({ id }: Sample) => Math.sign((first.get(id) ?? 0) - (second.get(id) ?? 0));
    const common = data.validation.filter(({ id }) => first.has(id) && second.has(id));
    const chosen: Sample[] = [];
    const draw = (from: readonly Sample[], count: number) => {
      const left = from.filter((one) => !chosen.includes(one));
      for (let drawn = 0; drawn < count && left.length > 0 && chosen.length < MERGE_SAMPLES; drawn++) {
        chosen.push(...left.splice(Math.floor(engine.random() * left.length), 1));
      }
    };
    for (const sign of [1, -1, 0])
      draw(
        common.filter((one) => lead(one) === sign),
        Math.ceil(MERGE_SAMPLES / 3),
      );
    draw(common, MERGE_SAMPLES);
    return chosen;
  }

  /**
   * Scores Θ on the whole validation set and adds it to the pool.
   * @returns the candidates in it that the gate accepted
   */
  async function join(texts: Texts, parents: readonly number[], next: number): Promise<readonly Candidate[]> {
    spent += data.validation.length;
    const best = pool.members.length > 0 ? pool.meanOf(pool.best) : Number.NEGATIVE_INFINITY;
    const scores = await engine.score(texts, data.validation, VALIDATION);
    const known = data.validation.flatMap(({ id }) => {
      const score = scores.get(id);
      return score ? [[id, 1 - score.loss] as const] : [];
    });
    const index = pool.add({ texts, parents, scores: new Map(known), next });
    if (parents.length === 0 || !(isGated || pool.meanOf(index) > best)) return [];
    return (await gate.settle(texts)).accepted;
  }
}

/**
 * With `metricCalls: 0`, as in DSPy's `auto="light"`: six candidates, as many trials as MIPROv2 would make of them, each on 35
 * samples, and the whole validation set after every fifth.
 */
const LIGHT = { candidates: 6, ofEach: 5, minibatch: 35, fullEvery: 5 };

/** Maximum number of answers to score. @param parameters number of texts */
export function metricCallsOf(parameters: number, validation: number, { metricCalls }: GepaOptions): number {
  if (metricCalls > 0) return metricCalls;
  const { candidates, ofEach, minibatch, fullEvery } = LIGHT;
  const trials = Math.trunc(Math.max(4 * parameters * Math.log2(candidates), 1.5 * candidates));
  const whole = Math.trunc((trials + 1) / fullEvery) + 2;
  return whole * validation + candidates * ofEach + trials * minibatch;
}
