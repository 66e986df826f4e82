import type { Gradient, Proposal } from "../../engine/events.ts";
import type { Attempt, RunState } from "../state/state.ts";

/** The attempts that a proposal's text came by, oldest first: where that can't be told, all that were made for its node. */
export function attemptsBehind(state: RunState, proposal: Proposal): readonly Attempt[] {
  const { id, node, text } = proposal;
  const all = state.attempts.filter((one) => one.node === node && proposal.attempts.includes(one.id));
  const isNet = state.texts[node] === text && state.startTexts[node] !== text;
  const way = all.filter((one) => (isNet ? one.decision === "accepted" : one.id === id));
  if (way.length > 0) return way;
  const same = all.filter((one) => one.text === text);
  return same.length > 0 ? same : all;
}

/** All gradients on a node's own text, else, of a node without any, on its value. */
export function feedbackOn(state: RunState, node: string): readonly Gradient[] {
  const about = state.gradients.filter((one) => one.node === node && one.text !== "");
  const own = about.filter(({ of }) => of === "text");
  return own.length > 0 ? own : about;
}

/**
 * What a proposal answers, each sentence of a sample once: the last gradients, up to each attempt behind it, of the samples
 * that the attempt was made from. Those on the node's own text, or, where there are none (a text node has no call of its
 * own), those on its value.
 */
export function gradientsBehind(state: RunState, proposal: Proposal): readonly Gradient[] {
  const gradients = feedbackOn(state, proposal.node);
  const seen = attemptsBehind(state, proposal).flatMap((attempt) =>
    attempt.samples.flatMap((sample) => {
      const known = gradients.filter((one) => one.sample === sample && one.iteration <= attempt.iteration);
      const latest = Math.max(...known.map(({ iteration }) => iteration));
      return known.filter(({ iteration }) => iteration === latest);
    }),
  );
  // A log that was cut, or one of another engine, may not say from which samples an attempt was made.
  const all = seen.length > 0 ? seen : gradients;
  return [...new Map(all.map((one) => [`${one.sample}\n${one.text}`, one])).values()];
}
