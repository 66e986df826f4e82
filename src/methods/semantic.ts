import type { Iterated, RunEvent } from "../engine/events.ts";
import { withTexts } from "../engine/gate.ts";
import type { Candidate } from "../engine/propose.ts";
import type { Services } from "../engine/services.ts";
import type { Task } from "../engine/task.ts";
import { thetaOf } from "../engine/theta.ts";
import type { GraphNode, Texts } from "../graph/graph.ts";

/**
 * Semantic gradient descent (arXiv 2412.03624, algorithm 2; method.md §2).
 *
 * Each iteration: forward and loss on a batch of training samples, semantic backpropagation of those that fail, one
 * proposal per parameter from the same old Θ, and the gate on samples that none of this has seen. The gate waits a few
 * iterations as long as most training samples fail and they get better, and judges what has come of them together.
 *
 * Stops after `iterations`, or `patience` iterations without improvement, or when no training sample is above τ, or when
 * the loss on the validation set is 0, which no proposal could lower.
 */
export async function* semantic({ options }: Task, services: Services): AsyncGenerator<RunEvent, Texts> {
  let incumbent = services.start;
  /**
   * Proposals that the next ones build on: those that the gate has not seen yet, and those that it rejected though they
   * did no harm, since what they lack to show a gain may stand in another text.
   */
  let pending: readonly Candidate[] = [];
  /** Iterations that the gate has not seen. */
  let waited = 0;
  let fruitless = 0;

  for (let iteration = 1; iteration <= options.iterations && fruitless < options.patience; iteration++) {
    const accepted: Candidate[] = [];
    let batch = await services.differentiate(withTexts(incumbent, pending), iteration);
    if (pending.length > 0 && (batch.broke || (waited > 0 && (batch.gain < 0 || batch.few)))) {
      // Nothing is built on what did harm, nor mixed with what has mended nearly all, before the gate has looked.
      if (waited > 0) await gate(pending);
      else pending = [];
      batch = await services.differentiate(withTexts(incumbent, pending), iteration);
    }
    if (waited === 0 && accepted.length === 0 && batch.looked + batch.failing.length === 0) {
      yield { type: "warning", code: "nothing to learn" };
      break;
    }
    const stalled = waited > 0 && batch.gain <= 0;
    const gated = stalled || batch.few || waited + 1 >= options.gateEvery || iteration === options.iterations;
    const parameters = choose(services, options.update, iteration);
    const fresh = await services.propose(batch, parameters, incumbent, pending, gated);
    if (!gated && fresh.length > 0) {
      pending = fresh;
      waited++;
    } else {
      const proposals = fresh.length === 0 && waited > 0 ? pending : fresh;
      if (proposals.length > 0) services.ahead(incumbent, proposals).catch(() => {});
      await gate(proposals);
      fruitless = accepted.length > 0 ? 0 : fruitless + 1;
    }
    yield iterated();
    if (services.validationLoss(incumbent)[1] === 0) break;

    async function gate(proposals: readonly Candidate[]): Promise<void> {
      const outcome = await services.gate(iteration, incumbent, proposals);
      incumbent = outcome.texts;
      pending = outcome.harmless;
      waited = 0;
      accepted.push(...outcome.accepted);
    }

    function iterated(): Iterated {
      return {
        type: "iteration",
        iteration,
        theta: thetaOf(incumbent),
        accepted: accepted.map(({ id }) => id),
        ...(waited > 0 && { waiting: pending.length }),
        batch: batch.failing,
        looked: batch.looked,
        validationLoss: services.validationLoss(incumbent),
      };
    }
  }
  return incumbent;
}

/** How much of Θ an iteration changes (method.md §4). */
function choose({ parameters, random }: Services, update: "all" | "half" | "one", iteration: number): GraphNode[] {
  if (update === "all") return [...parameters];
  if (update === "one") return parameters.filter((_, index) => index === (iteration - 1) % parameters.length);
  const drawn = parameters.map((node) => ({ node, at: random() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, Math.ceil(parameters.length / 2)).map(({ node }) => node);
}
