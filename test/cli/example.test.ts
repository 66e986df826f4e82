import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { open } from "./cli.ts";
import { BETTER, scripted } from "./scripted.ts";

const SHARED =
  ["../../../shared/data", "../../../../shared/data"]
    .map((path) => join(import.meta.dirname, path))
    .find((path) => existsSync(path)) ?? "";
const lines = async (path: string) =>
  (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((one) => JSON.parse(one));

describe("agentgraph example", () => {
  it("lists the example graphs, as text and as JSON", async () => {
    const bench = await open();
    const { code, stdout } = await bench.run("example");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^facility-support {2}/m);
    expect(stdout).toMatch(/^bbh-word-sorting {2,}The paper's three-node graph/m);
    const { examples } = JSON.parse((await bench.run("example", "--json")).stdout);
    expect(examples.filter(({ name }: { name: string }) => name.startsWith("bbh-"))).toHaveLength(27);
    expect(examples.every(({ comparable }: { comparable: string }) => comparable.length > 20)).toBe(true);
  });

  it.each(["facility-support", "privacy"])(
    "writes %s with rows of its own, which pass the check and run",
    async (name) => {
      const bench = await open();
      const written = await bench.run("example", name);
      expect(written).toMatchObject({ code: 0 });
      expect(written.stdout).toMatch(/Wrote .+ with 30 training, \d+ validation and \d+ test samples\./);
      const file = join(name, `${name}.agentgraph.json`);
      expect(await bench.run("check", file)).toMatchObject({ code: 0, stdout: expect.stringContaining("0 warnings") });
      const ran = await bench.online("evaluate", file, "--split", "train", "--json");
      expect(ran.code).toBe(0);
      expect(bench.server.requests()).toBeGreaterThan(60);
    },
  );

  it("never overwrites a folder, and names what is missing", async () => {
    const bench = await open();
    await bench.run("example", "privacy");
    expect((await bench.run("example", "privacy")).stderr).toMatch(
      /is not empty\. Choose another folder with --output\./,
    );
    expect((await bench.run("example", "nothing")).stderr).toMatch(/no example named nothing/);
    const rows = await bench.run("example", "bbh-navigate");
    expect(rows).toMatchObject({ code: 2 });
    expect(rows.stderr).toMatch(/BIG-Bench Hard[\s\S]+--data <folder>/);
    expect((await bench.run("example", "bbh-navigate", "--data", ".")).stderr).toMatch(
      /has none of bbh\/navigate\.jsonl/,
    );
    expect(existsSync(join(bench.folder, "bbh-navigate"))).toBe(false);
  });

  it("says which rows of the published set the user's copy lacks", async () => {
    const bench = await open();
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) =>
        JSON.stringify({ id: `x/${at + from}`, question: `How many of ${at + from}?`, answer: `${at}` }),
      ).join("\n");
    await mkdir(join(bench.folder, "data/bbh"), { recursive: true });
    await writeFile(join(bench.folder, "data/bbh/object_counting.jsonl"), rows(10, 240));
    const args = ["textgrad-object-counting", "--data", "data"];
    const { stdout } = await bench.run("example", ...args);
    expect(stdout).toContain("Your copy has only 40 of 50 training rows, 90 of 100 test rows.");
    await writeFile(join(bench.folder, "data/bbh/object_counting.jsonl"), rows(0, 250));
    const whole = JSON.parse((await bench.run("example", ...args, "--output", "whole", "--json")).stdout);
    expect(whole.comparable).toMatch(/as there\.$/);
  });

  it("reads GPQA's table, with the choices of a question in an order of their own", async () => {
    const bench = await open();
    const columns = ["Record ID", "Question", "Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2"];
    const rows = Array.from({ length: 40 }, (_, row) => {
      const cells = [
        `"Which, of ""these""\nis ${row}?"`,
        `right ${row}`,
        `wrong ${row}`,
        `"bad, ${row}"`,
        `poor ${row}`,
      ];
      return [`rec${row}`, ...cells].join(",");
    });
    const table = [[...columns, "Incorrect Answer 3"].join(","), ...rows].join("\n");
    await mkdir(join(bench.folder, "gpqa/dataset"), { recursive: true });
    await writeFile(join(bench.folder, "gpqa/dataset/gpqa_diamond.csv"), table);
    expect(await bench.run("example", "gpqa-diamond", "--data", "gpqa")).toMatchObject({ code: 0 });
    const all = await Promise.all(
      ["train", "validation", "test"].map((set) => lines(join(bench.folder, `gpqa-diamond/data/${set}.jsonl`))),
    );
    expect(all.map(({ length }) => length)).toEqual([10, 10, 20]);
    for (const { question, answer } of all.flat()) {
      expect(question).toMatch(new RegExp(`^Which, of "these"\nis \\d+\\?\n[\\s\\S]*\\(${answer}\\) right \\d+`));
    }
    expect(new Set(all.flat().map(({ answer }) => answer)).size).toBe(4);
    const checked = await bench.run("check", "gpqa-diamond/gpqa-diamond.agentgraph.json");
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining("0 warnings") });
  });

  it("reads upstream's own files", async () => {
    const bench = await open();
    const data = join(bench.folder, "upstream");
    await mkdir(join(data, "bbh"), { recursive: true });
    const examples = Array.from({ length: 60 }, (_, index) => ({
      input: `Sort: word${index}`,
      target: `word${index}`,
    }));
    await writeFile(join(data, "bbh/word_sorting.json"), JSON.stringify({ canary: "c", examples }));
    const { stdout } = await bench.run("example", "bbh-word-sorting", "--data", data);
    expect(stdout).toContain("20 training, 20 validation and 20 test samples");
    const [row] = await lines(join(bench.folder, "bbh-word-sorting/data/train.jsonl"));
    expect(row.question).toMatch(/^Sort: word\d+$/);
    expect(row.answer).toBe(row.question.slice(6));

    await mkdir(join(data, "test"));
    const csv = Array.from({ length: 25 }, (_, index) => `"What, ${index}?",one,two,three,four,B`).join("\n");
    await writeFile(join(data, "test/machine_learning_test.csv"), `${csv}\n`);
    expect((await bench.run("example", "mmlu-machine-learning", "--data", data)).stdout).toContain(
      "10 training, 10 validation and 5 test samples",
    );
    const rows = await lines(join(bench.folder, "mmlu-machine-learning/data/test.jsonl"));
    expect(rows[0].question).toMatch(/^What, \d+\?\n\(A\) one\n\(B\) two\n\(C\) three\n\(D\) four$/);
    expect(rows[0].answer).toBe("B");
  });

  it.skipIf(SHARED === "")("writes every graph from the shared rows, without an error or a warning", async () => {
    const bench = await open();
    const { examples } = JSON.parse((await bench.run("example", "--json")).stdout);
    const files: string[] = [];
    // The rows of GPQA are in nobody's shared folder: its authors ask for that.
    for (const { name } of (examples as { name: string }[]).filter(({ name }) => name !== "gpqa-diamond")) {
      const { code, stderr } = await bench.run("example", name, "--data", SHARED);
      expect({ name, code, stderr: stderr.replace(/^Next: .*$/m, "").trim() }).toEqual({ name, code: 0, stderr: "" });
      files.push(join(name, `${name}.agentgraph.json`));
    }
    const { code, stdout } = await bench.run("check", ...files);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ 0 errors, 0 warnings/);
  });
});

it("tunes one section of a skill by a judge, and leaves the rest of its file as it is", async () => {
  const model = scripted({
    forward: (_, better) => (better ? "- New: undo. Fixed: the search." : "fix: everything (ABC-1)"),
    judge: (prompt) => JSON.stringify({ reason: "By form.", score: prompt.includes("ABC-1)\n</answer>") ? 0 : 1 }),
  });
  const bench = await open({ model });
  await bench.run("example", "skill");
  const path = join(bench.folder, "skill", "SKILL.md");
  const before = await readFile(path, "utf8");
  const graph = join("skill", "skill.agentgraph.json");
  const { code, stdout, stderr } = await bench.online("optimize", graph, "--model", "scripted", "--apply", "--json");
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ validation: { before: 0, after: 1 }, test: { before: 0, after: 1 } });
  expect(await readFile(path, "utf8")).toBe(before.replace("for these changes.", `for these changes. ${BETTER}`));
});
