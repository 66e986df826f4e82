import { ownModel } from "../../graph/graph.ts";
import type { PriceOf } from "../../models/prices.ts";
import type { EndedRun } from "./drive.ts";
import type { Gain } from "./gain.ts";

/** What one answer costs, on average over the held-out set, without reused replies. */
export interface AnswerCost {
  readonly tokens: number;
  /** null: the price of a model is unknown. */
  readonly usd: number | null;
}

/** A tuned graph against the untouched graph with another model. */
export interface BreakEvenRow {
  readonly name: string;
  /** Held-out score of the tuned graph minus that of the other model; null if no sample was scored with both. */
  readonly difference: Gain | null;
  readonly answer: AnswerCost;
  /** US dollars of a search, mean. */
  readonly search: number | null;
  /**
   * Answers after which the search has paid for itself. null: it never does, because an answer costs as much as with the
   * other model or more, or a price is unknown.
   */
  readonly answers: number | null;
}

export interface BreakEven {
  readonly model: string;
  readonly answer: AnswerCost;
  /** The untouched graph with its own model, which takes no search. */
  readonly untouched: BreakEvenRow;
  readonly rows: readonly BreakEvenRow[];
}

/** @param runs that scored the same texts or texts of the same kind on the held-out set */
export function answerCost(runs: readonly EndedRun[], price: PriceOf): AnswerCost {
  const answers = runs.reduce((sum, { start }) => sum + start.data.test.length, 0);
  const parts = runs.flatMap(({ start, state }) =>
    Object.entries(state.answering).map(([model, usage]) => {
      const asked = price(start.models.forward.model, usage);
      const answered = price(model, usage);
      // Some servers answer with another model name than was requested. Names distinguish nodes with models of their own.
      const usd = start.graph.nodes.some((node) => ownModel(node)) ? (answered ?? asked) : (asked ?? answered);
      return { tokens: usage.prompt + usage.completion, usd };
    }),
  );
  if (answers === 0) return { tokens: 0, usd: null };
  const isPriced = parts.every(({ usd }) => usd !== null);
  return {
    tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0) / answers,
    usd: isPriced ? parts.reduce((sum, { usd }) => sum + (usd ?? 0), 0) / answers : null,
  };
}

export function breakEvenRow(
  { name, cost }: { readonly name: string; readonly cost: { readonly usd: number | null } },
  answer: AnswerCost,
  other: AnswerCost,
  difference: Gain | null,
): BreakEvenRow {
  const saved = answer.usd === null || other.usd === null ? null : other.usd - answer.usd;
  const pays = saved !== null && saved > 0 && cost.usd !== null;
  return { name, difference, answer, search: cost.usd, answers: pays ? Math.ceil((cost.usd ?? 0) / saved) : null };
}
