import type { Gradient, Proposal } from "../../engine/events.ts";
import type { Attempt, RunState } from "../state/state.ts";
import { byKey } from "./by-key.ts";

const atNode = byKey(({ node }: Attempt) => node);
const onNode = byKey(({ node }: Gradient) => node);
const ofNode = byKey(({ node }: Proposal) => node);

/** The proposals for a node, in their order. */
export function proposalsAt(proposals: readonly Proposal[], node: string): readonly Proposal[] {
  return ofNode(proposals, node);
}

/** All attempts at a node, oldest first. */
export function attemptsAt({ attempts }: Pick<RunState, "attempts">, node: string): readonly Attempt[] {
  return atNode(attempts, node);
}

/** All gradients on a node, oldest first. */
export function gradientsOn({ gradients }: Pick<RunState, "gradients">, node: string): readonly Gradient[] {
  return onNode(gradients, node);
}

/** The attempts that a proposal names, oldest first. */
export function attemptsOf(state: RunState, { node, attempts }: Pick<Proposal, "node" | "attempts">): Attempt[] {
  return attemptsAt(state, node).filter(({ id }) => attempts.includes(id));
}

/** The attempts that led to a proposal's text, oldest first: if that is not known, all attempts at its node. */
export function attemptsBehind(state: RunState, proposal: Proposal): readonly Attempt[] {
  const { id, node, text } = proposal;
  const all = attemptsOf(state, proposal);
  const isNet = state.texts[node] === text && state.startTexts[node] !== text;
  const way = all.filter((one) => (isNet ? one.decision === "accepted" : one.id === id));
  if (way.length > 0) return way;
  const same = all.filter((one) => one.text === text);
  return same.length > 0 ? same : all;
}

/** All gradients on a node's own text; if there are none, those on its value. */
export function feedbackOn(state: RunState, node: string): readonly Gradient[] {
  const about = gradientsOn(state, node).filter(({ text }) => text !== "");
  const own = about.filter(({ of }) => of === "text");
  return own.length > 0 ? own : about;
}

/**
 * The gradients that a proposal answers, without repeated sentences per sample: the last ones before each attempt
 * behind it, for the samples of that attempt. Uses the gradients on the node's own text, or, for a node without a
 * backward call of its own such as a text node, those on its value.
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
  // A log that was cut, or that another engine wrote, may not name the samples of an attempt.
  const all = seen.length > 0 ? seen : gradients;
  return [...new Map(all.map((one) => [`${one.sample}\n${one.text}`, one])).values()];
}
