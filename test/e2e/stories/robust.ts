import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { Model } from "../../../src/models/model.ts";
import { createSimulated } from "../../../src/models/simulated/simulated.ts";
import { Workbench } from "../workbench.ts";
import type { Story, World } from "../world.ts";
import { checkCommit, chooseServer, optimize, start } from "./steps.ts";

const GRAPH = "chain.agentgraph.json";

export const robustStories: readonly Story[] = [
  {
    name: "robust: the files are deleted while a diff is open: Apply says which one; a renamed graph keeps its runs",
    shares: true,
    rows: 10,
    async play(world) {
      const { workbench, folder, read } = world;
      await optimize(world);
      const [node] = world.accepted();
      assert.ok(node, "the run accepted something");
      const prompt = `prompts/${node}.md`;
      const [graphText, promptText] = [read(GRAPH), read(prompt)];
      await workbench.row("Proposals", node).click();
      await workbench.tab(`${node}: accepted`).waitFor();

      rmSync(path.join(folder, prompt));
      await workbench.pressLens("Apply");
      await workbench.toast(`${prompt} no longer exists`).waitFor();
      await workbench.picture("40-prompt-gone");
      assert.equal(world.git("status", "--porcelain").trim(), `D ${prompt}`, "nothing is written");
      world.write(prompt, promptText);
      await workbench.clearToasts();

      rmSync(path.join(folder, GRAPH));
      await workbench.row("Graphs", "Word problems").waitFor({ state: "detached" });
      await workbench.pressLens("Apply");
      await workbench.toast(`${GRAPH} no longer exists`).waitFor();
      await workbench.picture("41-graph-gone");
      assert.equal(read(prompt), promptText);
      await workbench.row("Runs", "accepted").or(workbench.row("Runs", "→")).first().waitFor();
      await workbench.clearToasts();

      world.write("renamed.agentgraph.json", graphText);
      await workbench.row("Graphs", "→").waitFor();
      await workbench.picture("42-graph-renamed");
      await workbench.pressLens("Apply");
      await workbench.lens("Applied").waitFor();
      assert.notEqual(read(prompt), promptText);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "robust: the graph is deleted during its run: the run ends, stays in the lists, and its texts can be applied",
    shares: true,
    rows: 10,
    server: { latency: 40 },
    async play(world) {
      const { workbench, folder, read } = world;
      const text = read(GRAPH);
      await start(world);
      await workbench.statusBar("iteration").waitFor();
      rmSync(path.join(folder, GRAPH));
      await workbench.toast("Optimized").waitFor();
      const [node] = world.accepted();
      assert.ok(node, "the run accepted something");
      await workbench.row("Proposals", node).waitFor();
      await workbench.picture("42-graph-deleted-during-run");
      world.write(GRAPH, text);
      await workbench.row("Graphs", "→").waitFor();
      const applyAll = () => workbench.titleAction("Proposals", "Apply all accepted");
      await workbench.pressUntil(applyAll, workbench.row("Proposals", "applied"));
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.decide("Commit ", "Commit");
      await workbench.toast("Committed as").waitFor();
      checkCommit(world);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "robust: CRLF, a byte order mark and mixed line ends: only the changed lines change",
    shares: true,
    rows: 10,
    async play(world) {
      const { workbench, read, git } = world;
      const crlf = (file: string) => `\uFEFF${read(file).trimEnd()}\n${LINES}\n`.replaceAll("\n", "\r\n");
      const prompts = ["prompts/plan.md", "prompts/solve.md"];
      for (const file of prompts) world.write(file, crlf(file));
      git("add", "-A");
      git("commit", "-qm", "as Windows writes it");
      await optimize(world);
      const [node] = world.accepted();
      assert.ok(node, "the run accepted something");
      const file = `prompts/${node}.md`;
      const before = read(file);

      const mixed = before.replace("\r\n", "\n");
      world.write(file, mixed);
      await workbench.row("Proposals", node).click();
      await workbench.tab(`${node}: accepted`).waitFor();
      await pressTitle(world, "Apply");
      await world.until(() => world.summary().proposals.some(({ act }) => act === "applied"));
      const after = read(file);
      assert.ok(after.startsWith("\uFEFF"), "the byte order mark is kept");
      const lines = new Set(mixed.match(/.*\r?\n/g));
      const changed = (after.match(/.*\r?\n/g) ?? []).filter((line) => !lines.has(line));
      assert.ok(changed.length < 10, `lines that stay keep their ends: ${JSON.stringify(changed)}`);
      assert.ok(/[^\r]\n/.test(after) && /\r\n/.test(after), "both kinds of line ends");
      const [added, removed] = git("diff", "--numstat", file).split("\t").map(Number);
      assert.ok(added && added < 10 && (removed ?? 99) < 10, `only a few lines differ: +${added} -${removed}`);
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.decide(`Commit ${node}.md?`, "Commit");
      await workbench.toast("Committed as").waitFor();
      assert.equal(git("show", `HEAD:${file}`), after);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  twoWindows(),
  {
    name: "robust: several roots: each graph has its own runs, and a root that leaves during its run loses nothing",
    example: "",
    plain: true,
    opens: { folders: ["one", "two", "three"] },
    server: { latency: 40 },
    async play(world) {
      const { workbench, folder } = world;
      await create(world, "two", "Word problems");
      await create(world, "three", "Receipts");
      await workbench.openSideBar();
      await workbench.row("Graphs", "two").waitFor();
      await workbench.row("Graphs", "three").waitFor();
      await workbench.clearToasts();
      await workbench.row("Graphs", "three").click();
      await workbench.tab("diamond.agentgraph.json").waitFor();
      await workbench.command("AgentGraph: Optimize graph");
      await chooseServer(world);
      await workbench.decide("Optimize “", "Start");
      await workbench.statusBar("iteration").waitFor();
      await workbench.picture("46-several-roots");
      const folders = ["one", "two"].map((name) => ({ path: name }));
      world.write("several.code-workspace", JSON.stringify({ folders }));
      await workbench.row("Graphs", "three").waitFor({ state: "detached" });
      await workbench.toast("Optimized").waitFor();
      assert.ok(world.accepted("three/agentgraph-diamond").length > 0, "the run accepted something");
      assert.ok(!existsSync(path.join(folder, "two/agentgraph-chain/.agentgraph")), "the other root has no part in it");
      await workbench.row("Proposals", "→").waitFor();
      await workbench.picture("47-root-removed");
      mkdirSync(path.join(folder, "four"));
      world.write(
        "several.code-workspace",
        JSON.stringify({ folders: [...folders, { path: "three" }, { path: "four" }] }),
      );
      await workbench.row("Graphs", "three").waitFor();
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

/** A run that stays in progress until the second window has looked at it. */
function twoWindows(): Story {
  let goOn = () => {};
  let seen = Promise.resolve();
  const simulated = createSimulated();
  let calls = 0;
  const model: Model = {
    identity: simulated.identity,
    async complete(request, signal) {
      if (++calls > 100) await seen;
      return simulated.complete(request, signal);
    },
  };
  return {
    name: "robust: two windows on one folder: one run at a time, seen from both, applied from either",
    shares: true,
    rows: 10,
    server: { model },
    async play(world) {
      const { workbench, read } = world;
      const { page } = workbench;
      calls = 0;
      seen = new Promise((resolve) => {
        goOn = resolve;
      });
      await start(world);
      await workbench.statusBar("iteration").waitFor();
      const other = new Workbench(await page.context().newPage(), path.resolve("out/screenshots"));
      await other.page.goto(page.url());
      await other.ready();
      await other.openSideBar();
      await other.row("Graphs", "running").waitFor();
      await other.command("AgentGraph: Optimize graph");
      await other.toast("is in progress in another window").waitFor();
      await other.picture("44-second-window");
      await other.clearToasts();
      goOn();
      await workbench.toast("Optimized").waitFor();
      const [node] = world.accepted();
      assert.ok(node, "the run accepted something");

      await other.row("Proposals", node).click();
      await other.tab(`${node}: accepted`).waitFor();
      await other.pressLens("Apply");
      await other.lens("Applied").waitFor();
      const applied = read(`prompts/${node}.md`);
      await workbench.row("Proposals", `${node}applied`).waitFor();
      await workbench.picture("45-applied-in-the-other");
      await workbench.titleAction("Proposals", "Apply all accepted");
      await world.until(() =>
        world.summary().proposals.every((it) => it.decision !== "accepted" || it.act === "applied"),
      );
      assert.equal(read(`prompts/${node}.md`), applied, "nothing is applied twice");
      for (const one of [workbench, other]) assert.deepEqual(await one.errors(), []);
      await other.page.close();
    },
  };
}

/** The diff of a long text shows its first change, and the lenses above the first line are out of sight. */
async function pressTitle({ workbench }: World, action: string): Promise<void> {
  await workbench.page.locator(`.editor-actions .action-label[aria-label^="${action}"]`).first().click();
}

/** So that a diff of everything would show. */
const LINES = Array.from({ length: 30 }, (_, index) => `Mind what is said in the sentence before: ${index}.`).join(
  "\n",
);

async function create({ workbench, until, folder }: World, root: string, label: string): Promise<void> {
  await workbench.command("AgentGraph: Create example graph");
  await workbench.pick("Which example?", label);
  await workbench.fillQuickInput(root);
  await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: root }).first().waitFor();
  await workbench.quickInput().press("Enter");
  await workbench.toast("Example created in").waitFor();
  await until(() => existsSync(path.join(folder, root)) && readdirSync(path.join(folder, root)).length > 0);
}
