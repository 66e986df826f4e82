import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { gitOf, open } from "./cli.ts";

/** Texts in the files of another program: what a run accepts is written there, and nothing else changes. */
it("writes accepted texts into YAML, Markdown and source code, and changes only lines of texts", async () => {
  const bench = await open();
  const text = async (name: string) => (await readFile(join(bench.folder, `prompts/${name}.md`), "utf8")).trimEnd();
  const [plan, style, solve] = await Promise.all([text("plan"), text("style"), text("solve")]);
  const indented = plan.replaceAll(/^(?=.)/gm, "    ");
  const files = {
    "prompts.yaml": `# our prompts\nplan: &plan\n  model: small # cheap\n  system: |\n${indented}\n  tools: [a, b]\nother: *plan\n`,
    "SKILL.md": `---\nname: style\n---\n\n# Skill\n\n## Style\n\n${style}\n\n## Other\n\nStays.\n`,
    "app.py": `import x\n\nPROMPT = r"""\n${solve}\n"""\n\nprint(PROMPT)\n`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(bench.folder, name), content);
  const graph = JSON.parse(await readFile(join(bench.folder, bench.graph), "utf8"));
  graph.nodes.plan.instruction = { file: "prompts.yaml", key: "plan.system" };
  graph.nodes.style.text = { file: "SKILL.md", section: "## Style" };
  graph.nodes.solve.instruction = { file: "app.py", between: ['PROMPT = r"""', '"""'] };
  await writeFile(join(bench.folder, bench.graph), JSON.stringify(graph, null, 2));
  const git = gitOf(bench);
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "before");

  const { code, stdout } = await bench.online("optimize", bench.graph, "--apply", "--json");
  expect(code).toBe(0);
  const accepted = JSON.parse(stdout).proposals.filter((one: { verdict: string }) => one.verdict === "accepted");
  expect(accepted.length).toBeGreaterThan(0);

  const diff = git("diff", "--unified=0");
  const lines = (sign: string) =>
    diff
      .split("\n")
      .flatMap((line) => (line.startsWith(sign) && !line.startsWith(sign.repeat(3)) ? [line.slice(1).trim()] : []));
  const [before, after] = ["base", "text"].map((side) =>
    accepted.flatMap((one: Record<string, string>) => (one[side] ?? "").split("\n").map((line) => line.trim())),
  );
  expect(lines("-").filter((line) => !before?.includes(line))).toEqual([]);
  expect(lines("+").filter((line) => !after?.includes(line))).toEqual([]);
  // Read again, the files hold the new texts.
  const again = await bench.online("optimize", bench.graph, "--json", "--set", "optimize.iterations=1");
  const bases = new Map(
    JSON.parse(again.stdout).proposals.map((one: { node: string; base: string }) => [one.node, one.base]),
  );
  for (const { node, text } of accepted) if (bases.has(node)) expect(bases.get(node)).toBe(text);
});

it("names a missing text, and a text that two nodes share", async () => {
  const bench = await open();
  await writeFile(join(bench.folder, "p.yaml"), "a:\n  system: Plan.\n");
  const graph = JSON.parse(await readFile(join(bench.folder, bench.graph), "utf8"));
  graph.nodes.plan.instruction = { file: "p.yaml", key: "a.sytem" };
  graph.nodes.style.text = { file: "p.yaml", key: "a.system" };
  graph.nodes.solve.instruction = { file: "p.yaml", key: "a.system" };
  await writeFile(join(bench.folder, bench.graph), JSON.stringify(graph, null, 2));
  const { code, stdout } = await bench.run("check", bench.graph);
  expect(code).toBe(2);
  expect(stdout).toMatch(
    /no-text-there The file "p.yaml" has no key "a.sytem"\.\n {4}Name one of its keys: "system"\./,
  );
  expect(stdout).toMatch(/shared-file The texts of "solve" and "style" are the same part of a file/);
});
