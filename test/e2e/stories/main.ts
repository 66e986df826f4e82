import assert from "node:assert/strict";
import { harmfulModel } from "../models.ts";
import type { Story } from "../world.ts";
import { checkCommit, chooseServer, optimize } from "./steps.ts";

export const mainStories: readonly Story[] = [
  {
    name: "from a right-click to a commit, by mouse",
    shares: true,
    async play(world) {
      const { workbench, git, models } = world;
      await workbench.openFile("chain.agentgraph.json");
      await workbench.lens("Optimize graph").waitFor();
      await workbench.picture("01-graph-file");
      await workbench.file("chain.agentgraph.json").click({ button: "right" });
      await workbench.menuItem("Optimize graph").waitFor();
      await workbench.picture("02-explorer-menu");
      await workbench.pressMenu("Optimize graph");
      await chooseServer(world);
      await workbench.dialog("Optimize “").waitFor();
      await workbench.picture("06-confirm");
      const said = await workbench.decide("Optimize “", "Start");
      assert.match(said, /at most 2,000 calls/);
      assert.match(said, /70 samples are sent to model simulated at 127\.0\.0\.1/);
      await workbench.statusBar("iteration").waitFor();
      await workbench.picture("07-running");
      await workbench.toast("Optimized").waitFor();
      await workbench.picture("08-done");
      assert.equal(models.requests(), world.summary().calls, "the server counts the calls that the run shows");

      await workbench.command("AgentGraph: Show graph");
      await workbench.graphText("Done").waitFor();
      await workbench.picture("08-graph");
      await workbench.closeEditors();

      await workbench.pressOnToast("Optimized", "Review proposals");
      await workbench.tab("Proposals: Word problems").waitFor();
      await workbench.lens("Accepted by the gate").waitFor();
      await workbench.picture("09-review-all");

      const [first, ...others] = world.accepted();
      assert.ok(first, "the run accepted a proposal");
      await workbench.row("Proposals", first).click();
      await workbench.tab(`${first}: accepted`).waitFor();
      await workbench.insertedLine().waitFor();
      await workbench.picture("10-inline-diff");
      await workbench.pressLens("Why");
      await workbench.graphText("What the feedback asks for").waitFor();
      await workbench.picture("11-why");

      await workbench.pressLens("Apply");
      await workbench.lens("Applied").waitFor();
      await workbench.picture("12-applied");
      assert.equal(git("diff", "--name-only").trim(), `prompts/${first}.md`);

      if (others.length > 0) {
        await workbench.titleAction("Proposals", "Apply all accepted");
        await world.until(() => others.every((node) => git("diff", "--name-only").includes(`prompts/${node}.md`)));
      }
      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.dialog("Commit ").waitFor();
      await workbench.picture("13-commit");
      const message = await workbench.decide("Commit ", "Commit");
      assert.match(message, /Agentgraph-Loss: 0\.\d\d -> 0\.\d\d \(n=20\)/);
      await workbench.toast("Committed as").waitFor();
      await workbench.picture("14-committed");
      checkCommit(world);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "from the Command Palette to a commit, by keyboard alone",
    shares: true,
    rows: 10,
    async play(world) {
      const { workbench, git } = world;
      const { keyboard } = workbench.page;
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.quickTitle("Which model provider should be used?").waitFor();
      await keyboard.type("simulated");
      await keyboard.press("Enter");
      await workbench.dialog("Optimize “").waitFor();
      await keyboard.press("Enter");
      await workbench.toast("Optimized").waitFor();

      const [first] = world.accepted();
      assert.ok(first, "the run accepted a proposal");
      await workbench.command("AgentGraph: Review all proposals");
      await workbench.lens("by the gate").waitFor();
      await keyboard.press("Alt+F7");
      await workbench.page.locator('.tabs-container .tab.active:not([aria-label^="Proposals"])').waitFor();
      await workbench.insertedLine().waitFor();
      const shown: string[] = [];
      for (const _ of world.summary().proposals) {
        const title = await workbench.activeTab();
        shown.push(title.split(":")[0] ?? "");
        if (title.includes(": accepted")) {
          await workbench.focusEditor();
          await keyboard.press("Control+Enter");
          const file = `prompts/${shown.at(-1)}.md`;
          await world.until(() => git("diff", "--name-only").includes(file));
        } else {
          await workbench.focusEditor();
          await keyboard.press("Control+Backspace");
          await workbench.lens("Rejected by you").waitFor();
        }
        await keyboard.press("Alt+F7");
        await workbench.tabOtherThan(title);
      }
      assert.deepEqual(
        shown.sort(),
        world
          .summary()
          .proposals.map(({ node }) => node)
          .sort(),
        "each was shown once",
      );

      await workbench.command("AgentGraph: Commit accepted prompts");
      await workbench.dialog("Commit ").waitFor();
      await keyboard.press("Enter");
      await workbench.toast("Committed as").waitFor();
      checkCommit(world);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
  {
    name: "a proposal that the gate rejected is applied only after a second question",
    shares: true,
    rows: 10,
    server: { model: harmfulModel() },
    async play(world) {
      const { workbench, git } = world;
      await optimize(world, "No change was accepted");
      const [proposal] = world.summary().proposals;
      assert.equal(proposal?.decision, "rejected");
      assert.deepEqual(world.accepted(), []);
      await workbench.row("Proposals", proposal.node).click();
      await workbench.tab(`${proposal.node}: rejected`).waitFor();
      await workbench.lens("Rejected by the gate").waitFor();
      await workbench.picture("20-rejected");

      await workbench.pressLens("Apply");
      await workbench.dialog("anyway?").waitFor();
      await workbench.picture("21-second-question");
      assert.match(await workbench.decide("anyway?", "Cancel"), /Rejected by the gate/);
      assert.equal(git("status", "--porcelain", "--untracked-files=no").trim(), "");

      await workbench.pressLens("Apply");
      await workbench.decide("anyway?", "Apply anyway");
      await world.until(() => git("diff", "--name-only").trim() === `prompts/${proposal.node}.md`);
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];
