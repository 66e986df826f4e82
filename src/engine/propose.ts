import { rowsText } from "../graph/example-rows.ts";
import type { Graph, GraphNode, ModelChoice, Texts } from "../graph/graph.ts";
import { traitsOf } from "../graph/node-kinds.ts";
import { placeholders } from "../graph/template.ts";
import { plainText } from "../graph/text.ts";
import { topologyOf } from "../graph/topology.ts";
import type { GradientContext } from "./backward.ts";
import type { Attempted, InvalidReason, RunEvent } from "./events.ts";
import type { History } from "./history.ts";
import { askJson, endsRun, type Llm, ReplyUnreadable } from "./llm.ts";
import { block, fill, inert, whole } from "./prompt.ts";
import optimizerTemplate from "./prompts/optimizer.md";
import caseTemplate from "./prompts/optimizer-case.md";
import repairTemplate from "./prompts/repair.md";
import { holdsRows, violation } from "./proposal-constraints.ts";
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
  /** Targets of the training samples: none may stand verbatim in an instruction that did not hold it before. */
  readonly targets: readonly string[];
  readonly ask: Llm;
  readonly emit: (event: RunEvent) => Promise<void>;
}

const SCHEMA = {
  type: "object",
  properties: {
    hypothesis: { type: "string", description: "What changes and why it should help, in one sentence." },
    text: { type: "string", description: "The complete new text." },
  },
  required: ["hypothesis", "text"],
  additionalProperties: false,
};

/**
 * ϕ(θ, G_θ) for every parameter with a gradient (method.md §2.5, rule R9: none without). Each parameter is asked for
 * as soon as its own gradients are there.
 */
export function createPropose(deps: ProposeDeps): Propose {
  const { graph, choice, gradients, proposals, withoutGradient = false, history, targets, ask, emit } = deps;
  const topology = topologyOf(graph);

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
          return error instanceof ReplyUnreadable ? { hypothesis: "", text: "" } : null;
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
        invalid: draft ? invalidity(node, base, text) : "no reply",
      };
      history.add(attempt);
      await emit(attempt);
      if (attempt.invalid === null) candidates.push({ ...attempt, invalid: null });
    }
    return candidates;
  }

  function invalidity(node: GraphNode, base: string, text: string): InvalidReason | null {
    if (text === "") return "no text in the reply";
    if (text === base.trim()) return "no change";
    if (history.refuted(node.id, text)) return "repeats an earlier text";
    return violation(node, base, text, targets);
  }

  function askOptimizer(
    node: GraphNode,
    base: string,
    contexts: readonly GradientContext[],
    right: readonly GradientContext[],
    index: number,
  ) {
    const system = fill(optimizerTemplate, { constraints: constraintsOf(node, base, index) });
    const user = fill(caseTemplate, {
      purpose: inert(graph.description || graph.name),
      place: inert(placeOf(node)),
      text: whole("present_text", base),
      cases: contexts.map((context) => caseBlock(context, gradients)).join("\n\n"),
      right: right.map((context) => caseBlock(context, false, "case_that_went_right")).join("\n\n"),
      history: history.shown(node.id, base),
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
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
        schema: { name: "proposal", schema: SCHEMA },
        priority: 3,
      },
      (value) => readProposal(value, node),
      () => fill(repairTemplate, { keys: '"hypothesis", "text"' }),
    );
  }

  function placeOf(node: GraphNode): string {
    const role = (id: string) => {
      const one = graph.nodes.find((other) => other.id === id) ?? graph.inputs.find(({ name }) => name === id);
      const words = one && "role" in one ? one.role : (one?.description ?? "");
      return words ? `${id} (${words})` : id;
    };
    const what =
      traitsOf(node).text === "instruction"
        ? `The text is the instruction of the step ${role(node.id)}. It receives: ${node.inputs.map(role).join(", ")}.`
        : `The text ${role(node.id)} is handed to steps as one of their inputs.`;
    const readers = topology.successors(node.id).map(role).join(", ");
    const reach = node.id === graph.output ? "Its result is the final answer." : `Read by: ${readers}.`;
    return `${what} ${reach}`;
  }
}

/** @param index of the draft: those after the first are to be different. */
function constraintsOf(node: GraphNode, base: string, index: number): string {
  const kept = [...new Set([...placeholders(base).map((name) => `{{${name}}}`), ...node.keep])];
  return [
    ...kept.map((text) => `- Keep this exactly as it stands: ${text}`),
    ...(node.maxWords === null ? [] : [`- At most ${node.maxWords} words.`]),
    ...node.constraints.map((rule) => `- ${rule}`),
    ...(holdsRows(node)
      ? [
          "- The text is a list of worked examples: one JSON object a line, with the keys of the present ones, nothing else.",
        ]
      : []),
    "- Stay in the language of the present text.",
    ...(index > 0
      ? [`- The obvious improvement is being written by others. Take another approach: idea ${index + 1}.`]
      : []),
  ].join("\n");
}

function caseBlock({ sample, inputs, output, gradient }: GradientContext, withGradient: boolean, tag = "case"): string {
  const parts = [
    ...inputs.map(({ name, value }) => block("input", value, { id: name })),
    block("result", output),
    ...(withGradient ? [block("feedback", gradient)] : []),
  ];
  return `<${tag} id="${sample.replace(/["<>\n]/g, " ")}">\n${parts.join("\n")}\n</${tag}>`;
}

function readProposal(value: unknown, node: GraphNode): { hypothesis: string; text: string } | null {
  if (typeof value !== "object" || value === null || !("text" in value)) return null;
  const rows = holdsRows(node) ? rowsText(value.text) : null;
  const text = rows ?? (Array.isArray(value.text) ? value.text.join("\n") : value.text);
  if (typeof text !== "string" || text.trim() === "") return null;
  const hypothesis = "hypothesis" in value && typeof value.hypothesis === "string" ? value.hypothesis : "";
  return { hypothesis, text };
}
