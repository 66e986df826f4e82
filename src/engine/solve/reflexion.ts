import { traitsOf } from "../../graph/node-kinds.ts";
import { createForward } from "../forward.ts";
import { callsOf } from "../nodes/behaviors.ts";
import { block, fill, inert } from "../prompt.ts";
import caseTemplate from "../prompts/solve-case.md";
import reflectTemplate from "../prompts/solve-reflect.md";
import { askTagged } from "../tagged.ts";
import { textsOf } from "../theta.ts";
import type { Solver } from "./solver.ts";
import { queryOf, taskOf } from "./words.ts";

/** Reflections that an attempt is shown (arXiv 2303.11366, section 3: usually 1 to 3). */
const MEMORY = 3;

/**
 * Reflexion (arXiv 2303.11366): after a failed attempt a model writes what to do differently, and the whole graph answers
 * again with these reflections in view.
 */
export const reflexion: Solver = {
  describes: "Answers again from the start, with reflections on the failed attempts in view.",
  calls: (graph) => 1 + callsOf(graph.nodes),
  async next({ graph, sample, models, ask, instruction }, attempts) {
    const last = attempts.at(-1);
    if (!last) return null;
    const user = fill(caseTemplate, {
      task: taskOf(graph),
      query: queryOf(graph, sample),
      instruction: inert(instruction),
      answer: inert(last.reply),
      feedback: inert(last.criticism),
      earlier: "",
    });
    const question = {
      purpose: "optimizer",
      node: graph.output,
      sample: sample.id,
      split: null,
      choice: models.optimizer,
      messages: [
        { role: "system", content: fill(reflectTemplate, {}) },
        { role: "user", content: user },
      ],
      index: attempts.length,
    } as const;
    const read = ({ reflection = "" }: Readonly<Record<string, string>>) =>
      /^[.…\s]*$/.test(reflection) ? null : reflection.trim();
    const reflection = await askTagged(ask, question, { tags: ["reflection"], read });
    const memory = [...attempts.map(({ note }) => note), reflection].filter(Boolean).slice(-MEMORY);
    const texts = { ...textsOf(graph) };
    for (const node of graph.nodes.filter((one) => traitsOf(one).asksModel)) {
      texts[node.id] = `${node.text.trimEnd()}\n\n${REMINDER}\n${block("reflections", memory.join("\n\n"))}`;
    }
    const forward = createForward({ graph, loss: NO_LOSS, choice: models.forward, ask, emit: async () => {} });
    const { text } = await forward(texts, sample, { split: "test" }).value(graph.output);
    return { text, note: reflection };
  },
};

const REMINDER = "You answered this query before and were wrong. Your reflections on those attempts:";

/** Attempts are scored by the loop. */
const NO_LOSS = { kind: "none", describes: "", score: () => ({ loss: 0, lenient: 0, criticism: "" }) };
