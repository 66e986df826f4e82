import type { Graph, GraphNode, Texts } from "../graph/graph.ts";
import { topologyOf } from "../graph/topology.ts";
import type { ForwardPass } from "./forward.ts";
import type { Candidate } from "./propose.ts";

/** Samples that a probe looks at. */
export const PROBED = 3;
/** Times ϕ is asked for one text of an iteration. */
const TRIES = 3;

export type Probe = (joint: Texts, candidates: readonly Candidate[]) => Promise<Candidate[]>;

export interface ProbeDeps {
  readonly graph: Graph;
  /** Forward passes of the samples that the gate will score first anyway. */
  readonly forward: (texts: Texts) => readonly ForwardPass[];
  /** The file's own texts: what different samples look like when the node works. */
  readonly start: Texts;
}

/**
 * Finds ruined texts before the gate pays for them (method.md §9, local probe): a node that gave a different value for
 * each of some samples and now gives the same one for all of them no longer looks at its inputs. Looks only at calls
 * that the gate makes in any case.
 * @returns the candidates whose node gives one value for everything; not those that only pass on what such a node gives.
 */
export function createProbe({ graph, forward, start }: ProbeDeps): Probe {
  const topology = topologyOf(graph);

  return async (joint, candidates) => {
    const [before, after] = [forward(start), forward(joint)];
    if (after.length < PROBED) return [];
    const states = new Map<string, Promise<"sound" | "ruined" | "behind a ruined one">>();
    for (const { id } of topology.order) {
      if (!candidates.some(({ node }) => node === id)) continue;
      const upstream = [...states].filter(([node]) => topology.ancestors(id).has(node)).map(([, state]) => state);
      states.set(id, stateOf(id, upstream));
    }
    const found = await Promise.all(candidates.map(async (one) => ({ one, state: await states.get(one.node) })));
    return found.filter(({ state }) => state === "ruined").map(({ one }) => one);

    async function stateOf(id: string, upstream: readonly Promise<string>[]) {
      if ((await Promise.all(upstream)).some((state) => state !== "sound")) return "behind a ruined one";
      const [was, is] = await Promise.all([distinct(before, id), distinct(after, id)]);
      return was === after.length && is === 1 ? "ruined" : "sound";
    }
  };
}

/** Number of different values that a node has over the passes; 0 when one is missing. */
async function distinct(passes: readonly ForwardPass[], node: string): Promise<number> {
  const values = await Promise.all(passes.map((pass) => pass.value(node).catch(() => null)));
  return values.some((value) => value === null) ? 0 : new Set(values.map((value) => value?.text)).size;
}

/**
 * Finds texts that break what was right: all of them together are tried first, then each alone.
 * @param breaks whether the samples that were right are all wrong with these texts
 */
export async function harmfulAmong(
  candidates: readonly Candidate[],
  breaks: (candidates: readonly Candidate[]) => Promise<boolean>,
): Promise<readonly Candidate[]> {
  if (candidates.length === 0 || !(await breaks(candidates))) return [];
  const harms = await Promise.all(candidates.map((one) => candidates.length === 1 || breaks([one])));
  return candidates.filter((_, index) => harms[index]);
}

export interface SoundDeps {
  readonly ask: (parameters: readonly GraphNode[]) => Promise<readonly Candidate[]>;
  /** Turns down and returns those that are ruined, or do harm. */
  readonly turnDown: (candidates: readonly Candidate[]) => Promise<readonly Candidate[]>;
}

/**
 * New proposals, and those pending that none of them replaces; nothing where all would be as judged before. ϕ is asked
 * again for a text that is turned down.
 */
export async function proposeSound(
  { ask, turnDown }: SoundDeps,
  parameters: readonly GraphNode[],
  pending: readonly Candidate[],
): Promise<readonly Candidate[]> {
  let sound = pending;
  let asked = parameters;
  for (let tries = 0; tries < TRIES && asked.length > 0; tries++) {
    const fresh = await ask(asked);
    const proposals = [...sound.filter(({ node }) => !fresh.some((one) => one.node === node)), ...fresh];
    const down = fresh.length > 0 ? await turnDown(proposals) : [];
    sound = proposals.filter((one) => !down.includes(one));
    asked = parameters.filter(({ id }) => down.some(({ node }) => node === id));
  }
  return sound.every((one) => pending.includes(one)) ? [] : sound;
}
