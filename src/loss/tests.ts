import { type Code, CodeLimit } from "../deps.ts";
import { programExtension } from "../graph/program-file.ts";
import { codeIn } from "../graph/text/code-block.ts";
import { type CodeRunner, CodeUnavailable, type Loss } from "./loss.ts";
import { runProgramTests } from "./program-tests.ts";
import type { Tested } from "./tested.ts";

interface TestsSpec {
  /** Tests that feedback can mention. */
  readonly visible: Code;
  /** Tests that only affect the score. */
  readonly hidden: Code | null;
}

/** Maximum number of failed tests named in a criticism. */
const NAMED = 5;
/** Maximum characters of a test's message. */
const PROBLEM = 400;

/** The module that tests import the answer from. */
const SOLUTION = "solution";

/**
 * For answers that are code: the loss is the share of tests that fail. A file of tests exports a function that takes
 * the answer's exports and the sample's inputs, and returns tests: name → function that throws, or returns false, to
 * fail. Only the visible tests appear in feedback.
 */
export function testsLoss({ visible, hidden }: TestsSpec): Loss {
  return {
    kind: "tests",
    targetless: true,
    runsAnswer: true,
    criteria: "The answer is code that passes all unit tests of the task, including tests that are not shown.",
    ...(hidden && { shown: testsLoss({ visible, hidden: null }) }),
    code: [{ key: "visible", code: visible }, ...(hidden ? [{ key: "hidden", code: hidden }] : [])],
    describe: ({ t }) => t("The answer is code. The share of its unit tests that fail counts."),
    async score({ inputs }, answer, _, runner) {
      if (!runner) throw new CodeUnavailable();
      const solution = codeIn(answer);
      const [seen, unseen] = await Promise.all(
        [visible, hidden].map((tests) => (tests ? runTests(runner, tests, solution, inputs) : NONE)),
      );
      const failed = [seen, unseen].reduce((sum, tested) => sum + (tested?.failed.length ?? 0), 0);
      const count = [seen, unseen].reduce((sum, tested) => sum + (tested?.count ?? 0), 0);
      const broken = seen?.broken ?? unseen?.broken ?? null;
      const loss = broken !== null || count === 0 ? 1 : failed / count;
      return { loss, lenient: loss, criticism: criticismOf(seen ?? NONE, unseen ?? NONE) };
    },
  };
}

const NONE: Tested = { count: 0, failed: [], broken: null };

/** Runs each file in a separate call, so that no test sees what others left behind. */
async function runTests(runner: CodeRunner, tests: Code, text: string, inputs: unknown): Promise<Tested> {
  const extension = programExtension(tests.file);
  if (extension !== null) {
    const solution: Code = { file: `${SOLUTION}.${extension}`, text, author: "model" };
    return runProgramTests(runner, tests, solution, inputs);
  }
  const solution: Code = { file: `${SOLUTION}.ts`, text };
  const harness = { file: "tests", text: harnessOf(tests.file, solution.file), modules: [tests, solution] };
  try {
    return (await runner.call(harness, inputs)) as Tested;
  } catch (error) {
    // Code by a model that does not end is a wrong answer; a fault in the tests is not.
    if (!(error instanceof CodeLimit)) throw error;
    return { ...NONE, count: 1, broken: error.message.replace(/^tests: /, "") };
  }
}

function harnessOf(tests: string, solution: string): string {
  return `export default async (inputs) => {
  const say = (error) => String((error && error.message) || error).slice(0, ${PROBLEM});
  const make = (await import(${JSON.stringify(tests)})).default;
  let solution;
  try {
    solution = await import(${JSON.stringify(solution)});
  } catch (error) {
    return { count: 1, failed: [], broken: "the code can't be loaded: " + (error.name || "") + ": " + say(error) };
  }
  const all = Object.entries(await make({ ...solution }, inputs));
  const failed = [];
  for (const [name, test] of all) {
    try {
      if ((await test()) === false) failed.push({ name, problem: "" });
    } catch (error) {
      failed.push({ name, problem: say(error) });
    }
  }
  return { count: all.length, failed, broken: null };
};
`;
}

function criticismOf(seen: Tested, unseen: Tested): string {
  if (seen.broken !== null) return `No test could run: ${seen.broken}.`;
  if (seen.failed.length > 0) {
    const named = seen.failed.slice(0, NAMED).map(({ name, problem }) => `- ${name}${problem && `: ${problem}`}`);
    return [`${seen.failed.length} of ${seen.count} tests fail:`, ...named].join("\n");
  }
  const isWrong = unseen.broken !== null || unseen.failed.length > 0;
  return isWrong ? "All known tests pass, but others fail. Think of cases that the task names or implies." : "";
}
