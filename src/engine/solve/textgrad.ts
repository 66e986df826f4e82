import { block, fill, inert } from "../prompt.ts";
import caseTemplate from "../prompts/solve-case.md";
import rewriteTemplate from "../prompts/solve-rewrite.md";
import { askTagged } from "../tagged.ts";
import type { Reply, Solver } from "./solver.ts";
import { queryOf, taskOf } from "./words.ts";

/**
 * TextGrad's solution optimization (arXiv 2406.07496, section 3.3): the parameter is the solution itself, the loss is a
 * model's criticism of it, and the optimizer writes a better solution. The criticism is the gradient; TextGrad asks for it
 * once more in a backward call, which is saved here.
 */
export const textgrad: Solver = {
  describes: "Rewrites the answer by its criticism, as TextGrad optimizes solutions.",
  calls: () => 1,
  async next({ graph, sample, models, ask, instruction }, attempts) {
    const last = attempts.at(-1);
    if (!last) return null;
    const user = fill(caseTemplate, {
      task: taskOf(graph),
      query: queryOf(graph, sample),
      instruction: inert(instruction),
      answer: inert(last.reply),
      feedback: inert(last.criticism),
      earlier: attempts
        .slice(0, -1)
        .map(({ reply, criticism }) => `${block("answer", reply)}\n${block("feedback", criticism)}`)
        .join("\n"),
    });
    const question = {
      purpose: "optimizer",
      node: graph.output,
      sample: sample.id,
      split: null,
      choice: models.optimizer,
      messages: [
        { role: "system", content: fill(rewriteTemplate, {}) },
        { role: "user", content: user },
      ],
      index: attempts.length,
    } as const;
    return askTagged(ask, question, { tags: ["improved_answer"], read: readReply });
  },
};

function readReply({ improved_answer: text = "" }: Readonly<Record<string, string>>): Reply | null {
  // Some models repeat the form of the request instead of filling it.
  return /^[.…\s]*$/.test(text) ? null : { text: text.trim(), note: "" };
}
