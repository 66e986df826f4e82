import type { ForwardPass } from "../../engine/forward/forward.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Graph, Texts } from "../../graph/graph.ts";
import { topologyOf } from "../../graph/topology.ts";

/** Number of samples in a probe. */
export const PROBED = 3;

export type Probe = (joint: Texts, candidates: readonly Candidate[]) => Promise<Candidate[]>;

export interface ProbeDeps {
  readonly graph: Graph;
  /** Forward passes of some samples, those first that are run next anyway. */
  readonly forward: (texts: Texts) => readonly ForwardPass[];
  /** Number of passes that are run next anyway. The others are run one by one, as long as all values are alike. Default: all. */
  readonly anyway?: number;
  /** Texts that show how values vary when the node works. */
  readonly reference: Texts;
}

/**
 * Finds degenerate texts before the gate pays for them (docs/method.md, "Screens"): a node that gave a different value for
 * each of some samples and now gives the same one for all of them no longer looks at its inputs. Looks only at calls
 * that the gate or the next batch makes in any case.
 * @returns the candidates whose node gives one value for everything; not those that only pass on what such a node gives.
 */
export function createProbe({ graph, forward, reference, anyway = PROBED }: ProbeDeps): Probe {
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
      const isConstant = (await areAlike(before, after, id)) && (await areDistinct(before, id));
      return isConstant ? "constant" : "varied";
    }
  };

  async function areAlike(before: readonly ForwardPass[], after: readonly ForwardPass[], id: string): Promise<boolean> {
    const values = await valuesOf(after.slice(0, anyway), id);
    const further = after.slice(anyway);
    if (further.length > 0 && new Set(values).size === 1) {
      // A value that is what it was before is none that the node now gives for everything.
      const known = await valuesOf(before.slice(0, anyway), id);
      if (known.some((value, index) => value === values[index])) return false;
    }
    for (const pass of further) {
      if (new Set(values).size > 1) return false;
      values.push(...(await valuesOf([pass], id)));
    }
    return !values.includes(null) && new Set(values).size === 1;
  }
}

async function areDistinct(passes: readonly ForwardPass[], node: string): Promise<boolean> {
  const values = await valuesOf(passes, node);
  return !values.includes(null) && new Set(values).size === values.length;
}

/** The values of a node; null: missing. */
function valuesOf(passes: readonly ForwardPass[], node: string): Promise<(string | null)[]> {
  return Promise.all(
    passes.map((pass) =>
      pass.value(node).then(
        ({ text }) => text,
        () => null,
      ),
    ),
  );
}
