import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { aspectNames, PROGRAM_NAMES, programWithout } from "../../../bench/experiments/programmer.ts";
import { testsLoss } from "../../../src/loss/tests.ts";
import { builtSandbox } from "../sandboxes.ts";

const sandbox = builtSandbox().within({ time: 20_000 });
const tests = (name: string) => {
  const file = join(import.meta.dirname, `../../../examples/code/tests/${name}.js`);
  return { file: `tests/${name}.js`, text: readFileSync(file, "utf8") };
};
const loss = testsLoss({ visible: tests("visible"), hidden: tests("hidden") });
const program = () => Promise.reject(new Error("there are no programs"));

async function lossOf(name: string, missing: readonly string[]): Promise<number> {
  const sample = { id: name, inputs: { name }, targets: [], feedback: null };
  const runner = { call: sandbox.call, program, values: async () => ({}) };
  return (await loss.score(sample, programWithout(name, missing), undefined, runner)).loss;
}

it.each(PROGRAM_NAMES)(
  "the made-up program %s passes all tests, and fails without any of its aspects",
  async (name) => {
    expect(await lossOf(name, [])).toBe(0);
    for (const aspect of aspectNames(name)) expect(await lossOf(name, [aspect]), aspect).toBeGreaterThan(0);
  },
);
