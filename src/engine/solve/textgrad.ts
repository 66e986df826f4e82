import { block, fill } from "../forward/prompt.ts";
import rewriteTemplate from "../prompts/solve-rewrite.md";
import { askAbout } from "./ask-about.ts";
import type { Solver } from "./solver.ts";

/**
 * TextGrad's solution optimization (arXiv 2406.07496, section 3.3): the parameter is the solution itself, the loss is a
 * model's criticism of it, and the optimizer writes a better solution. The criticism is the gradient; TextGrad asks for it
 * again in a backward call, which is saved here.
 */
export const textgrad: Solver = {
  describes: "Rewrites the answer by its criticism, as TextGrad optimizes solutions.",
  calls: () => 1,
  async next(problem, attempts) {
    const earlier = attempts
      .slice(0, -1)
      .map(({ reply, criticism }) => `${block("answer", reply)}\n${block("feedback", criticism)}`)
      .join("\n");
    const asked = { system: fill(rewriteTemplate, {}), tag: "improved_answer", earlier };
    const text = await askAbout(problem, attempts, asked);
    return text === null ? null : { text, note: "" };
  },
};
