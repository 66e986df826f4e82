import { traitsOf } from "../../graph/node-kinds.ts";
import { createForward } from "../forward/forward.ts";
import { block, fill } from "../forward/prompt.ts";
import { callsOf } from "../nodes/behaviors.ts";
import reflectTemplate from "../prompts/solve-reflect.md";
import { textsOf } from "../theta.ts";
import { askAbout } from "./ask-about.ts";
import type { Solver } from "./solver.ts";

/** Maximum number of reflections shown with an attempt (arXiv 2303.11366, section 3: usually 1 to 3). */
const MEMORY = 3;

/**
 * Reflexion (arXiv 2303.11366): after a failed attempt, a model writes what to do differently, and the whole graph
 * answers again with these reflections.
 */
export const reflexion: Solver = {
  describes: "Answers again from the start, with reflections on the failed attempts in view.",
  calls: (graph) => 1 + callsOf(graph.nodes),
  async next(problem, attempts) {
    const { graph, sample, models, ask, local } = problem;
    const asked = { system: fill(reflectTemplate, {}), tag: "reflection" };
    const note = await askAbout(problem, attempts, asked);
    if (note === null) return null;
    const memory = [...attempts.map((one) => one.note), note].filter(Boolean).slice(-MEMORY);
    const texts = { ...textsOf(graph) };
    for (const node of graph.nodes.filter((one) => traitsOf(one).asksModel)) {
      texts[node.id] = `${node.text.trimEnd()}\n\n${REMINDER}\n${block("reflections", memory.join("\n\n"))}`;
    }
    const asking = { ask, emit: async () => {}, ...(local && { local }) };
    const forward = createForward({ graph, loss: NO_LOSS, choice: models.forward, ...asking });
    const { text } = await forward(texts, sample, { split: "test" }).value(graph.output);
    return { text, note };
  },
};

const REMINDER = "You answered this query before and were wrong. Your reflections on those attempts:";

/** No loss: the loop scores the attempts. */
const NO_LOSS = { kind: "none", describe: () => "", score: () => ({ loss: 0, lenient: 0, criticism: "" }) };
