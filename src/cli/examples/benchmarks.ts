import { randomLcg, shuffler } from "d3";
import { type DataFolder, DataMissing, type Example, type ExampleRows, type Row } from "./example.ts";
import { distinct, plainOf, positionOf, split } from "./splits.ts";

/** The graphs of arXiv 2412.03624 and of TextGrad over public data sets. */

const PAPER = "arXiv 2412.03624, table 2";
const STEP = [
  "Work out an intermediate step that helps to solve the problem.",
  "Reason step by step, then write the result between <result> and </result>.",
];
const SOLVE = ["Solve the problem.", "Reason step by step, then write the answer between <answer> and </answer>."];

/** Graph with two hidden nodes that start with the same instruction and an answer node, as in the paper's code. */
function threeNodes(name: string, description: string, loss: object): Example["graph"] {
  return {
    name,
    description,
    inputs: { question: "the problem" },
    nodes: {
      first: { role: "gives a hint", inputs: ["question"], instruction: STEP, output: { tag: "result" } },
      second: { role: "gives another hint", inputs: ["question"], instruction: STEP, output: { tag: "result" } },
      answer: {
        role: "gives the answer",
        inputs: ["question", "first", "second"],
        instruction: SOLVE,
        output: { tag: "answer" },
      },
    },
    output: "answer",
    loss,
    optimize: { method: "semantic", iterations: 12, seed: 1 },
  };
}

const QUESTION = { fields: { question: "question" }, target: "answer", id: "id" };

const TASKS = [
  ...["boolean_expressions", "causal_judgement", "date_understanding", "disambiguation_qa", "dyck_languages"],
  ...["formal_fallacies", "geometric_shapes", "hyperbaton", "logical_deduction_five_objects"],
  ...["logical_deduction_seven_objects", "logical_deduction_three_objects", "movie_recommendation"],
  ...["multistep_arithmetic_two", "navigate", "object_counting", "penguins_in_a_table"],
  ...["reasoning_about_colored_objects", "ruin_names", "salient_translation_error_detection", "snarks"],
  ...["sports_understanding", "temporal_sequences", "tracking_shuffled_objects_five_objects"],
  ...["tracking_shuffled_objects_seven_objects", "tracking_shuffled_objects_three_objects", "web_of_lies"],
  "word_sorting",
];
const BBH = "BIG-Bench Hard (github.com/suzgunmirac/BIG-Bench-Hard, MIT; keep its canary out of training data)";

async function bbhRows(folder: DataFolder, task: string): Promise<Row[]> {
  const rows = await folder.rows(`bbh/${task}.jsonl`, `bbh/${task}.json`, `${task}.json`);
  return rows.map((row, index) => ({
    id: String(row.id ?? `${task}/${index}`),
    question: row.question ?? row.input,
    answer: row.answer ?? row.target,
  }));
}

const bbh = TASKS.map((task): Example => {
  const words = task.replaceAll("_", " ");
  return {
    name: `bbh-${task.replaceAll("_", "-")}`,
    describes: `The paper's three-node graph over the BIG-Bench Hard task ${words}.`,
    source: BBH,
    comparable: `${PAPER}: 20 training rows as there. There the gate scores the training rows and the test set holds most of them; here 20 validation rows gate, and the sets are disjoint.`,
    graph: threeNodes(`BIG-Bench Hard: ${words}`, `Solves problems of the kind ${words}.`, { kind: "exact" }),
    data: QUESTION,
    rows: async (folder) => split(await bbhRows(folder, task), { train: 20, validation: 20 }),
  };
});

const GSM8K = "GSM8K (github.com/openai/grade-school-math, MIT)";

async function gsm8kRows(folder: DataFolder, set: "train" | "test"): Promise<Row[]> {
  const rows = await folder.rows(`gsm8k/${set}.jsonl`, `grade_school_math/data/${set}.jsonl`, `${set}.jsonl`);
  return rows.map((row, index) => ({
    id: String(row.id ?? `${set}/${index}`),
    question: row.question,
    // In the original data, the worked solution precedes the answer.
    answer: String(row.answer).split("####").at(-1)?.trim().replaceAll(",", ""),
  }));
}

async function gsm8kSplit(folder: DataFolder, train: number, validation: number): Promise<ExampleRows> {
  const [rows, test] = await Promise.all([gsm8kRows(folder, "train"), gsm8kRows(folder, "test")]);
  const { test: _, ...sets } = split(rows, { train, validation });
  const seen = new Set([...sets.train, ...sets.validation].map(({ question }) => plainOf(question)));
  return { ...sets, test: distinct(test, "question", seen) };
}

/** Rows of GSM8K's test set. */
const GSM8K_TEST = 1319;

const gsm8k: Example = {
  name: "gsm8k",
  describes: "The paper's three-node graph over GSM8K: 128 training rows, tested on the whole test set.",
  source: GSM8K,
  comparable: `${PAPER}: 128 training rows and the whole test set as there. There answers are compared as text and the training rows gate; here numbers are compared, and 128 other rows of the training set gate.`,
  published: { test: GSM8K_TEST },
  graph: threeNodes("GSM8K", "Solves word problems; the answer is a number.", { kind: "number" }),
  data: QUESTION,
  rows: (folder) => gsm8kSplit(folder, 128, 128),
};

/** Fields of a statement, as ProTeGi's rows write them into one text. */
const FIELDS = ["Statement", "Job title", "State", "Party", "Context"];

function liarRow(row: Row, index: number): Row | null {
  const text = String(row.question ?? row.text ?? "");
  const parts = Object.fromEntries(
    text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
  );
  // The paper's code leaves out rows with an empty field.
  const isWhole = FIELDS.every((field) => /[a-z]/i.test(parts[field] ?? "") && parts[field] !== "None");
  const answer = row.answer ?? (Number(row.label) === 1 ? "Yes" : "No");
  return isWhole ? { id: String(row.id ?? index), question: text.replace("Context:", "Source:"), answer } : null;
}

async function liarRows(folder: DataFolder, set: string): Promise<Row[]> {
  const rows = await folder.rows(`liar/${set}.jsonl`, `prompt_optimization/data/liar/${set}.jsonl`, `${set}.jsonl`);
  return rows.map(liarRow).filter((row) => row !== null);
}

const analysis = (role: string, instruction: string) => ({
  role,
  inputs: ["question"],
  instruction: [instruction, "Answer in no more than two sentences."],
});

const liar: Example = {
  name: "liar",
  describes: "The paper's six-node graph over LIAR: five views of a statement, and whether it is a lie.",
  source:
    "LIAR, binary (github.com/microsoft/LMOps, prompt_optimization; for research only: keep the rows to yourself)",
  comparable:
    "arXiv 2412.03624, table 4: there the score is on the 50 training rows themselves. Here 50 rows train, 50 others gate, and the test set has neither.",
  graph: {
    name: "LIAR",
    description: "Says whether a statement is a lie (Yes) or not (No).",
    inputs: { question: "a statement with job title, state, party and source" },
    nodes: {
      statement: analysis("looks at the statement", "Analyze the statement itself."),
      party: analysis("looks at the party", "How does the party feel about the statement?"),
      job: analysis("looks at the job", "Is the statement consistent with the job title?"),
      source: analysis("looks at the source", "Why might this source have released the statement?"),
      state: analysis("looks at the state", "How does the state feel about the statement?"),
      answer: {
        role: "decides",
        inputs: ["question", "statement", "party", "job", "source", "state"],
        instruction: [
          "Decide from the context and the other information whether the statement is a lie (Yes) or not (No).",
          "Answer Yes or No.",
        ],
      },
    },
    output: "answer",
    loss: { kind: "choice" },
    optimize: { method: "semantic", iterations: 12, seed: 1 },
  },
  data: QUESTION,
  rows: async (folder) => {
    const [rows, test] = await Promise.all([liarRows(folder, "train"), liarRows(folder, "test")]);
    const { test: _, ...sets } = split(rows, { train: 50, validation: 50 });
    const seen = new Set(rows.map(({ question }) => plainOf(question)));
    return { ...sets, test: distinct(test, "question", seen) };
  },
};

function oneNode(name: string, description: string, instruction: readonly string[], loss: object): Example["graph"] {
  return {
    name,
    description,
    inputs: { question: "the question" },
    nodes: { answer: { role: "gives the answer", inputs: ["question"], instruction, output: { after: "Answer:" } } },
    output: "answer",
    loss,
    optimize: { method: "textgrad", seed: 1 },
  };
}

const REASON = [
  "You will answer a reasoning question. Think step by step.",
  'The last line of your reply has the form "Answer: VALUE", where VALUE is the result.',
];

function textgradBbh(task: string, loss: object): Example {
  const words = task.replaceAll("_", " ");
  return {
    name: `textgrad-${task.replaceAll("_", "-")}`,
    describes: `TextGrad's prompt for the BIG-Bench Hard task ${words}.`,
    source: BBH,
    comparable: `arXiv 2406.07496, table 3: upstream rows 0–49 train, 50–149 validate and 150–249 test, as there.`,
    published: { train: 50, validation: 100, test: 100 },
    graph: oneNode(`TextGrad: ${words}`, `Answers questions of the kind ${words}.`, REASON, loss),
    data: QUESTION,
    rows: async (folder) => {
      const rows = distinct(await bbhRows(folder, task)).map((row, index) => ({ row, at: positionOf(row, index) }));
      const within = (from: number, to: number) => rows.flatMap(({ row, at }) => (at >= from && at < to ? [row] : []));
      return { train: within(0, 50), validation: within(50, 150), test: within(150, 250) };
    },
  };
}

const textgradGsm8k: Example = {
  name: "textgrad-gsm8k",
  describes: "TextGrad's prompt for GSM8K: 200 training and 300 validation rows.",
  source: GSM8K,
  comparable:
    "arXiv 2406.07496, table 3: sizes as there. Which rows train and validate differs: it takes DSPy's shuffle.",
  published: { test: GSM8K_TEST },
  graph: oneNode("TextGrad: GSM8K", "Solves word problems; the answer is a number.", REASON, { kind: "number" }),
  data: QUESTION,
  rows: (folder) => gsm8kSplit(folder, 200, 300),
};

const MULTIPLE_CHOICE = [
  "Answer the multiple-choice question. Think step by step.",
  'The last line of your reply has the form "Answer: LETTER", where LETTER is one of A, B, C and D.',
];

function mmlu(subject: string): Example {
  const words = subject.replaceAll("_", " ");
  return {
    name: `mmlu-${subject.replaceAll("_", "-")}`,
    describes: `MMLU ${words}, as TextGrad solves it at test time.`,
    source: "MMLU (Hugging Face cais/mmlu, MIT)",
    comparable: `arXiv 2406.07496, table 2: agentgraph solve improves the answers one by one, with no training set. 20 rows are kept for training and validation, so the score is of the rest.`,
    graph: oneNode(`MMLU: ${words}`, `Answers questions on ${words}.`, MULTIPLE_CHOICE, { kind: "choice" }),
    data: QUESTION,
    rows: async (folder) => {
      const name = `${subject}_test`;
      const rows = await folder.rows(`mmlu/${name}.jsonl`).catch(async (error: unknown) => {
        if (!(error instanceof DataMissing)) throw error;
        // The original tables have no header: question, four choices, letter.
        const table = await folder.cells(`data/test/${name}.csv`, `test/${name}.csv`, `${name}.csv`);
        return table.map(([question, ...rest]) => ({ question, choices: rest.slice(0, 4), answer: rest[4] }));
      });
      return split(rows.map(choicesRow), { train: 10, validation: 10 });
    },
  };
}

function choicesRow(row: Row, index: number): Row {
  const choices = Array.isArray(row.choices) ? row.choices : [];
  const lines = choices.map((choice, at) => `(${"ABCD"[at]}) ${choice}`);
  return { id: String(row.id ?? index), question: [row.question, ...lines].join("\n"), answer: row.answer };
}

const CHOICES = ["Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"];

const gpqa: Example = {
  name: "gpqa-diamond",
  describes: "GPQA diamond, as TextGrad solves it at test time.",
  source: "GPQA (github.com/idavidrein/gpqa, CC BY 4.0; its authors ask that rows are not published)",
  comparable: `arXiv 2406.07496, table 2: agentgraph solve improves the answers one by one, with no training set. 20 rows are kept for training and validation, so the score is of the rest. The order of the choices is drawn here.`,
  graph: oneNode("GPQA diamond", "Answers questions of graduate science.", MULTIPLE_CHOICE, { kind: "choice" }),
  data: QUESTION,
  rows: async (folder) => {
    const rows = await folder.rows("gpqa/gpqa_diamond.jsonl").catch(async (error: unknown) => {
      if (!(error instanceof DataMissing)) throw error;
      return gpqaRows(await folder.cells("dataset/gpqa_diamond.csv", "gpqa_diamond.csv"));
    });
    return split(rows.map(choicesRow), { train: 10, validation: 10 });
  },
};

/**
 * Rows of the original table, with the choices in a fixed random order.
 * @throws DataMissing if it has no such columns
 */
function gpqaRows([header = [], ...table]: readonly (readonly string[])[]): Row[] {
  const at = (name: string) => {
    const index = header.findIndex((cell) => cell.trim() === name);
    if (index === -1) throw new DataMissing([`gpqa_diamond.csv with a column "${name}"`]);
    return index;
  };
  const [question, ...choices] = ["Question", ...CHOICES].map(at);
  const shuffles = shuffler(randomLcg(0.5));
  return table.map((cells, index) => {
    const given = choices.map((column) => cells[column]?.trim() ?? "");
    const shown = shuffles([...given]);
    const answer = "ABCD"[shown.indexOf(given[0] ?? "")];
    return { id: `gpqa/${index}`, question: cells[question ?? 0]?.trim(), choices: shown, answer };
  });
}

export const benchmarks: readonly Example[] = [
  ...bbh,
  gsm8k,
  liar,
  textgradBbh("object_counting", { kind: "number" }),
  textgradBbh("word_sorting", { kind: "exact" }),
  textgradGsm8k,
  mmlu("machine_learning"),
  mmlu("college_physics"),
  gpqa,
];
