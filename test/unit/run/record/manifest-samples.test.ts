import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Data } from "../../../../src/data/sample.ts";
import { RunUnreadable } from "../../../../src/run/errors.ts";
import { type RunManifest, readManifest, samplesPath, writeManifest } from "../../../../src/run/record/run-manifest.ts";
import { filesOf } from "../../../../src/run/record/run-paths.ts";
import { type Bench, openBench, subject } from "../scripted.ts";

const ID = "20261130-000000-000-abcdef";

let bench: Bench;
let path: string;
beforeEach(async () => {
  bench = await openBench();
  const files = filesOf(bench.place, ID);
  await bench.files.makeFolder(files.folder);
  path = files.start;
});
afterEach(() => bench.remove());

function manyRows(size: number): Data {
  const rows = (name: string) =>
    Array.from({ length: size }, (_, row) => ({
      id: `${name} ${row}`,
      inputs: { question: `Question ${row} of “${name}”` },
      targets: [String(row)],
      feedback: null,
    }));
  return { train: rows("train"), validation: rows("validation"), test: [] };
}

async function written(data: Data): Promise<{ readonly start: RunManifest; readonly trusted: boolean }> {
  const about = { id: ID, at: 1, engine: "6", provider: "bench" };
  await writeManifest(bench.deps, path, { ...subject, task: { ...subject.task, data } }, about);
  return readManifest(bench.deps, path, ID);
}

it("many samples have a file of their own, and read the same", async () => {
  const data = manyRows(1_500);
  const { start, trusted } = await written(data);
  expect(trusted).toBe(true);
  expect(start.data).toEqual(data);
  expect((await readFile(path)).length).toBeLessThan(10_000);
});

it("few samples stand in the manifest", async () => {
  const data = manyRows(10);
  const { start, trusted } = await written(data);
  expect(trusted).toBe(true);
  expect(start.data).toEqual(data);
  await expect(readFile(samplesPath(path))).rejects.toThrow("ENOENT");
});

it("samples that were changed, added or lost make the run one from elsewhere", async () => {
  await written(manyRows(1_500));
  const whole = await readFile(samplesPath(path), "utf8");
  const changed = whole.replace("Question 7 of", "Question 8 of");
  const added = JSON.stringify({ split: "test", samples: [{ id: "x", inputs: {}, targets: [], feedback: null }] });
  for (const change of [
    () => writeFile(samplesPath(path), changed),
    () => appendFile(samplesPath(path), `${added}\n`),
    () => writeFile(samplesPath(path), whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1)),
  ]) {
    await writeFile(samplesPath(path), whole);
    expect((await readManifest(bench.deps, path, ID)).trusted).toBe(true);
    await change();
    expect((await readManifest(bench.deps, path, ID)).trusted).toBe(false);
  }
  await writeFile(samplesPath(path), '{"version":1}\n{"split":"nowhere","samples":[]}\n');
  await expect(readManifest(bench.deps, path, ID)).rejects.toThrow(RunUnreadable);
});
