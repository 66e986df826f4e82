import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { gitOf, open } from "./cli.ts";
import { rows, scripted, writeGraph } from "./scripted.ts";

it("shows what runs did to a node, the commits with it, and that its text changed since", async () => {
  const bench = await open({ model: scripted({ forward: (_, better) => (better ? "4" : "5") }) });
  const git = gitOf(bench);
  git("init", "--quiet");
  await writeFile(join(bench.folder, "solve.md"), "Answer the question.\n");
  const nodes = { solve: { inputs: ["question"], instruction: { file: "solve.md" } } };
  const file = await writeGraph(bench, { nodes, data: rows(8, () => "4"), loss: { kind: "exact" } });
  git("add", ".");
  git("commit", "--quiet", "-m", "before");
  expect((await bench.run("history", file)).stdout).toBe(`No run of ${file} has proposed a text yet.\n`);

  const run = await bench.online("optimize", file, "--json", "--apply", "--set", "optimize.iterations=1");
  const { run: id } = JSON.parse(run.stdout);
  git("commit", "--quiet", "-a", "-m", `Better\n\nAgentgraph-Run: ${id}`);
  const hash = git("rev-parse", "HEAD").slice(0, 8);
  const brief = await bench.run("history", file);
  expect(brief).toMatchObject({ code: 0, stderr: "" });
  expect(brief.stdout).toContain(`solve · in the file: the text of run ${id}`);
  expect(brief.stdout).toContain(`✓ Accepted by the gate · 0 → 8 of 8 right · committed as ${hash}`);
  expect(brief.stdout).not.toContain("{+ BETTER+}");
  const whole = await bench.run("history", file, "solve", "--output", "solve.html");
  expect(whole.stdout).toContain("│ Answer the question.{+ BETTER+}");
  expect(await readFile(join(bench.folder, "solve.html"), "utf8")).toContain(`In commit ${hash}.`);
  const [node] = JSON.parse((await bench.run("history", file, "--json")).stdout).nodes;
  expect(node).toMatchObject({ node: "solve", runs: [{ run: id, trusted: true, base: "Answer the question." }] });
  expect((await bench.run("runs", file)).stdout).not.toContain("text changed since");
  expect((await bench.run("report", file)).stderr).toBe("");

  await writeFile(join(bench.folder, "solve.md"), "Answer in one word.\n");
  expect((await bench.run("history", file)).stdout).toContain("solve · in the file: text changed since");
  expect((await bench.run("runs")).stdout).toContain("text changed since: solve");
  expect(JSON.parse((await bench.run("runs", "--json")).stdout).runs[0]).toMatchObject({
    texts: "changed",
    changed: ["solve"],
  });
  for (const command of [["report"], ["rate"]]) {
    const said = await bench.run(...command, file);
    expect(said.stderr).toContain(`Warning: Text changed since run ${id}: solve.`);
  }
  const runs = join(bench.folder, ".agentgraph/runs");
  for (let at = 10; at < 41; at++) {
    const copy = id.replace(/.{2}$/, String(at));
    // The run itself may end so.
    if (copy === id) continue;
    await cp(join(runs, id), join(runs, copy), { recursive: true });
    for (const name of await readdir(join(runs, copy))) {
      const text = await readFile(join(runs, copy, name), "utf8");
      await writeFile(join(runs, copy, name), text.replaceAll(id, copy));
    }
  }
  expect((await bench.run("history", file, "solve")).stdout).toMatch(
    /Older runs that are not shown: \d+\. --all shows them/,
  );
  expect((await bench.run("history", file, "solve", "--all")).stdout).not.toContain("Older runs");
  expect((await bench.run("runs")).stdout).toContain("The texts of the newest 30 were compared with the files. --all");
  const compared = async (...more: string[]) =>
    (await bench.run("runs", ...more)).stdout.match(/text changed since/g)?.length;
  expect(await compared()).toBe(30);
  expect(await compared("--all")).toBeGreaterThan(30);
  const none = await bench.run("history", file, "plan");
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toContain("It has solve.");
});

it("shows a commit only with the texts that it has: those that its message names, else those that were accepted", async () => {
  const bench = await open();
  const git = gitOf(bench);
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "before");
  const run = await bench.online("optimize", bench.graph, "--json", "--apply");
  const { run: id } = JSON.parse(run.stdout);
  const committed = async (message: string) => {
    git("commit", "--quiet", "--allow-empty", "-a", "-m", message);
    const { stdout } = await bench.run("history", bench.graph);
    git("commit", "--quiet", "--amend", "--allow-empty", "-m", "names no run");
    const nodes = stdout.split(/^(?=\S)/m).filter((part) => part.includes("committed as"));
    return nodes.map((part) => part.split(" ", 1)[0]);
  };
  expect(await committed(`By hand\n\nAgentgraph-Run: ${id}`)).toEqual(["plan", "solve"]);
  const ours = `Tune\n\n- plan: accepted, 3 -> 20 of 20 right, fixed 17, broke 0\n- style: changed after the run judged it, so not scored`;
  expect(await committed(`${ours}\n\nAgentgraph-Run: ${id}`)).toEqual(["plan", "style"]);
});
