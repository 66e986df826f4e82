import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { Story, World } from "../world.ts";

const LOADED = { timeout: 60_000 };
/** Milliseconds after which a browser has what VS Code keeps of its tabs: it is written every five seconds. */
const SAVED = 8000;

export const pageStories: readonly Story[] = [
  {
    name: "run pages are restored when the window reloads, and say so if their run is gone",
    shares: true,
    rows: 10,
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, folder } = world;
      const { page } = workbench;
      await workbench.openSideBar();
      await optimize(world);
      // That the first run is done must not be taken for the second one's end.
      await workbench.clearToasts();
      await optimize(world);
      const runs = workbench.section("Runs").locator(".monaco-list-row", { hasText: "Word problems" });
      await runs.nth(0).click();
      await workbench.lens("by the gate").waitFor();
      await runs.nth(1).click({ modifiers: ["Control"] });
      await workbench.menuOn(runs.nth(1), "Compare runs");
      await workbench.graphText("Two runs compared").waitFor();
      await workbench.menuOn(runs.nth(0), "Show report");
      await workbench.graphText("Before you rely on this").waitFor();

      await page.waitForTimeout(SAVED);
      await page.reload();
      await workbench.graphText("Before you rely on this").waitFor(LOADED);
      await workbench.tab("Compare: Word problems").click();
      await workbench.graphText("Two runs compared").waitFor();
      await workbench.picture("84-compare-reloaded");
      assert.equal(await page.locator(".tabs-container .tab", { hasText: "Word problems, " }).count(), 2);

      // A tab that nobody looks at in between is remembered, too.
      await page.waitForTimeout(SAVED);
      const [oldest = ""] = readdirSync(path.join(folder, ".agentgraph/runs")).sort();
      rmSync(path.join(folder, ".agentgraph/runs", oldest), { recursive: true });
      await page.reload();
      await workbench.graphText("The run no longer exists").waitFor(LOADED);
      await workbench.picture("85-compare-gone");
      await workbench.tab("Report: Word problems").click();
      await workbench.graphText("Before you rely on this").waitFor();
    },
  },
];

async function optimize({ workbench }: World): Promise<void> {
  await workbench.command("AgentGraph: Optimize graph");
  await workbench.decide("Optimize “", "Start");
  await workbench.toast("Optimized").waitFor(LOADED);
  await workbench.clearToasts();
}
