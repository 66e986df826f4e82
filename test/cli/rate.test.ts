import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bench, open } from "./cli.ts";
import { scripted, writeGraph } from "./scripted.ts";

/** Answers every question with its last word. */
const echo = scripted({ forward: (prompt) => `about ${/(\w+)\?/.exec(prompt)?.[1]}` });

const TABLE =
  '\uFEFFnr;question;answer\r\n1;Who is Ada?;about Ada\r\n2;"Who; is Bob?";about nobody\r\n3;Who is Cy?;about Cy\r\n';

async function withTable(bench: Bench): Promise<string> {
  await writeFile(join(bench.folder, "rows.csv"), TABLE);
  return writeGraph(bench, {
    data: { train: { file: "rows.csv", rows: [0, 1] }, validation: "rows.csv", target: "answer", id: "nr" },
    loss: { kind: "exact" },
  });
}

describe("rate", () => {
  it("writes a correction and a comment into the row that the answer came from, and nothing else", async () => {
    const bench = await open({ model: echo });
    const file = await withTable(bench);
    const scored = await bench.online("evaluate", file, "--split", "validation", "--json");
    expect(scored.code, scored.stderr).toBe(0);
    const listed = await bench.run("rate", file, "--json");
    const { samples } = JSON.parse(listed.stdout);
    expect(samples.map(({ sample, answer }: { sample: string; answer: string }) => [sample, answer])).toEqual([
      ["1", "about Ada"],
      ["2", "about Bob"],
      ["3", "about Cy"],
    ]);

    const right = await bench.run("rate", file, "--sample", "2", "--right");
    expect(right.code, right.stderr).toBe(0);
    expect(await readFile(join(bench.folder, "rows.csv"), "utf8")).toBe(TABLE.replace("about nobody", "about Bob"));

    const said = await bench.run(
      "rate",
      file,
      "--sample",
      "3",
      "--correct",
      "Cy; the third",
      "--feedback",
      "too short",
    );
    expect(said.code, said.stderr).toBe(0);
    expect(await readFile(join(bench.folder, "rows.csv"), "utf8")).toBe(
      '\uFEFFnr;question;answer;feedback\r\n1;Who is Ada?;about Ada;\r\n2;"Who; is Bob?";about Bob;\r\n' +
        '3;Who is Cy?;"Cy; the third";too short\r\n',
    );
    const graph = JSON.parse(await readFile(join(bench.folder, file), "utf8"));
    expect(graph.data.feedback).toBe("feedback");
  });

  it.each([
    ["rows.csv", "id,question,answer\na,Who?,7\nb,How many?,8\n", "id,question,answer\na,Who?,7\nb,How many?,42\n"],
    [
      "rows.jsonl",
      '{"id":"a","question":"Who?","answer":7}\n{"id":"b","question":"How many?","answer":8}\n',
      '{"id":"a","question":"Who?","answer":7}\n{"id":"b","question":"How many?","answer":42}\n',
    ],
  ])("writes the number of a sentence that is right into a column of numbers (%s)", async (name, before, after) => {
    const bench = await open({ model: scripted({ forward: () => "So there are 6 × 7 = 42 of them." }) });
    await writeFile(join(bench.folder, name), before);
    const file = await writeGraph(bench, {
      data: { train: { file: name, rows: [0, 1] }, validation: name, target: "answer", id: "id" },
      loss: { kind: "number" },
    });
    expect((await bench.online("evaluate", file, "--split", "validation")).code).toBe(0);
    const right = await bench.run("rate", file, "--sample", "b", "--right");
    expect(right.stderr).toBe("");
    expect(right.stdout).toContain("answer: 42");
    expect(await readFile(join(bench.folder, name), "utf8")).toBe(after);
    expect((await bench.run("rate", file, "--sample", "b", "--right")).stdout).toContain("expects this answer already");
    const word = await bench.run("rate", file, "--sample", "b", "--correct", "many");
    expect([word.code, word.stderr]).toEqual([2, expect.stringContaining("it has no number")]);
    expect(await readFile(join(bench.folder, name), "utf8")).toBe(after);
  });

  it("keeps the other accepted answers of a row, also in a field inside another one", async () => {
    const bench = await open({ model: scripted({ forward: () => "by bus" }) });
    const rows = [
      { id: "a", question: "Who?", gold: { answers: ["Ada"] } },
      { id: "b", question: "How?", gold: { answers: ["by car", "by train"] } },
    ];
    await writeFile(join(bench.folder, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const file = await writeGraph(bench, {
      data: { train: { file: "rows.jsonl", rows: [0, 1] }, validation: "rows.jsonl", target: "gold.answers", id: "id" },
      loss: { kind: "exact" },
    });
    expect((await bench.online("evaluate", file, "--split", "validation")).code).toBe(0);
    const right = await bench.run("rate", file, "--sample", "b", "--right");
    expect(right.stderr).toBe("");
    const [, written = ""] = (await readFile(join(bench.folder, "rows.jsonl"), "utf8")).split("\n");
    expect(JSON.parse(written).gold.answers).toEqual(["by car", "by train", "by bus"]);
  });

  it("asks for the right answer if the confirmed one has not the form of the column", async () => {
    const bench = await open({ model: scripted({ forward: () => "There are many of them, as far as I know." }) });
    await writeFile(join(bench.folder, "rows.csv"), "question,answer\nWho?,Ada\nHow?,by car\n");
    const file = await writeGraph(bench, {
      data: { train: { file: "rows.csv", rows: [0, 1] }, validation: "rows.csv", target: "answer", id: "question" },
      loss: { kind: "exact" },
    });
    expect((await bench.online("evaluate", file, "--split", "validation")).code).toBe(0);
    const right = await bench.run("rate", file, "--sample", "How?", "--right");
    expect(right.code).toBe(2);
    expect(right.stderr).toContain("longer than the expected answers");
    expect(right.stderr).toContain("--correct");
  });

  it("writes a correction as a comment if a judge scores", async () => {
    const bench = await open({ model: scripted({ forward: () => "Hm.", judge: () => '{"reason": "", "score": 0}' }) });
    await writeFile(join(bench.folder, "rows.jsonl"), '{"question":"Who?"}\n{"question": "Why?", "more": 1.50}\n');
    const file = await writeGraph(bench, {
      data: { train: { file: "rows.jsonl", rows: [0, 1] }, validation: { file: "rows.jsonl", rows: [1, 2] } },
      loss: { kind: "judge", rubric: "Is it an answer?" },
    });
    expect((await bench.online("evaluate", file, "--split", "validation")).code).toBe(0);
    const { samples } = JSON.parse((await bench.run("rate", file, "--json")).stdout);
    const rated = await bench.run("rate", file, "--sample", samples[0].sample, "--correct", "Because.");
    expect(rated.code, rated.stderr).toBe(0);
    expect(await readFile(join(bench.folder, "rows.jsonl"), "utf8")).toBe(
      '{"question":"Who?"}\n{"question": "Why?", "more": 1.50, "feedback": "The answer should be: Because."}\n',
    );
    const right = await bench.run("rate", file, "--sample", samples[0].sample, "--right");
    expect(right.code).toBe(2);
    expect(right.stderr).toContain("no targets");
  });

  it("marks an answer as right by the threshold of the graph", async () => {
    const votes = scripted({ forward: () => "Hm.", judge: () => '{"reason": "", "score": 0.9}' });
    const bench = await open({ model: votes });
    const file = await writeGraph(bench, {
      data: { train: [{ question: "Who?" }], validation: [{ question: "Why?" }], id: "question" },
      loss: { kind: "judge", rubric: "Is it an answer?" },
      optimize: { threshold: 0.2 },
    });
    expect((await bench.online("evaluate", file, "--split", "validation")).code).toBe(0);
    expect((await bench.run("rate", file)).stdout).toMatch(/^✓ Why\? Why\?\n {2}answer: Hm\.\n/);
  });

  it.each<[string, string[], string]>([
    ["a sample that there is not", ["--sample", "9", "--correct", "x"], "no longer contains the sample"],
    ["both at once", ["--sample", "2", "--correct", "x", "--right"], "one of --right and --correct"],
    ["nothing", ["--sample", "2"], "--right, --correct or --feedback"],
  ])("refuses %s, and leaves the file alone", async (_, args, message) => {
    const bench = await open({ model: echo });
    const file = await withTable(bench);
    await bench.online("evaluate", file, "--split", "validation");
    const { code, stderr } = await bench.run("rate", file, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await readFile(join(bench.folder, "rows.csv"), "utf8")).toBe(TABLE);
  });
});
