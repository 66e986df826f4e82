import type { Sample, Split } from "../../data/sample.ts";
import { inputTitle } from "../../data/sample-title.ts";
import type { Theta } from "../../engine/events.ts";
import { nodeFigures } from "../../engine/gate/node-figures.ts";
import { gainInterval, scoreInterval, signTest, snap } from "../../engine/gate/statistics.ts";
import { Patterns } from "../../graph/pattern.ts";
import { shownValue } from "../../graph/replies/extract.ts";
import type { StoredReply } from "../../models/stack/store.ts";
import type { RunManifest } from "../record/run-manifest.ts";
import type { RecordedState, SampleScore } from "../state/state.ts";
import type { Answer, Comparison, Figure, SampleRow } from "./report.ts";

export type ReplyOf = (key: string) => Pick<StoredReply, "text"> | undefined;

type Shown = Pick<RecordedState, "values" | "scores">;

/**
 * Reads the replies that contain answers, of the output and of nodes that are scored by themselves.
 * @param read one reply; undefined: there is none
 */
export async function readAnswers(
  { graph }: Pick<RunManifest, "graph">,
  { values, scores }: Shown,
  read: (key: string) => Promise<Pick<StoredReply, "text"> | undefined>,
): Promise<ReplyOf> {
  const texts = new Map<string, Pick<StoredReply, "text">>();
  for (const [theta, sample] of values) {
    for (const node of [graph.output, ...Object.keys(scores[theta]?.[sample]?.nodes ?? {})]) {
      const key = values.at(theta, sample, node);
      const reply = key === undefined || texts.has(key) ? undefined : await read(key);
      if (key !== undefined && reply) texts.set(key, { text: reply.text });
    }
  }
  return (key) => texts.get(key);
}

/** Samples of a run under two Θ: inputs, expected answer, answers and scores. */
export class Samples {
  readonly #byId: ReadonlyMap<string, Sample>;
  readonly #patterns = new Patterns();

  constructor(
    readonly start: Pick<RunManifest, "graph" | "data" | "options">,
    readonly state: Shown,
    readonly replyOf: ReplyOf,
    readonly tokensOf: (theta: Theta, sample: string) => number | null,
  ) {
    this.#byId = new Map(Object.values(start.data).flatMap((samples) => samples.map((one) => [one.id, one] as const)));
  }

  /** The input of a sample, or all its inputs with their names. */
  question(id: string): string {
    const inputs = Object.entries(this.#byId.get(id)?.inputs ?? {});
    const [only] = inputs;
    if (inputs.length === 1 && only) return inputTitle(only[1]);
    return inputs.map(([name, value]) => `${name}: ${inputTitle(value)}`).join(" · ") || id;
  }

  /** Samples that a verdict names, in its order. */
  rows(ids: readonly string[], before: Theta, after: Theta): SampleRow[] {
    return ids.flatMap((id) => {
      const sample = this.#byId.get(id);
      return sample ? [this.#row(sample, before, after)] : [];
    });
  }

  /** Of the mean validation score under Θ, equal where every sample is scored; and the interval from the one to the other. */
  bounds(theta: Theta): { low: number; high: number; interval: [number, number] } {
    const { validation } = this.start.data;
    const known = validation.flatMap(({ id }) => this.#score(theta, id) ?? []).map(({ loss }) => 1 - loss);
    const [worst, best] = [0, 1].map((open) => validation.map((_, index) => known[index] ?? open));
    const [low, high] = [mean(worst ?? []), mean(best ?? [])];
    return { low, high, interval: [scoreInterval(worst ?? [])[0], scoreInterval(best ?? [])[1]] };
  }

  /** Whether any score of the run lies between right and wrong. */
  get isGraded(): boolean {
    const scores = Object.values(this.state.scores).flatMap((samples) => Object.values(samples));
    return scores.some(({ loss }) => loss !== null && loss > 0 && loss < 1);
  }

  /** null when no sample of the set was scored under both. */
  compare(split: Split, before: Theta, after: Theta): Comparison | null {
    const set = this.start.data[split];
    const pairs = set.flatMap(({ id }) => {
      const [was, is] = [this.#score(before, id), this.#score(after, id)];
      return was && is ? [{ id, was, is }] : [];
    });
    if (pairs.length === 0) return null;
    const better = pairs.filter(({ was, is }) => is.loss < was.loss).length;
    const worse = pairs.filter(({ was, is }) => is.loss > was.loss).length;
    const ids = pairs.map(({ id }) => id);
    const nodes = nodeFigures(
      pairs.map(({ was, is }) => ({ before: was, after: is })),
      this.start.options.threshold + 1e-9,
    );
    const gains = pairs.map(({ was, is }) => was.loss - is.loss);
    return {
      split,
      scored: pairs.length,
      of: set.length,
      before: this.#figure(
        pairs.map(({ was }) => was),
        before,
        ids,
      ),
      after: this.#figure(
        pairs.map(({ is }) => is),
        after,
        ids,
      ),
      gain: { mean: snap(mean(gains)), interval: gainInterval(gains) },
      better,
      worse,
      p: better + worse > 0 ? signTest(better, worse) : null,
      ...(nodes && { nodes }),
      samples: set.map((sample) => this.#row(sample, before, after)),
    };
  }

  #figure(scores: readonly Known[], theta: Theta, ids: readonly string[]): Figure {
    const tokens = ids.flatMap((id) => this.tokensOf(theta, id) ?? []);
    return {
      score: mean(scores.map(({ loss }) => 1 - loss)),
      interval: scoreInterval(scores.map(({ loss }) => 1 - loss)),
      right: scores.filter(({ loss }) => this.#isRight(loss)).length,
      lenient: mean(scores.map(({ loss, lenient }) => 1 - (lenient ?? loss))),
      formatErrors: scores.filter(({ formatError }) => formatError).length,
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
      node === output ? [] : [[node, { text: this.#value(node, keyOf(node)), score: 1 - one.loss }] as const],
    );
    const nodes = own.length > 0 && { nodes: Object.fromEntries(own) };
    const text = this.#value(output, key);
    return { text, score: loss === null ? null : 1 - loss, votes: score?.votes ?? [], ...nodes };
  }

  #value(id: string, key: string | undefined): string | null {
    const node = this.start.graph.nodes.find((one) => one.id === id);
    const reply = key === undefined ? undefined : this.replyOf(key);
    if (!reply) return null;
    return shownValue(reply.text, node?.output ?? null, this.#patterns);
  }
}

type Known = SampleScore & { readonly loss: number };

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
