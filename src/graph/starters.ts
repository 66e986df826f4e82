import type { Translate } from "../i18n/locale.ts";

/** A whole graph to start from. */
export interface Starter {
  readonly id: string;
  readonly title: string;
  /** JSON of the file, with its final line end. */
  readonly text: string;
}

/** Whether a file holds nothing yet but the begin of an object. */
export function isBlank(text: string): boolean {
  return /^\s*(?:\{\s*\}?\s*)?$/.test(text);
}

interface Step {
  readonly role: string;
  readonly inputs: readonly string[];
  readonly instruction: readonly string[];
}

/** Graphs that an empty file can become: the shapes that most pipelines have. */
export function starters(t: Translate): Starter[] {
  const whole = (id: string, title: string, nodes: Readonly<Record<string, Step>>, output: string): Starter => {
    const lines = Object.entries(nodes).map(([name, node]) => `    ${JSON.stringify(name)}: ${stepJson(node)}`);
    const text = `{
  "version": 1,
  "name": "",
  "inputs": { "question": "" },
  "nodes": {
${lines.join(",\n")}
  },
  "output": ${JSON.stringify(output)},
  "data": {
    "train": [{ "question": "2 + 2", "answer": "4" }],
    "validation": [{ "question": "3 + 3", "answer": "6" }],
    "target": "answer"
  },
  "loss": { "kind": "exact" }
}
`;
    return { id, title, text };
  };
  const answer = (inputs: readonly string[], text: readonly string[]) => ({
    role: t("gives the answer"),
    inputs,
    instruction: text,
  });
  return [
    whole(
      "prompt",
      t("One prompt"),
      { answer: answer(["question"], ["Answer the question.", "", "{{question}}"]) },
      "answer",
    ),
    whole(
      "chain",
      t("Chain: one step after the other"),
      {
        plan: {
          role: t("breaks the question into steps"),
          inputs: ["question"],
          instruction: ["List the steps that answer the question."],
        },
        answer: answer(["question", "plan"], ["Follow the plan and answer the question."]),
      },
      "answer",
    ),
    whole(
      "router",
      t("Router: the kind of question decides how it is answered"),
      {
        route: {
          role: t("classifies the question"),
          inputs: ["question"],
          instruction: ["Name the kind of question: calculation or knowledge."],
        },
        calculate: {
          role: t("answers calculations"),
          inputs: ["question", "route"],
          instruction: ["If the kind is calculation, calculate. Else write: not mine."],
        },
        recall: {
          role: t("answers factual questions"),
          inputs: ["question", "route"],
          instruction: ["If the kind is knowledge, answer. Else write: not mine."],
        },
        answer: answer(["question", "calculate", "recall"], ["Give the answer that is not “not mine”."]),
      },
      "answer",
    ),
    whole(
      "fan-in",
      t("Fan-in: several views, one answer"),
      {
        facts: {
          role: t("collects facts"),
          inputs: ["question"],
          instruction: ["List the facts that the question gives."],
        },
        doubts: {
          role: t("collects doubts"),
          inputs: ["question"],
          instruction: ["List what makes the question easy to misread."],
        },
        answer: answer(["question", "facts", "doubts"], ["Weigh the facts and the doubts, then answer the question."]),
      },
      "answer",
    ),
  ];
}

function stepJson({ role, inputs, instruction }: Step): string {
  const list = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;
  return `{
      "role": ${JSON.stringify(role)},
      "inputs": ${list(inputs)},
      "instruction": ${list(instruction)}
    }`;
}
