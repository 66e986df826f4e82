import type { Task } from "../../src/engine/task.ts";
import { choiceLoss } from "../../src/loss/choice.ts";
import { llmNode } from "../worlds/parts.ts";
import { DEFAULTS } from "../worlds/run.ts";
import { createExaminee, questions } from "./examinee.ts";
import { type Experiment, written } from "./experiment.ts";
import { atEqualCalls, plotByCalls } from "./solving.ts";

/** Single answers to multiple-choice questions, at as many calls for each solver. */
export const choices: Experiment = {
  title: "Solutions at test time: multiple-choice questions at equal calls",
  question:
    "Made-up questions with four options and two to four steps of reasoning. A made-up model gets a step right in 65 % of the cases, and in 80 % where feedback or a reflection names it; a rewrite keeps a right step in 97 %. Its check of an answer, which sees no target, is right about the whole in 90 % and names a wrong step in 75 % of wrong answers. Textual gradients rewrite the answer; Reflexion answers anew with its last three reflections in view, which takes a call more.",
  options: { seeds: [20], rows: [60], calls: [5, 8, 11, 14, 20] },

  async run({ seeds: [seeds = 0] = [], rows: [rows = 0] = [], calls = [] }) {
    const setting = { task: task(rows), seeds, modelOf: createExaminee };
    const results = await atEqualCalls("first answer", calls, setting);
    return {
      head: ["at most calls a row", "", "attempts", "right", "calls a row"],
      rows: results.map(({ limit, name, steps, right, calls: made }) => [
        String(limit),
        name,
        String(1 + steps),
        written(right),
        made.toFixed(1),
      ]),
      figures: { results },
      plots: [plotByCalls(results, "Right answers by calls")],
    };
  },
};

function task(rows: number): Task {
  const choice = { model: "examinee", params: { temperature: 0 } };
  const text = "Answer the question, step by step. End with the letter after `Answer:`.";
  const answer = llmNode({
    id: "answer",
    role: "answers",
    text,
    inputs: ["question"],
    output: { kind: "after", after: "Answer:" },
  });
  return {
    graph: {
      name: "Multiple choice",
      description: "Answers multiple-choice questions.",
      inputs: [{ name: "question", description: "" }],
      nodes: [answer],
      output: "answer",
    },
    data: { train: [], validation: [], test: questions(rows) },
    loss: choiceLoss({}),
    models: { forward: choice, backward: choice, optimizer: choice, judge: choice },
    options: DEFAULTS,
  };
}
