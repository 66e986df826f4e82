import { basename } from "node:path";
import * as z from "zod";
import { type Code, CodeFault, CodeLimit, type Program } from "../deps.ts";
import { lastProblem, lineIn } from "../graph/program-file.ts";
import { parseJson } from "../graph/replies/json.ts";
import type { CodeRunner } from "./loss.ts";
import { pythonHarness } from "./python-tests.ts";
import type { Tested } from "./tested.ts";

/** Maximum characters of a test's message. */
const PROBLEM = 400;

/** Start of a line of the harness. Code that wants to lie about its own tests can, but only affects its score. */
const MARK = "agentgraph-tests: ";

/** Maximum number of tests in a file. */
const MOST = 10_000;

const tested = z.object({
  count: z.int().min(1),
  failed: z.array(z.object({ name: z.string(), problem: z.string() })),
  broken: z.string().nullable(),
});

/**
 * Runs a file of tests in another language than the sandbox's, with the answer next to it as `solution`. Python has a
 * harness; a program in any other language writes the Test Anything Protocol, or passes with the exit code 0.
 * @throws CodeFault if the tests themselves can't run
 */
export async function runProgramTests(
  runner: CodeRunner,
  tests: Code,
  solution: Code,
  inputs: unknown,
): Promise<Tested> {
  const isPython = tests.file.toLowerCase().endsWith(".py");
  const harness: Code = {
    file: "agentgraph-run-tests.py",
    text: pythonHarness(basename(tests.file).replace(/\.py$/i, ""), MARK),
    modules: [tests, solution],
    author: "AgentGraph",
  };
  try {
    if (isPython) return readHarness(await runner.program(harness, inputs), tests);
    return readProtocol(await runner.program({ ...tests, modules: [solution] }, inputs));
  } catch (error) {
    // Code by a model that does not end is a wrong answer.
    if (!(error instanceof CodeLimit)) throw error;
    return broken(error.message.slice(error.message.indexOf(": ") + 2));
  }
}

function readHarness(program: Program, { file }: Code): Tested {
  const said = program.output
    .split("\n")
    .filter((line) => line.startsWith(MARK))
    .map((line) => parseJson(line.slice(MARK.length))?.value);
  const last = said.at(-1);
  const result = tested.safeParse(last);
  if (result.success) return result.data;
  const isTests = typeof last === "object" && last !== null && Reflect.get(last, "stage") === "tests";
  if (said.length > 0 && !isTests) return broken(`the code ended the program (${endOf(program)})`);
  throw new CodeFault(file, lineIn(program.errors, file), lastProblem(program.errors) || endOf(program));
}

/** `ok 1 - name`, `not ok 2 - name`, and `# …` after a test that says why. */
function readProtocol(program: Program): Tested {
  const failed: { name: string; problem: string }[] = [];
  let count = 0;
  for (const line of program.output.split(/\r?\n/)) {
    const test = /^(not )?ok\b[ \t]*(\d*)[ \t]*(?:-[ \t]*)?([^#]*)(#[ \t]*(?:todo|skip)\b)?/i.exec(line);
    if (test) {
      count += 1;
      if (test[1] && !test[4]) failed.push({ name: test[3]?.trim() || `test ${test[2] || count}`, problem: "" });
      continue;
    }
    const note = /^[ \t]*#[ \t]*(.+)/.exec(line)?.[1];
    const about = failed.at(-1);
    if (note && about && about.problem === "") about.problem = note.slice(0, PROBLEM);
  }
  const plan = /^1\.\.(\d{1,6})/m.exec(program.output)?.[1];
  const planned = Math.min(Number(plan ?? count), MOST);
  if (count === 0 && plan === undefined) {
    if (program.code === 0) return { count: 1, failed: [], broken: null };
    return {
      count: 1,
      failed: [{ name: "the program", problem: lastProblem(program.errors) || endOf(program) }],
      broken: null,
    };
  }
  // A program that ends early has not run all of its tests.
  for (let test = count + 1; test <= planned; test++) {
    failed.push({ name: `test ${test}`, problem: `it was not run (${endOf(program)})` });
  }
  return { count: Math.max(count, planned), failed, broken: null };
}

function broken(reason: string): Tested {
  return { count: 1, failed: [], broken: reason };
}

function endOf({ code, signal }: Program): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
