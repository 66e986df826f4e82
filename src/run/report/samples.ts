import type { Sample, Split } from "../../data/sample.ts";
import { inputTitle } from "../../data/sample-title.ts";
import type { Theta } from "../../engine/events.ts";
import { NodeSums } from "../../engine/gate/node-figures.ts";
import { gainInterval, scoreInterval, signTest, snap } from "../../engine/gate/statistics.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { Patterns } from "../../graph/pattern.ts";
import { shownValue } from "../../graph/replies/extract.ts";
import type { StoredReply } from "../../models/stack/store.ts";
import type { Yielder } from "../../models/yielder.ts";
import type { RunManifest } from "../record/run-manifest.ts";
import type { RecordedState, SampleScore } from "../state/state.ts";
import type { Answer, Comparison, Figure, SampleRow } from "./report.ts";

export type ReplyOf = (key: string) => Pick<StoredReply, "text"> | undefined;

type Shown = Pick<RecordedState, "values" | "scores">;
type Start = Pick<RunManifest, "graph" | "data" | "options">;
type TokensOf = (theta: Theta, sample: string) => number | null;

/**
 * Reads the replies that contain answers, of the output and of nodes that are scored by themselves.
 * @param read one reply; undefined: there is none
 */
export async function readAnswers(
  { graph }: Pick<RunManifest, "graph">,
  { values, scores }: Shown,
  read: (key: string) => Promise<Pick<StoredReply, "text"> | undefined>,
  turns: Yielder,
): Promise<ReplyOf> {
  const texts = new Map<string, Pick<StoredReply, "text">>();
  for (const [theta, sample] of values) {
    await turns.next();
    for (const node of [graph.output, ...Object.keys(scores[theta]?.[sample]?.nodes ?? {})]) {
      const key = values.at(theta, sample, node);
      const reply = key === undefined || texts.has(key) ? undefined : await read(key);
      if (key !== undefined && reply) texts.set(key, { text: reply.text });
    }
  }
  return (key) => texts.get(key);
}

/** Samples of a run under two Θ: inputs, expected answer, answers and scores. What goes over all samples takes turns. */
export class Samples {
  readonly #output: GraphNode | undefined;
  readonly #patterns = new Patterns();

  private constructor(
    readonly start: Start,
    readonly state: Shown,
    readonly replyOf: ReplyOf,
    readonly tokensOf: TokensOf,
    readonly turns: Yielder,
    private readonly byId: ReadonlyMap<string, Sample>,
  ) {
    this.#output = this.#node(start.graph.output);
  }

  static async of(start: Start, state: Shown, replyOf: ReplyOf, tokensOf: TokensOf, turns: Yielder): Promise<Samples> {
    const byId = new Map<string, Sample>();
    for (const set of Object.values(start.data)) await turns.map(set, (sample) => void byId.set(sample.id, sample));
    return new Samples(start, state, replyOf, tokensOf, turns, byId);
  }

  /** The input of a sample, or all its inputs with their names. */
  question(id: string): string {
    const inputs = Object.entries(this.byId.get(id)?.inputs ?? {});
    const [only] = inputs;
    if (inputs.length === 1 && only) return inputTitle(only[1]);
    return inputs.map(([name, value]) => `${name}: ${inputTitle(value)}`).join(" · ") || id;
  }

  /** Samples that a verdict names, in its order. */
  async rows(ids: readonly string[], before: Theta, after: Theta): Promise<SampleRow[]> {
    const samples = ids.flatMap((id) => this.byId.get(id) ?? []);
    return this.turns.map(samples, (sample) => this.#row(sample, before, after));
  }

  /** Of the mean validation score under Θ, equal where every sample is scored; and the interval from the one to the other. */
  async bounds(theta: Theta): Promise<{ low: number; high: number; interval: [number, number] }> {
    const { validation } = this.start.data;
    const scores = await this.turns.map(validation, ({ id }) => {
      const score = this.#score(theta, id);
      return score && 1 - score.loss;
    });
    const known = scores.filter((score) => score !== null);
    const open = Array.from({ length: scores.length - known.length }, () => 1);
    const [worst, best] = [
      [...known, ...open.map(() => 0)],
      [...known, ...open],
    ];
    await this.turns.next();
    const low = scoreInterval(worst)[0];
    await this.turns.next();
    return { low: mean(worst), high: mean(best), interval: [low, scoreInterval(best)[1]] };
  }

  /** Whether any score of the run lies between right and wrong. */
  async isGraded(): Promise<boolean> {
    let at = 0;
    for (const scores of Object.values(this.state.scores)) {
      // By id: listing the keys or values of 100,000 scores is one task of 50 ms.
      for (const id of this.byId.keys()) {
        if (at++ % 1_000 === 0) await this.turns.next();
        const loss = scores[id]?.loss ?? null;
        if (loss !== null && loss > 0 && loss < 1) return true;
      }
    }
    return false;
  }

  /** null when no sample of the set was scored under both. */
  async compare(split: Split, before: Theta, after: Theta): Promise<Comparison | null> {
    const { turns } = this;
    const set = this.start.data[split];
    const pairs: Pair[] = [];
    await turns.map(set, ({ id }) => {
      const [was, is] = [this.#score(before, id), this.#score(after, id)];
      if (was && is) pairs.push({ id, was, is });
    });
    if (pairs.length === 0) return null;
    const sums = new NodeSums(this.start.options.threshold + 1e-9);
    let [better, worse] = [0, 0];
    const gains = await turns.map(pairs, ({ was, is }) => {
      sums.add(was, is);
      const gain = was.loss - is.loss;
      if (gain > 0) better += 1;
      if (gain < 0) worse += 1;
      return gain;
    });
    const { figures: nodes } = sums;
    await turns.next();
    const gain = { mean: snap(mean(gains)), interval: gainInterval(gains) };
    return {
      split,
      scored: pairs.length,
      of: set.length,
      before: await this.#figure(pairs, "was", before),
      after: await this.#figure(pairs, "is", after),
      gain,
      better,
      worse,
      p: better + worse > 0 ? signTest(better, worse) : null,
      ...(nodes && { nodes }),
      samples: await turns.map(set, (sample) => this.#row(sample, before, after)),
    };
  }

  async #figure(pairs: readonly Pair[], which: "was" | "is", theta: Theta): Promise<Figure> {
    const { turns } = this;
    const tokens: number[] = [];
    const lenient: number[] = [];
    let [right, formatErrors] = [0, 0];
    const scores = await turns.map(pairs, ({ id, [which]: score }) => {
      const used = this.tokensOf(theta, id);
      if (used !== null) tokens.push(used);
      lenient.push(1 - (score.lenient ?? score.loss));
      if (this.#isRight(score.loss)) right += 1;
      if (score.formatError) formatErrors += 1;
      return 1 - score.loss;
    });
    await turns.next();
    const interval = scoreInterval(scores);
    await turns.next();
    return {
      score: mean(scores),
      interval,
      right,
      lenient: mean(lenient),
      formatErrors,
      tokens: tokens.length > 0 ? mean(tokens) : null,
    };
  }

  #row({ id, inputs, targets, nodeTargets }: Sample, before: Theta, after: Theta): SampleRow {
    const was = this.#answer(before, id);
    const is = before === after ? was : this.#answer(after, id);
    const nodes = nodeTargets && { nodes: nodeTargets };
    const change = this.#change(was?.score ?? null, is?.score ?? null);
    return { id, inputs, expected: targets, ...nodes, before: was, after: is, change };
  }

  #change(before: number | null, after: number | null): SampleRow["change"] {
    if (before === null || after === null) return "unscored";
    const [was, is] = [this.#isRight(1 - before), this.#isRight(1 - after)];
    if (was === is) return is ? "right" : "wrong";
    return is ? "fixed" : "broken";
  }

  #isRight(loss: number): boolean {
    return loss <= this.start.options.threshold + 1e-9;
  }

  #score(theta: Theta, id: string): Known | null {
    const score = this.state.scores[theta]?.[id];
    return score && score.loss !== null ? { ...score, loss: score.loss } : null;
  }

  /** null if the sample never went through the graph under Θ. */
  #answer(theta: Theta, id: string): Answer | null {
    const { output } = this.start.graph;
    const score = this.state.scores[theta]?.[id];
    const keyOf = (node: string) => this.state.values.at(theta, id, node);
    const key = keyOf(output);
    if (!score && key === undefined) return null;
    const loss = score?.loss ?? null;
    const own = Object.entries(score?.nodes ?? {}).flatMap(([node, one]) =>
      node === output
        ? []
        : [[node, { text: this.#value(this.#node(node), keyOf(node)), score: 1 - one.loss }] as const],
    );
    const nodes = own.length > 0 && { nodes: Object.fromEntries(own) };
    const text = this.#value(this.#output, key);
    return { text, score: loss === null ? null : 1 - loss, votes: score?.votes ?? [], ...nodes };
  }

  #node(id: string): GraphNode | undefined {
    return this.start.graph.nodes.find((one) => one.id === id);
  }

  #value(node: GraphNode | undefined, key: string | undefined): string | null {
    const reply = key === undefined ? undefined : this.replyOf(key);
    if (!reply) return null;
    return shownValue(reply.text, node?.output ?? null, this.#patterns);
  }
}

type Known = SampleScore & { readonly loss: number };

/** The scores of a sample under two Θ. */
interface Pair {
  readonly id: string;
  readonly was: Known;
  readonly is: Known;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
