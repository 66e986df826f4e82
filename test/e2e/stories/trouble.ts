import assert from "node:assert/strict";
import type { Story } from "../world.ts";
import { checkCommit, optimize, start } from "./steps.ts";

export const troubleStories: readonly Story[] = [
  {
    name: "the file is edited during the run: no user edit is overwritten",
    shares: true,
    server: { latency: 40 },
    async play(world) {
      const { workbench, read } = world;
      const { keyboard } = workbench.page;
      await start(world);
      await workbench.statusBar("iteration").waitFor();
      await workbench.openByName("plan.md");
      await workbench.editorText("List the quantities").click();
      await keyboard.press("Control+End");
      await keyboard.type("Mine, written while the run was under way.");
      await keyboard.press("Control+S");
      await world.until(() => read("prompts/plan.md").includes("Mine, written"));
      await workbench.toast("Optimized").waitFor();
      const mine = read("prompts/plan.md");

      assert.ok(world.accepted().includes("plan"), "the run accepted a proposal for the edited file");
      await workbench.row("Graphs", "text changed since").waitFor();
      await workbench.row("Proposals", "plan").click();
      await workbench.tab("plan: accepted").waitFor();
      await workbench.pressLens("Apply");
      await workbench.lens("Text changed since").waitFor();
      await workbench.dialog("changed since the run").waitFor();
      await workbench.picture("30-text-changed");
      assert.match(await workbench.decide("changed since the run", "Cancel"), /Mine, written/);
      assert.equal(read("prompts/plan.md"), mine);

      world.git("checkout", "-q", "prompts/plan.md");
      await workbench.tab("plan.md").click();
      await workbench.editorText("Mine, written").waitFor({ state: "detached" });
      await workbench.row("Graphs", "text changed since").waitFor({ state: "detached" });
      await workbench.row("Proposals", "plan").click();
      await workbench.tab("plan: accepted").waitFor();
      await workbench.pressLens("Apply");
      await workbench.lens("Applied").waitFor();
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  brokenServer(),
  {
    name: "a window that is reloaded during a run offers to resume it",
    shares: true,
    rows: 10,
    server: { latency: 150 },
    async play(world) {
      const { workbench, models } = world;
      await start(world);
      await workbench.statusBar("iteration 1/").waitFor();
      await workbench.page.reload();
      await workbench.ready();
      const before = models.requests();
      await workbench.pressOnToast("was interrupted", "Resume");
      await workbench.toast("Optimized").waitFor();
      assert.ok(models.requests() > before, "the rest was asked for");
      // A request is on record before it leaves: the window may have gone between the two, once for each slot.
      const unsent = world.summary().calls - models.requests();
      assert.ok(unsent >= 0 && unsent <= 16, `${unsent} requests on record never arrived`);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "other changes, staged or in the same file, are never committed without a question",
    shares: true,
    example: "examples/fan-in",
    async play(world) {
      const { workbench, git } = world;
      const file = "fan-in.agentgraph.json";
      await optimize(world);
      await workbench.titleAction("Proposals", "Apply all accepted");
      await workbench.toast("Applied").waitFor();
      const applied = world.read(file);
      world.write("notes.txt", "something else\n");
      git("add", "notes.txt");
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.toast("Other staged changes (notes.txt)").waitFor();
      assert.equal(git("log", "--format=%s", "-1").trim(), "first");

      git("rm", "-qf", "notes.txt");
      world.write(file, applied.replace('"description": "', '"description": "Mine. '));
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.dialog("also contains changes").waitFor();
      await workbench.picture("31-other-changes");
      await workbench.decide("also contains changes", "Cancel");
      assert.equal(git("log", "--format=%s", "-1").trim(), "first");

      world.write(file, applied);
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.decide("Commit ", "Commit");
      await workbench.toast("Committed as").waitFor();
      checkCommit(world, () => file);
      const touched = git("show", "--format=", "-U0", "HEAD")
        .split("\n")
        .filter((line) => /^[-+] /.test(line));
      for (const line of touched) assert.match(line, /^[-+]\s+("instruction": |"[^"]*",?$|\],?$)/, "only prompt lines");
    },
  },
  {
    name: "an applied text that is undone in its file says so, and is applied again with the others",
    shares: true,
    rows: 10,
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, git } = world;
      await workbench.openSideBar();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      await workbench.clearToasts();
      const [node] = world.accepted();
      assert.ok(node, "the run accepted something");
      const changed = () => git("diff", "--name-only").trim().split("\n").filter(Boolean);
      await workbench.row("Proposals", node).click();
      await workbench.tab(`${node}: accepted`).waitFor();
      const [check, cross] = [workbench.editorAction("check"), workbench.editorAction("close")];
      await check.waitFor();
      await cross.waitFor();
      await workbench.pressLens("Apply");
      await workbench.lens("Applied").waitFor();
      await check.waitFor({ state: "hidden" });
      await cross.waitFor({ state: "hidden" });
      assert.deepEqual(changed(), [`prompts/${node}.md`]);
      await workbench.openByName(`${node}.md`);
      await workbench.focusEditor();
      await workbench.page.keyboard.press("Control+Z");
      await workbench.page.keyboard.press("Control+S");
      await world.until(() => changed().length === 0);
      await workbench.row("Proposals", node).click();
      await workbench.lens("Applied and undone").waitFor();
      await check.waitFor();
      await workbench.titleAction("Proposals", "Apply all accepted");
      await workbench.toast("Applied").waitFor();
      assert.deepEqual(
        changed(),
        world
          .accepted()
          .map((one) => `prompts/${one}.md`)
          .sort(),
      );
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "a file that can't be saved is not committed, and the editor keeps its content",
    shares: true,
    rows: 10,
    example: "examples/fan-in",
    settings: { "files.autoSave": "off", "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, git, read } = world;
      const file = "fan-in.agentgraph.json";
      await workbench.openByName(file);
      await workbench.openSideBar();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      await workbench.clearToasts();
      await workbench.titleAction("Proposals", "Apply all accepted");
      await workbench.toast("Applied").waitFor();
      await workbench.clearToasts();
      await workbench.tab(file).click();
      await workbench.editorText('"description"').click();
      await workbench.page.keyboard.press("End");
      await workbench.page.keyboard.press("ArrowLeft");
      await workbench.page.keyboard.press("ArrowLeft");
      await workbench.page.keyboard.type(" Mine.");
      await workbench.editorText(" Mine.").waitFor();
      // Somebody else has written the file meanwhile: VS Code refuses to save over it.
      const others = read(file).replace('"version": 1', '"version": 1 ');
      world.write(file, others);
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.toast(`${file} couldn't be saved`).waitFor();
      await workbench.picture("33-not-saved");
      assert.equal(read(file), others);
      assert.equal(git("log", "--format=%s", "-1").trim(), "first");
      await workbench.editorText(" Mine.").waitFor();
    },
  },
];

/** A server that stops knowing its model in the middle of the run, until somebody sets it right. */
function brokenServer(): Story {
  let broken = true;
  return {
    name: "the server fails during the run; Resume continues from there",
    shares: true,
    server: { faults: ({ count }) => (broken && count > 150 ? "404" : null) },
    async play(world) {
      const { workbench, models } = world;
      broken = true;
      await start(world);
      await workbench.toast("has no model named simulated").waitFor();
      await workbench.picture("32-failed");
      const asked = models.requests();
      assert.equal(world.summary().status, "failed");
      broken = false;
      await workbench.pressOnToast("has no model named simulated", "Resume");
      await workbench.toast("Optimized").waitFor();
      assert.equal(world.summary().status, "done");
      const onRecord = world.summary().calls;
      assert.ok(onRecord >= models.requests() && onRecord <= models.requests() + 16, "every request is on record");
      const contents = models.log.filter(({ fault }) => fault === null).map(({ body }) => JSON.stringify(body));
      // Replies on their way when the run ended are lost: no more than may be asked for at once.
      const again = contents.length - new Set(contents).size;
      assert.ok(again <= 16, `${again} replies were asked for twice`);
      assert.ok(models.requests() > asked);
    },
  };
}
