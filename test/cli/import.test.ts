import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { open } from "./cli.ts";
import { rows, scripted } from "./scripted.ts";

/** From a crew's own files to accepted texts in them: the diff holds lines of texts alone. */
it("imports a crew, tunes it in place, and leaves everything else of its files as it is", async () => {
  const bench = await open({ model: scripted({ forward: (_, better) => (better ? "4" : "5") }) });
  const example = async (name: string) => (await readFile(join(bench.folder, `prompts/${name}.md`), "utf8")).trim();
  await mkdir(join(bench.folder, "config"));
  const block = (text: string) => text.replaceAll(/^(?=.)/gm, "    ");
  const agents = "# people\nclerk:\n  role: Clerk\n  goal: Count\n  backstory: >\n    You count.\n";
  const tasks = `# what is done
plan:   # first
  description: |
${block(await example("plan"))}
    Problem: {question}
  expected_output: 'A list'
  agent: clerk

solve:
  description: |
${block(await example("solve"))}
    Problem: {question}
  expected_output: A number   # nothing else
  agent: clerk
  context: [plan]
`;
  await writeFile(join(bench.folder, "config/agents.yaml"), agents);
  await writeFile(join(bench.folder, "config/tasks.yaml"), tasks);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      cwd: bench.folder,
      encoding: "utf8",
    });
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "before");

  const dry = await bench.run("import", "config", "--dry-run");
  expect(dry.code).toBe(0);
  expect(git("status", "--porcelain")).toBe("");
  const imported = await bench.run("import", "config");
  expect(imported.code).toBe(0);
  expect(imported.stdout).toMatch(
    /^Wrote config\/crew\.agentgraph\.json: a graph of \d+ nodes from config\/tasks\.yaml \(CrewAI\)\.$/m,
  );
  const path = join(bench.folder, "config/crew.agentgraph.json");
  const graph = JSON.parse(await readFile(path, "utf8"));
  graph.data = rows(8, () => "4");
  graph.loss = { kind: "number" };
  for (const id of ["clerk_role", "clerk_goal", "clerk_backstory"]) graph.nodes[id].trainable = false;
  await writeFile(path, JSON.stringify(graph, null, 2));
  git("add", ".");
  git("commit", "--quiet", "-m", "imported");

  const run = await bench.online(
    "optimize",
    "config/crew.agentgraph.json",
    "--json",
    "--apply",
    "--set",
    "optimize.iterations=2",
  );
  const result = JSON.parse(run.stdout);
  expect({ code: run.code, error: result.error }).toEqual({ code: 0, error: null });
  const accepted = result.proposals.filter((one: { verdict: string }) => one.verdict === "accepted");
  expect(accepted.length).toBeGreaterThan(0);
  const changed = git("diff", "--name-only").trim().split("\n");
  expect(changed.every((name) => /^config\/(?:tasks|agents)\.yaml$/.test(name))).toBe(true);
  const diff = git("diff", "--unified=0", "--", "config/tasks.yaml").split("\n");
  const lines = (sign: string) =>
    diff.flatMap((line) => (line.startsWith(sign) && !line.startsWith(sign.repeat(3)) ? [line.slice(1).trim()] : []));
  const texts = (side: string) =>
    accepted.flatMap((one: Record<string, string>) => (one[side] ?? "").split("\n").map((line) => line.trim()));
  const isPart = (all: string[]) => (line: string) => all.some((text) => line === text || line.includes(text));
  expect(lines("-").filter((line) => !isPart(texts("base"))(line))).toEqual([]);
  expect(lines("+").filter((line) => !isPart(texts("text"))(line))).toEqual([]);
  const after = await readFile(join(bench.folder, "config/tasks.yaml"), "utf8");
  for (const kept of ["# what is done", "plan:   # first", "# nothing else", "context: [plan]"])
    expect(after).toContain(kept);
}, 90_000);

it("says what it cannot read", async () => {
  const bench = await open();
  const none = await bench.run("import", "prompts");
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toMatch(/^Error: prompts holds no files of a known program: CrewAI, promptfoo/m);
  await writeFile(join(bench.folder, "promptfooconfig.yaml"), "prompts: [file://p.py]\nproviders: [x]\n");
  const code = await bench.run("import", "promptfooconfig.yaml");
  expect(code.code).toBe(2);
  expect(code.stderr).toContain("The prompt p.py is made by code, so it is left out.");
  const json = JSON.parse((await bench.run("import", "promptfooconfig.yaml", "--json")).stdout);
  expect(json.imported).toMatchObject([{ kind: "promptfoo", graph: null }]);
});

it("makes a graph of three prompts and a table, which runs", async () => {
  const bench = await open({ model: scripted({ forward: (_, better) => (better ? "4" : "5") }) });
  const folder = join(bench.folder, "mine");
  await mkdir(join(folder, "prompts"), { recursive: true });
  for (const [name, text] of Object.entries({
    plan: "Plan {{question}}",
    check: "Check {{plan}}",
    solve: "Solve {{question}} by {{check}}",
  })) {
    await writeFile(join(folder, "prompts", `${name}.md`), `${text}\n`);
  }
  const lines = Array.from({ length: 60 }, (_, at) => `question ${at},4`);
  await writeFile(join(folder, "rows.csv"), ["question,answer", ...lines, ""].join("\n"));
  const made = await bench.run("init", "mine");
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(
    /^Wrote mine\/mine\.agentgraph\.json\. Guessed:\n {2}data: rows\.csv\n {2}column with the answer: answer/m,
  );
  const run = await bench.online("optimize", "mine/mine.agentgraph.json", "--json", "--set", "optimize.iterations=1");
  expect(JSON.parse(run.stdout)).toMatchObject({ error: null, validation: { before: 0, after: 1 } });
  const none = await bench.run("init", "mine/rows.csv");
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toContain("There is no prompt file among these.");
}, 60_000);

it("makes rows of traces, and never overwrites a file", async () => {
  const bench = await open();
  const run = (id: string, q: string, output: string, avg: number) =>
    JSON.stringify({
      id,
      trace_id: id,
      run_type: "chain",
      inputs: { q },
      outputs: { output },
      feedback_stats: { user: { avg } },
    });
  await writeFile(join(bench.folder, "runs.jsonl"), [run("1", "a", "b", 1), run("2", "c", "d", 0), ""].join("\n"));
  const made = await bench.run("import-rows", "runs.jsonl", "--output", "mine.jsonl");
  expect(made.code).toBe(0);
  expect(made.stdout).toContain(
    "Wrote 2 rows of LangSmith traces to mine.jsonl. Columns: trace, q, output, answer, score.",
  );
  const lines = (await readFile(join(bench.folder, "mine.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).answer)).toEqual(["b", undefined]);
  const again = await bench.run("import-rows", "runs.jsonl", "--output", "mine.jsonl");
  expect(again).toMatchObject({ code: 2, stdout: "" });
  expect(again.stderr).toContain("mine.jsonl exists.");
  await writeFile(join(bench.folder, "other.json"), '{"a": 1}');
  expect((await bench.run("import-rows", "other.json", "--output", "o.jsonl")).stderr).toContain(
    "holds no traces with inputs",
  );
});
