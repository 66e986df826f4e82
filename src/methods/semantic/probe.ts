import type { ForwardPass } from "../../engine/forward/forward.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Graph, Texts } from "../../graph/graph.ts";
import { topologyOf } from "../../graph/topology.ts";

/** Number of samples in a probe. */
export const PROBED = 3;

export type Probe = (joint: Texts, candidates: readonly Candidate[]) => Promise<Candidate[]>;

export interface ProbeDeps {
  readonly graph: Graph;
  /** Forward passes of samples that are run next anyway. */
  readonly forward: (texts: Texts) => readonly ForwardPass[];
  /** Texts that show how values vary when the node works. */
  readonly reference: Texts;
}

/**
 * Finds degenerate texts before the gate pays for them (docs/method.md, "Screens"): a node that gave a different value for
 * each of some samples and now gives the same one for all of them no longer looks at its inputs. Looks only at calls
 * that the gate or the next batch makes in any case.
 * @returns the candidates whose node gives one value for everything; not those that only pass on what such a node gives.
 */
export function createProbe({ graph, forward, reference }: ProbeDeps): Probe {
  const topology = topologyOf(graph);

  return async (joint, candidates) => {
    const [before, after] = [forward(reference), forward(joint)];
    if (after.length < PROBED) return [];
    const states = new Map<string, Promise<"varied" | "constant" | "behind a constant one">>();
    const asked = new Set(candidates.map(({ node }) => node));
    for (const { id } of topology.order) {
      if (!asked.has(id)) continue;
      const ancestors = topology.ancestors(id);
      const upstream = [...states].filter(([node]) => ancestors.has(node)).map(([, state]) => state);
      states.set(id, stateOf(id, upstream));
    }
    const found = await Promise.all(candidates.map(async (one) => ({ one, state: await states.get(one.node) })));
    return found.filter(({ state }) => state === "constant").map(({ one }) => one);

    async function stateOf(id: string, upstream: readonly Promise<string>[]) {
      if ((await Promise.all(upstream)).some((state) => state !== "varied")) return "behind a constant one";
      const [was, is] = await Promise.all([distinct(before, id), distinct(after, id)]);
      return was === after.length && is === 1 ? "constant" : "varied";
    }
  };
}

/** Number of distinct values of a node over the passes; 0 if one is missing. */
async function distinct(passes: readonly ForwardPass[], node: string): Promise<number> {
  const values = await Promise.all(passes.map((pass) => pass.value(node).catch(() => null)));
  return values.some((value) => value === null) ? 0 : new Set(values.map((value) => value?.text)).size;
}
