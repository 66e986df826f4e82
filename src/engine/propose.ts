import type { Graph, GraphNode, ModelChoice, Texts } from "../graph/graph.ts";
import { plainText } from "../graph/text.ts";
import type { GradientContext } from "./backward.ts";
import type { Attempted, InvalidReason, RunEvent } from "./events.ts";
import type { History } from "./history.ts";
import type { Leaks } from "./leaks.ts";
import { askJson, endsRun, type Llm, ReplyUnreadable } from "./llm.ts";
import {
  createOptimizerPrompt,
  type Draft,
  PROPOSAL_SCHEMA,
  readProposal,
  repairProposal,
} from "./optimizer-prompt.ts";
import { violation } from "./proposal-constraints.ts";
import type { BatchGradients } from "./services.ts";
import { proposalId } from "./theta.ts";

/** θ′: a new text for one parameter that may be put before the gate. */
export type Candidate = Attempted & { readonly invalid: null };

export type Propose = (
  batch: BatchGradients,
  parameters: readonly GraphNode[],
  incumbent: Texts,
) => Promise<Candidate[]>;

export interface ProposeDeps {
  readonly graph: Graph;
  readonly choice: ModelChoice;
  /** Off: ϕ sees inputs and outputs only (ablation). */
  readonly gradients: boolean;
  /** k: drafts for each parameter. */
  readonly proposals: number;
  /** Asks, for nothing, also where there is no gradient (rule R9 switched off). Default: false. */
  readonly withoutGradient?: boolean;
  readonly history: History;
  /** What is known of the right answers, in words (`describeAnswers`). */
  readonly answers: string;
  /** Of the training samples. */
  readonly leaks: Leaks;
  readonly ask: Llm;
  readonly emit: (event: RunEvent) => Promise<void>;
}

/**
 * ϕ(θ, G_θ) for every parameter with a gradient (method.md §2.5, rule R9: none without). Each parameter is asked for
 * as soon as its own gradients are there.
 */
export function createPropose(deps: ProposeDeps): Propose {
  const { graph, choice, gradients, proposals, withoutGradient = false, history, answers, leaks, ask, emit } = deps;
  const promptFor = createOptimizerPrompt({ graph, gradients, answers });

  return async (batch, parameters, incumbent) => {
    const candidates = await Promise.all(parameters.map((node) => proposeFor(node, batch, incumbent)));
    return candidates.flat();
  };

  async function proposeFor(node: GraphNode, batch: BatchGradients, incumbent: Texts): Promise<Candidate[]> {
    const contexts = await batch.contexts(node.id);
    if (contexts.length === 0 && !withoutGradient) return [];
    const base = incumbent[node.id] ?? node.text;
    const present = batch.texts[node.id] ?? node.text;
    const right = await batch.right(node.id);
    const drafts = await Promise.all(
      Array.from({ length: proposals }, (_, index) =>
        askOptimizer(node, present, contexts, right, index).catch((error: unknown) => {
          if (endsRun(error)) throw error;
          if (!(error instanceof ReplyUnreadable)) return null;
          return { hypothesis: "", text: "", doubts: error.doubts };
        }),
      ),
    );
    if (contexts.length === 0) return [];
    const candidates: Candidate[] = [];
    for (const draft of drafts) {
      const text = plainText(draft?.text ?? "").trim();
      // The batch holds this text already, or another draft is the same: nothing new is proposed.
      if (base !== present && text === present.trim()) continue;
      if (candidates.some((other) => other.text === text)) continue;
      const attempt: Attempted = {
        type: "attempt",
        iteration: batch.iteration,
        id: proposalId(node.id, base, text),
        node: node.id,
        base,
        text,
        hypothesis: draft?.hypothesis.trim() ?? "",
        samples: contexts.map(({ sample }) => sample),
        invalid: draft ? invalidity(node, base, { text, doubts: draft.doubts }) : "no reply",
      };
      history.add(attempt);
      await emit(attempt);
      if (attempt.invalid === null) candidates.push({ ...attempt, invalid: null });
    }
    return candidates;
  }

  function invalidity(
    node: GraphNode,
    base: string,
    { text, doubts }: Pick<Draft, "text" | "doubts">,
  ): InvalidReason | null {
    if (text === "") return doubts.length > 0 ? "ambiguous reply" : "no text in the reply";
    if (text === base.trim()) return "no change";
    if (history.refuted(node.id, text)) return "repeats an earlier text";
    return violation(node, base, text, leaks);
  }

  function askOptimizer(
    node: GraphNode,
    base: string,
    contexts: readonly GradientContext[],
    right: readonly GradientContext[],
    index: number,
  ) {
    const messages = promptFor({
      node,
      text: base,
      cases: contexts,
      right,
      history: history.shown(node.id, base),
      index,
    });
    return askJson(
      ask,
      {
        purpose: "optimizer",
        node: node.id,
        sample: null,
        split: null,
        choice,
        index,
        messages,
        schema: PROPOSAL_SCHEMA,
        priority: 3,
      },
      {
        read: (value) => readProposal(value, node, base),
        repair: repairProposal,
        sure: true,
        doubts: ({ doubts }) => doubts,
      },
    );
  }
}
