import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Rows {
  readonly samples: number;
  readonly nodes: number;
  /** Extension of the file with the rows: `json`, `jsonl` or `csv`. */
  readonly ending: string;
  readonly loss: string;
  /** Part of the rows in each set. Default: .3, .5 and .2. */
  readonly split?: { readonly train: number; readonly validation: number; readonly test: number };
}

const DEFAULT_SPLIT = { train: 0.3, validation: 0.5, test: 0.2 };

/** Writes a chain in which every node also reads the question, and its rows. @returns the path of the graph file */
export async function writeGraph(
  folder: string,
  { samples, nodes, ending, loss, split = DEFAULT_SPLIT }: Rows,
): Promise<string> {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`);
  const file = {
    version: 1,
    name: "Stalls",
    inputs: { question: "a question" },
    nodes: Object.fromEntries(
      ids.map((id, index) => [
        id,
        {
          role: `step ${index}`,
          inputs: index === 0 ? ["question"] : ["question", `n${index - 1}`],
          instruction: `Do step ${index}.`,
        },
      ]),
    ),
    output: ids.at(-1),
    data: { file: `rows.${ending}`, split: { ...split, seed: 1 }, target: "answer" },
    loss: { kind: loss },
    optimize: { budget: { calls: 10_000_000 } },
  };
  const rows = Array.from({ length: samples }, (_, row) => ({
    question: `Question ${row}: ${"how many are there? ".repeat(20)}`,
    answer: String(row),
  }));
  const texts: Record<string, string> = {
    json: JSON.stringify(rows),
    jsonl: rows.map((row) => JSON.stringify(row)).join("\n"),
    csv: ["question,answer", ...rows.map(({ question, answer }) => `"${question}",${answer}`)].join("\n"),
  };
  const path = join(folder, "stalls.agentgraph.json");
  await writeFile(path, JSON.stringify(file));
  await writeFile(join(folder, `rows.${ending}`), texts[ending] ?? "");
  return path;
}
