import type { Proposal } from "../../engine/events.ts";
import type { RunState } from "../state/state.ts";
import { feedbackOn, gradientsBehind } from "./evidence.ts";
import { type Grams, gramsOf, similarity } from "./text-similarity.ts";

/** One request in the feedback, and the samples that it comes from. */
export interface Reason {
  readonly sentence: string;
  /** Ids, each once. */
  readonly samples: readonly string[];
}

/** A part of a new text, and the feedback that it answers. */
export interface ReasonedPart {
  /** A line that the new text adds, or a sentence of a long one. */
  readonly added: string;
  /** Its line in the new text, counted from 0. */
  readonly line: number;
  /** The most frequent first. */
  readonly reasons: readonly Reason[];
}

export interface Reasons {
  readonly parts: readonly ReasonedPart[];
  /** Feedback that resembles no part. */
  readonly others: readonly Reason[];
}

/** Cosine above which two sentences ask for the same. */
const ALIKE = 0.75;
/** Cosine above which a part answers a sentence. */
const ANSWERS = 0.15;
/** Characters above which the sentences of a line are separate parts. */
const LONG = 160;

/** Why a text was proposed: its feedback, without repeats, under the added lines that answer it. */
export function reasonsOf(state: RunState, proposal: Proposal): Reasons {
  const parts = addedParts(proposal.base, proposal.text).map((part) => ({ ...part, grams: gramsOf(part.added) }));
  const found = distinct(gradientsBehind(state, proposal)).map((reason) => ({
    reason,
    part: nearest(gramsOf(reason.sentence), parts),
  }));
  // A line can come from an earlier attempt, which the gate did not see by itself.
  const answered = new Set(found.map(({ part }) => part));
  const earlier = distinct(feedbackOn(state, proposal.node)).flatMap((reason) => {
    const part = nearest(gramsOf(reason.sentence), parts);
    return part && !answered.has(part) ? [{ reason, part }] : [];
  });
  const all = [...found, ...earlier];
  const reasonsFor = (part: (typeof parts)[number] | null) =>
    all.filter((one) => one.part === part).map(({ reason }) => reason);
  return {
    parts: parts.map((part) => ({ added: part.added, line: part.line, reasons: reasonsFor(part) })),
    others: reasonsFor(null),
  };
}

function nearest<T extends { readonly grams: Grams }>(grams: Grams, parts: readonly T[]): T | null {
  let best: T | null = null;
  let most = ANSWERS;
  for (const part of parts) {
    const likeness = similarity(grams, part.grams);
    if (likeness > most) [best, most] = [part, likeness];
  }
  return best;
}

function distinct(gradients: readonly { readonly text: string; readonly sample: string }[]): Reason[] {
  const groups: { sentence: string; grams: Grams; samples: Set<string> }[] = [];
  for (const { text, sample } of gradients) {
    const sentence = text.replace(/\s+/g, " ").trim();
    if (sentence === "") continue;
    const grams = gramsOf(sentence);
    const same = groups.find((group) => group.sentence === sentence || similarity(group.grams, grams) > ALIKE);
    if (same) same.samples.add(sample);
    else groups.push({ sentence, grams, samples: new Set([sample]) });
  }
  return groups
    .sort((a, b) => b.samples.size - a.samples.size)
    .map(({ sentence, samples }) => ({ sentence, samples: [...samples] }));
}

function addedParts(base: string, text: string): { added: string; line: number }[] {
  const old = new Set(base.split(/\r?\n/).map((line) => line.trim()));
  return text.split(/\r?\n/).flatMap((whole, line) => {
    const added = whole.trim();
    if (added === "" || old.has(added)) return [];
    const isKept = (sentence: string) => base.includes(sentence);
    const sentences = added.length > LONG ? added.split(/(?<=[.!?。])\s+/) : [added];
    return sentences
      .filter((sentence) => sentences.length === 1 || !isKept(sentence))
      .map((one) => ({ added: one, line }));
  });
}
