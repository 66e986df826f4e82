import { randomLcg } from "d3";
import { mean } from "simple-statistics";
import type { Sample } from "../../src/data/sample.ts";
import { inputsIdOf, inputsText, namesIn, readableNames } from "../../src/graph/edges.ts";
import type { Texts } from "../../src/graph/graph.ts";
import type { EdgeWorld } from "./edges-world.ts";

/** The result of a search and its number of distinct calls. */
export interface Searched {
  readonly texts: Texts;
  readonly calls: number;
}

/** Steps without any new call after which a search has converged. */
const IDLE = 50;

/** Counts calls like a reply store: equal ones are made once. */
class Meter {
  readonly #made = new Set<string>();
  #last = -1;
  #idle = 0;

  constructor(readonly world: EdgeWorld) {}

  get calls(): number {
    return this.#made.size;
  }

  /** Whether a search may continue: within its budget, and while it still makes new calls. */
  isOpen(budget: number): boolean {
    this.#idle = this.#made.size === this.#last ? this.#idle + 1 : 0;
    this.#last = this.#made.size;
    return this.#made.size < budget && this.#idle < IDLE;
  }

  score(texts: Texts, samples: readonly Sample[]): number {
    for (const sample of samples) for (const call of this.world.callsOf(texts, sample)) this.#made.add(call);
    return mean(samples.map((sample) => (this.world.isRight(texts, sample) ? 1 : 0)));
  }
}

/** Samples that a graph is scored on, graphs for each step, and the step size, as in GPTSwarm's published settings. */
const SWARM = { batch: 4, graphs: 4, rate: 0.4, sure: 0.9 } as const;

interface Edge {
  readonly id: string;
  readonly name: string;
  logit: number;
}

function edgesOf({ graph, start }: EdgeWorld): Edge[] {
  const logit = Math.log(SWARM.sure / (1 - SWARM.sure));
  const readable = readableNames(graph);
  return graph.nodes.flatMap((node) => {
    const id = inputsIdOf(node.id);
    const present = namesIn(start[id] ?? "");
    return (readable.get(node.id) ?? []).map((name) => ({ id, name, logit: present.includes(name) ? logit : -logit }));
  });
}

function textsOf(edges: readonly Edge[], isIn: (edge: Edge) => boolean): Texts {
  const texts: Record<string, string> = {};
  for (const id of new Set(edges.map((edge) => edge.id))) {
    texts[id] = inputsText(edges.filter((edge) => edge.id === id && isIn(edge)).map(({ name }) => name));
  }
  return texts;
}

const probability = ({ logit }: Edge) => 1 / (1 + Math.exp(-logit));

/**
 * Edge optimization as in GPTSwarm (arXiv 2402.16823): each possible edge has a probability, graphs are drawn, and REINFORCE
 * raises the probability of edges in graphs that score well. Here it starts from the file's edges and keeps to the same
 * acyclic order. It ends with the edges that are more probable than not.
 */
export function swarm(world: EdgeWorld, seed: number, budget: number): Searched {
  const random = randomLcg(seed / 1000);
  for (let skipped = 0; skipped < 8; skipped++) random();
  const edges = edgesOf(world);
  const meter = new Meter(world);
  let usual: number | null = null;
  while (meter.isOpen(budget)) {
    const samples = Array.from(
      { length: SWARM.batch },
      () => world.train[Math.floor(random() * world.train.length)] as Sample,
    );
    const drawn = Array.from({ length: SWARM.graphs }, () => {
      const taken = new Set(edges.filter((edge) => random() < probability(edge)));
      return {
        taken,
        score: meter.score(
          textsOf(edges, (edge) => taken.has(edge)),
          samples,
        ),
      };
    });
    const average = mean(drawn.map(({ score }) => score));
    usual = usual === null ? average : 0.9 * usual + 0.1 * average;
    for (const edge of edges) {
      const p = probability(edge);
      const gradient = mean(drawn.map(({ taken, score }) => (score - (usual ?? 0)) * (taken.has(edge) ? 1 - p : -p)));
      edge.logit += SWARM.rate * gradient * SWARM.graphs;
    }
  }
  return { texts: textsOf(edges, (edge) => probability(edge) > 0.5), calls: meter.calls };
}

/**
 * Adds or drops a random edge and keeps the change if the validation score is strictly higher: the same gate without
 * gradients.
 */
export function randomChanges(world: EdgeWorld, seed: number, budget: number): Searched {
  const random = randomLcg(seed / 1000 + 0.5);
  for (let skipped = 0; skipped < 8; skipped++) random();
  const edges = edgesOf(world);
  const taken = new Set(edges.filter(({ logit }) => logit > 0));
  const meter = new Meter(world);
  const now = () => textsOf(edges, (edge) => taken.has(edge));
  let best = meter.score(now(), world.validation);
  while (meter.isOpen(budget)) {
    const edge = edges[Math.floor(random() * edges.length)] as Edge;
    const flip = () => (taken.has(edge) ? taken.delete(edge) : taken.add(edge));
    flip();
    const score = meter.score(now(), world.validation);
    if (score > best) best = score;
    else flip();
    if (best === 1) break;
  }
  return { texts: now(), calls: meter.calls };
}
