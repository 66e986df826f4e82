import type { Sample } from "../../data/sample.ts";
import type { Engine } from "../../engine/method.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import { isWrittenAsRows } from "../../engine/propose/proposal-constraints.ts";
import type { Task } from "../../engine/task.ts";
import { type GraphNode, languageOf, type Texts } from "../../graph/graph.ts";
import { addedSentences, isGrown, withoutSentences } from "../../graph/text/sentences.ts";

/** Number of samples to try a text on without a sentence, and with it, and how many at once. */
const TRIED_WITHOUT = 3;
const TRIED_WITH = 8;
const AT_ONCE = 2;

/** Evidence that keeps a sentence. A broken sample that it was written for counts as 2, any other as 1, because that may be chance. */
const EVIDENCE = 2;

const SHORTENED = "Leaves out sentences without effect.";

/**
 * Takes out the sentences that a text can do without (docs/method.md, "Parsimony").
 * @returns the proposals, some of them shorter, with new ones for texts of the incumbent that get shorter; empty if
 *   nothing but the incumbent is left
 */
export type Parsimony = (incumbent: Texts, proposals: readonly Candidate[]) => Promise<readonly Candidate[]>;

/** What is known about the training samples. */
export interface Seen {
  /** Samples that were run, some right and some wrong. */
  seen(): readonly Sample[];
  /** Number of times that a sample failed under texts that were only longer than before. */
  brokenByGrowth(): number;
}

interface Part {
  readonly node: GraphNode;
  readonly sentence: string;
}

/**
 * A sentence that was added since the file's text stays if a sample that is right goes wrong without it, or if a wrong one
 * comes right when it is the only one added again. Acts only after texts that were only longer than before have broken
 * samples, in training or in the gate: where length does no harm, this costs nothing.
 */
export function createParsimony(
  { options: { threshold } }: Pick<Task, "options">,
  engine: Engine,
  training: Seen,
): Parsimony {
  const nodes = engine.parameters.flatMap(({ kind, node }) =>
    kind !== "inputs" && languageOf(node) === null && !isWrittenAsRows(node) ? [node] : [],
  );
  /** Node → sentences without which a sample failed. */
  const needed = new Map(nodes.map(({ id }) => [id, new Set<string>()]));
  let heeded = 0;

  return async (incumbent, proposals) => {
    const signs = training.brokenByGrowth() + nodes.reduce((sum, { id }) => sum + brokenInGate(id), 0);
    if (signs <= heeded) return proposals;
    const texts = withTexts(incumbent, proposals);
    const doubtful = nodes.flatMap((node) =>
      addedSentences(startOf(node), texts[node.id] ?? node.text)
        .filter((sentence) => !needed.get(node.id)?.has(sentence))
        .map((sentence): Part => ({ node, sentence })),
    );
    if (doubtful.length === 0) return proposals;
    const samples = training.seen();
    const right = await rightAmong(texts, samples);
    heeded = signs;
    const withoutEffect = await notNeeded(doubtful, (part) => breaks(texts, part, right));
    const rightWithout = await rightAmong(without(texts, withoutEffect), samples);
    const wrong = samples.filter((one) => !rightWithout.includes(one));
    const useless = await notNeeded(withoutEffect, (part) => {
      const others = withoutEffect.filter((one) => one !== part);
      return mends(without(texts, others), wrong);
    });
    const shorter = without(texts, useless);
    const isAsGood = (await rightAmong(shorter, samples)).length >= right.length;
    return isAsGood ? proposalsFor(shorter, incumbent, proposals) : proposals;
  };

  /** Number of validation samples broken by texts that contain all of the text that they were made from. */
  function brokenInGate(node: string): number {
    const entries = engine.history.of(node).filter(({ attempt, verdict, alone }) => {
      const isItsOwn = alone || verdict?.decision === "accepted";
      return isItsOwn && isGrown(attempt.base, attempt.text);
    });
    return entries.reduce((sum, { verdict }) => sum + (verdict?.broken.length ?? 0), 0);
  }

  async function rightAmong(texts: Texts, samples: readonly Sample[]): Promise<Sample[]> {
    const scores = await engine.score(texts, samples, { split: "train" });
    return samples.filter(({ id }) => (scores.get(id)?.loss ?? 1) <= threshold);
  }

  async function notNeeded(parts: readonly Part[], isNeeded: (part: Part) => Promise<boolean>): Promise<Part[]> {
    const shown = await Promise.all(parts.map(isNeeded));
    for (const [index, { node, sentence }] of parts.entries()) if (shown[index]) needed.get(node.id)?.add(sentence);
    return parts.filter((_, index) => !shown[index]);
  }

  /** Whether right samples fail without the sentence. Tries the samples first that it was written for. */
  async function breaks(texts: Texts, part: Part, right: readonly Sample[]): Promise<boolean> {
    const { node, sentence } = part;
    const written = engine.history.of(node.id).find(({ attempt }) => attempt.text.includes(sentence));
    const isFor = ({ id }: Sample) => written?.attempt.samples.includes(id) ?? false;
    const samples = [...right.filter(isFor), ...right.filter((one) => !isFor(one))];
    let evidence = 0;
    return someWave(samples.slice(0, TRIED_WITHOUT), async (wave) => {
      const still = await rightAmong(without(texts, [part]), wave);
      for (const one of wave) if (!still.includes(one)) evidence += isFor(one) ? EVIDENCE : 1;
      return evidence >= EVIDENCE;
    });
  }

  function mends(texts: Texts, wrong: readonly Sample[]): Promise<boolean> {
    return someWave(wrong.slice(0, TRIED_WITH), async (wave) => (await rightAmong(texts, wave)).length > 0);
  }

  async function proposalsFor(
    shorter: Texts,
    incumbent: Texts,
    proposals: readonly Candidate[],
  ): Promise<readonly Candidate[]> {
    const texts = withTexts(incumbent, proposals);
    const made = await Promise.all(
      nodes.map(async ({ id }) => {
        const before = proposals.find(({ node }) => node === id);
        const text = shorter[id] ?? "";
        if (text === texts[id]) return before ?? null;
        if (text.trim() === incumbent[id]?.trim()) return null;
        const { hypothesis = ideaOf(id, incumbent), samples = [] } = before ?? {};
        return (await engine.candidate(id, incumbent, { text, hypothesis, samples })) ?? before ?? null;
      }),
    );
    const others = proposals.filter(({ node }) => !needed.has(node));
    const left = [...others, ...made.filter((one) => one !== null)];
    // A dropped text is on record as failed: with the same cases, ϕ would write it again.
    await engine.screen(
      proposals.filter(({ node }) => !left.some((one) => one.node === node)),
      "no gain on training samples",
    );
    return left;
  }

  /** The idea of a shorter text: in the end it stands beside the change from the file's text, so it says what stays, too. */
  function ideaOf(node: string, texts: Texts): string {
    const made = engine.history.of(node).findLast(({ attempt }) => attempt.text === texts[node]?.trim());
    const idea = made?.attempt.hypothesis ?? "";
    return idea.endsWith(SHORTENED) ? idea : [idea, SHORTENED].filter(Boolean).join(" ");
  }

  function startOf({ id, text }: GraphNode): string {
    return engine.start[id] ?? text;
  }
}

function without(texts: Texts, parts: readonly Part[]): Texts {
  const shorter = Object.entries(texts).map(([id, text]) => {
    const sentences = parts.flatMap(({ node, sentence }) => (node.id === id ? sentence : []));
    return [id, sentences.length > 0 ? withoutSentences(text, new Set(sentences)) : text] as const;
  });
  return Object.fromEntries(shorter);
}

async function someWave(
  samples: readonly Sample[],
  holds: (wave: readonly Sample[]) => Promise<boolean>,
): Promise<boolean> {
  for (let at = 0; at < samples.length; at += AT_ONCE) {
    if (await holds(samples.slice(at, at + AT_ONCE))) return true;
  }
  return false;
}
