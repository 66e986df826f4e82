import { askForText } from "../../engine/ask-for-text.ts";
import type { BatchGradients, GradientContext } from "../../engine/batch-gradients.ts";
import type { Candidate } from "../../engine/candidate.ts";
import type { Engine, Parameter } from "../../engine/method.ts";
import { createOptimizerPrompt } from "../../engine/optimizer-prompt.ts";
import type { Graph, GraphNode, Texts } from "../../graph/graph.ts";
import { plainText } from "../../graph/text.ts";
import type { SemanticOptions } from "./options.ts";

export type Propose = (
  batch: BatchGradients,
  parameters: readonly Parameter[],
  incumbent: Texts,
) => Promise<Candidate[]>;

export interface ProposeDeps {
  readonly graph: Graph;
  readonly options: Pick<SemanticOptions, "gradients" | "proposals">;
  readonly engine: Pick<Engine, "ask" | "candidate" | "history" | "answers">;
}

/**
 * ϕ(θ, G_θ) for every parameter with a gradient (docs/method.md, "Proposals"); none without. Each parameter is asked for
 * as soon as its own gradients are there.
 */
export function createPropose({ graph, options, engine }: ProposeDeps): Propose {
  const { gradients, proposals } = options;
  const promptFor = createOptimizerPrompt({ graph, gradients, answers: engine.answers });
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));

  return async (batch, parameters, incumbent) => {
    const asked = parameters.flatMap(({ id }) => nodes.get(id) ?? []);
    const candidates = await Promise.all(asked.map((node) => proposeFor(node, batch, incumbent)));
    return candidates.flat();
  };

  async function proposeFor(node: GraphNode, batch: BatchGradients, incumbent: Texts): Promise<Candidate[]> {
    const contexts = await batch.contexts(node.id);
    if (contexts.length === 0) return [];
    const base = incumbent[node.id] ?? node.text;
    const present = batch.texts[node.id] ?? node.text;
    const right = await batch.right(node.id);
    const samples = contexts.map(({ sample }) => sample);
    const drafts = await Promise.all(
      Array.from({ length: proposals }, (_, index) => askOptimizer(node, present, contexts, right, index)),
    );
    const candidates: Candidate[] = [];
    for (const draft of drafts) {
      const text = plainText(draft?.text ?? "").trim();
      // The batch contains this text already, or another draft is the same: nothing new is proposed.
      if (base !== present && text === present.trim()) continue;
      if (candidates.some((other) => other.text === text)) continue;
      const candidate = await engine.candidate(node.id, incumbent, draft && { ...draft, samples });
      if (candidate) candidates.push(candidate);
    }
    return candidates;
  }

  function askOptimizer(
    node: GraphNode,
    base: string,
    contexts: readonly GradientContext[],
    right: readonly GradientContext[],
    index: number,
  ) {
    const history = engine.history.shown(node.id, base);
    const messages = promptFor({ node, text: base, cases: contexts, right, history, index });
    return askForText(engine, { node, base, messages, index });
  }
}
