import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./program.ts";
import { createWorld, type Row } from "./worlds/world.ts";
import { WORLDS } from "./worlds/worlds.ts";

/**
 * The paper's three-node shape over real rows, through real HTTP: `npm run bench -- graphs DIR`. The server is a made-up
 * model that knows the rows' answers and gives them away as the instructions get better.
 */
const SETS = {
  object_counting: ["bbh/object_counting.jsonl", "bbh/object_counting.jsonl"],
  word_sorting: ["bbh/word_sorting.jsonl", "bbh/word_sorting.jsonl"],
  gsm8k: ["gsm8k/train.jsonl", "gsm8k/test.jsonl"],
} as const;
const ROWS = 20;
const TEST_ROWS = 50;
/** Folder with `bbh/` and `gsm8k/` as JSON Lines. Rows of public data sets are not part of the project. */
const DATA = process.argv[2] ?? "";

async function main(): Promise<void> {
  if (DATA === "") {
    console.log("Left out: it needs the folder with your copies of the data sets, `npm run bench -- graphs DIR`.");
    return;
  }
  for (const [name, [file, testFile]] of Object.entries(SETS)) {
    const [rows, testRows] = await Promise.all([rowsOf(file), rowsOf(testFile)]);
    const from = testFile === file ? 2 * ROWS : 0;
    const graph = await readFile(join("bench/graphs", `${name}.agentgraph.json`), "utf8");
    const nodes: [string, { instruction: string[] }][] = Object.entries(JSON.parse(graph).nodes);
    const given = {
      openings: Object.fromEntries(nodes.map(([id, { instruction }]) => [id, instruction[0] ?? ""])),
      train: rows.slice(0, ROWS),
      validation: rows.slice(ROWS, 2 * ROWS),
      test: testRows.slice(from, from + TEST_ROWS),
    };
    const { model } = createWorld({ ...WORLDS.plain, shape: "paper", seed: 1 }, undefined, given);
    const lines = (all: readonly Row[]) => all.map((row) => JSON.stringify(row)).join("\n");
    const files = {
      "graph.agentgraph.json": graph,
      "data/train.jsonl": lines(given.train),
      "data/validation.jsonl": lines(given.validation),
      "data/test.jsonl": lines(given.test),
    };
    const { report, code, server } = await runProgram(files, model, 0, []);
    const { calls, tokens, validation, test } = report;
    console.log(
      JSON.stringify({ bench: "graphs", name, code, requests: server.requests(), calls, tokens, validation, test }),
    );
  }
}

async function rowsOf(file: string): Promise<Row[]> {
  const lines = (await readFile(join(DATA, file), "utf8")).split("\n").filter(Boolean);
  return lines.map((line) => {
    const { id, question, answer } = JSON.parse(line);
    return { id, question, answer };
  });
}

await main();
