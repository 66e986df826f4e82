import type { Texts } from "../../graph/graph.ts";
import type { Iterated } from "../events.ts";
import type { Comparison, Engine } from "../method.ts";
import type { Candidate } from "../propose/candidate.ts";
import { thetaOf } from "../theta.ts";
import { lossBounds } from "./statistics.ts";

/** The outcome of an iteration. */
export interface Settled {
  readonly accepted: readonly Candidate[];
}

/** The gate of methods that search by scores of their own: it decides the result of the run and nothing else. */
export interface FinalGate {
  /** The last Θ that the gate accepted, initially that of the file. */
  readonly incumbent: Texts;
  /** Remembers proposals that later Θs are made of. */
  remember(candidates: readonly Candidate[]): void;
  /** Candidates whose texts are in Θ and not in the incumbent. */
  partsOf(texts: Texts): Candidate[];
  /** Puts Θ before the gate, unless it is the incumbent or was judged before. */
  settle(texts: Texts): Promise<Settled>;
  /** The event that ends an iteration. */
  iteration(iteration: number, settled: Settled, more?: { looked?: number; batch?: readonly string[] }): Iterated;
  /** Records the proposals without a verdict as outdone. */
  close(): Promise<void>;
}

export function createFinalGate(engine: Engine): FinalGate {
  const candidates = new Map<string, Candidate>();
  const judged = new Set<string>();
  let incumbent = engine.start;

  return {
    get incumbent() {
      return incumbent;
    },
    remember: (fresh) => {
      for (const one of fresh) candidates.set(keyOf(one.node, one.text), one);
    },
    partsOf,
    settle,
    iteration: (iteration, { accepted }, { looked = 0, batch = [] } = {}) => ({
      type: "iteration",
      iteration,
      theta: thetaOf(incumbent),
      accepted: accepted.map(({ id }) => id),
      batch: [...batch],
      looked,
      validationLoss: lossBounds(engine.pairs(incumbent, incumbent)),
    }),
    close: async () => {
      const open = engine.history.unjudged().map(({ attempt }) => attempt);
      await engine.screen(open, "eliminated");
    },
  };

  function partsOf(texts: Texts): Candidate[] {
    return Object.entries(texts).flatMap(([node, text]) =>
      text === incumbent[node] ? [] : (candidates.get(keyOf(node, text)) ?? []),
    );
  }

  async function settle(texts: Texts): Promise<Settled> {
    const theta = thetaOf(texts);
    if (theta === thetaOf(incumbent) || judged.has(theta)) return { accepted: [] };
    judged.add(theta);
    const comparison: Comparison = await engine.compare(incumbent, texts);
    const parts = partsOf(texts);
    await engine.judge(parts, comparison);
    if (comparison.verdict.decision !== "accepted") return { accepted: [] };
    incumbent = texts;
    return { accepted: parts };
  }
}

function keyOf(node: string, text: string): string {
  return JSON.stringify([node, text]);
}
