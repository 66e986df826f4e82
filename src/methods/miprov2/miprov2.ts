import { shuffler } from "d3";
import { mean } from "simple-statistics";
import type { Sample } from "../../data/sample.ts";
import type { RunEvent } from "../../engine/events.ts";
import { createFinalGate } from "../../engine/gate/final-gate.ts";
import type { Engine, Method } from "../../engine/method.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { GraphNode, Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { bootstrap, canShow, withDemonstrations } from "./demonstrations.ts";
import { type Miprov2Options, miprov2Options, setsOf, versionsOf } from "./options.ts";
import { createProposer } from "./propose.ts";
import { type Point, Tpe } from "./tpe.ts";

/**
 * Chooses instructions and worked examples together by Bayesian search (Opsahl-Ong et al. 2024, arXiv 2406.11695, as
 * in DSPy's MIPROv2). Examples come from training samples that the file's texts answer correctly, instructions are
 * grounded in a summary of the data and a description of the pipeline, and a tree-structured Parzen estimator
 * chooses among them for each step. The method itself selects on the validation set: every trial is a look at it.
 */
export const miprov2: Method<Miprov2Options> = {
  name: "miprov2",
  describes: translatable("Instructions and worked examples, chosen together by Bayesian search."),
  options: miprov2Options,
  iterations: (options, { graph }) => trialsOf(parametersOf(graph).length, options),
  run,
};

const VALIDATION = { split: "validation", decides: true } as const;

/**
 * With `trials: 0`, as in DSPy's `auto="light"`: number of samples to search on, up to which every trial is scored
 * on all samples.
 */
const SEARCHED = 100;
const WHOLE = 50;

/** The choices for one step. */
interface Choices {
  readonly node: GraphNode;
  /** The file's own text first: null. */
  readonly instructions: readonly (Candidate | null)[];
  /** The empty one first. */
  readonly demonstrations: readonly string[];
}

/** A combination of choices that was tried. */
interface Tried {
  readonly point: Point;
  readonly texts: Texts;
  readonly scores: number[];
  isFull: boolean;
}

/** Sample → 1 − loss. */
type ScoreOf = ReadonlyMap<string, number>;

async function* run(task: Task, options: Miprov2Options, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const { graph, data } = task;
  const gate = createFinalGate(engine);
  const parameters = parametersOf(graph);
  if (parameters.length === 0 || data.validation.length === 0) return engine.start;

  const isAuto = options.trials === 0;
  const isLarge = isAuto && data.validation.length > SEARCHED;
  const searched = isLarge ? shuffled(data.validation).slice(0, SEARCHED) : data.validation;
  const choices = await prepare();
  const sizes = choices.flatMap(({ instructions, demonstrations }) => [instructions.length, demonstrations.length]);
  const tpe = new Tpe(sizes, engine.random);
  const candidates = new Map<string, Candidate | null>();
  const isWhole = searched.length <= Math.max(options.minibatch, isAuto ? WHOLE : 0);
  const trials = trialsOf(parameters.length, options);
  const tried = new Map<string, Tried>();
  const origin = sizes.map(() => 0);

  const scoredAtStart = await scoresOf(engine.start, searched);
  /** Scores of the best Θ so far on the whole set. */
  let best = scoredAtStart;
  tpe.tell(origin, meanOf(best) ?? 0);
  tried.set(origin.join(), { point: origin, texts: engine.start, scores: [], isFull: true });
  for (let trial = 1; trial <= trials && !isSolved() && !engine.isStopping; trial++) {
    const point = tpe.suggest();
    const accepted = await tryPoint(point);
    const isDue = !isWhole && (trial % options.fullEvery === 0 || trial === trials);
    if (isDue) accepted.push(...(await scoreBestWhole()));
    yield gate.iteration(trial, { accepted });
  }
  await gate.close();
  return gate.incumbent;

  function shuffled(samples: readonly Sample[]): Sample[] {
    return shuffler(engine.random)([...samples]);
  }

  async function prepare(): Promise<Choices[]> {
    const versions = versionsOf(options);
    const sets = await bootstrap(task, setsOf(options), engine);
    const proposer = createProposer({ graph, engine, temperature: options.temperature });
    const isAsking = versions > 1;
    const isShowing = options.demonstrations > 1;
    const [summary, pipeline] = isAsking
      ? await Promise.all([proposer.summarize(data.train), proposer.describe(null)])
      : ["", ""];
    const found: Choices[] = [];
    const asked = parameters.map(async (node) => {
      const step = isAsking ? await proposer.describe(node) : "";
      return { node, step, shown: isShowing ? await Promise.all(sets.map((set) => set.of(node))) : [""] };
    });
    for (const { node, step, shown } of await Promise.all(asked)) {
      const about = { data: summary, pipeline, step };
      const drafts = await Promise.all(
        Array.from({ length: versions - 1 }, (_, index) => proposer.propose(node, about, sets, index + 1)),
      );
      const instructions: (Candidate | null)[] = [null];
      for (const draft of drafts) {
        const candidate = await engine.candidate(node.id, engine.start, draft);
        if (candidate && !instructions.some((one) => one?.text === candidate.text)) instructions.push(candidate);
      }
      found.push({ node, instructions, demonstrations: canShow(node) ? [...new Set(shown)] : [""] });
    }
    return found;
  }

  async function tryPoint(point: Point): Promise<Candidate[]> {
    const key = point.join();
    const known = tried.get(key) ?? { point, texts: await textsAt(point), scores: [], isFull: false };
    tried.set(key, known);
    const samples = isWhole ? searched : shuffled(searched).slice(0, options.minibatch);
    const scores = await scoresOf(known.texts, samples);
    const score = meanOf(scores);
    if (score === null) return [];
    tpe.tell(point, score);
    known.scores.push(score);
    return isWhole ? settle(known, scores) : [];
  }

  /** Scores, on the whole set, the best combination that was not scored there yet. */
  async function scoreBestWhole(): Promise<Candidate[]> {
    const open = [...tried.values()].filter(({ isFull, scores }) => !isFull && scores.length > 0);
    const [first] = open.toSorted((a, b) => mean(b.scores) - mean(a.scores));
    if (!first) return [];
    const scores = await scoresOf(first.texts, searched);
    const score = meanOf(scores);
    if (score === null) return [];
    tpe.tell(first.point, score);
    return settle(first, scores);
  }

  /** Compares on the samples that both were scored on, because a lost call is not a wrong answer. */
  async function settle(one: Tried, scores: ScoreOf): Promise<Candidate[]> {
    one.isFull = true;
    const shared = [...scores.keys()].filter((id) => best.has(id));
    const sum = (of: ScoreOf) => shared.reduce((total, id) => total + (of.get(id) ?? 0), 0);
    if (best.size > 0 && sum(scores) <= sum(best)) return [];
    best = scores;
    return [...(await gate.settle(one.texts)).accepted];
  }

  /** Whether every sample that could be scored is right. */
  function isSolved(): boolean {
    return best.size > 0 && [...scoredAtStart.keys(), ...best.keys()].every((id) => best.get(id) === 1);
  }

  async function textsAt(point: Point): Promise<Texts> {
    const chosen: Candidate[] = [];
    for (const [index, one] of choices.entries()) {
      const candidate = await candidateFor(one, point[2 * index] ?? 0, point[2 * index + 1] ?? 0);
      if (candidate) chosen.push(candidate);
    }
    gate.remember(chosen);
    return withTexts(engine.start, chosen);
  }

  /** null: the file's text. If a text can't contain examples, it has none. */
  async function candidateFor(one: Choices, instruction: number, set: number): Promise<Candidate | null> {
    const { node, instructions, demonstrations } = one;
    const key = `${node.id} ${instruction} ${set}`;
    const known = candidates.get(key);
    if (known !== undefined) return known;
    const chosen = instructions[instruction] ?? null;
    const shown = demonstrations[set] ?? "";
    let made = chosen;
    if (shown !== "") {
      const text = withDemonstrations(chosen?.text ?? engine.start[node.id] ?? node.text, shown, node);
      const hypothesis = `${chosen?.hypothesis ?? ""} Worked examples from training samples are shown.`.trim();
      made = (await engine.candidate(node.id, engine.start, { text, hypothesis, demonstrations: shown })) ?? chosen;
    }
    candidates.set(key, made);
    return made;
  }

  /** Without the samples that could not be scored. */
  async function scoresOf(texts: Texts, samples: readonly Sample[]): Promise<ScoreOf> {
    const scores = await engine.score(texts, samples, VALIDATION);
    const known = samples.flatMap(({ id }) => {
      const score = scores.get(id);
      return score ? [[id, 1 - score.loss] as const] : [];
    });
    return new Map(known);
  }
}

/** null if there is none. */
function meanOf(scores: ScoreOf): number | null {
  return scores.size === 0 ? null : mean([...scores.values()]);
}

/**
 * Number of trials. By default, as in DSPy: proportional to the number of choices to make, and to the logarithm of
 * the options of each.
 */
export function trialsOf(parameters: number, options: Miprov2Options): number {
  const { trials, demonstrations } = options;
  if (trials > 0) return trials;
  const choices = Math.max(demonstrations, versionsOf(options));
  const categories = demonstrations > 1 ? 2 * parameters : parameters;
  return Math.max(1, Math.trunc(Math.max(2 * categories * Math.log2(choices), 1.5 * choices)));
}
