import assert from "node:assert/strict";
import type { Story, World } from "../world.ts";

const THEMES = ["Light Modern", "Dark Modern", "Default High Contrast", "Default High Contrast Light"] as const;

/** Not tests so much as pictures to be looked at: each surface, in each theme, wide and narrow. */
export const surfaceStories: readonly Story[] = [
  {
    name: "every surface in four themes",
    example: "examples/fan-in",
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench } = world;
      await workbench.openSideBar();
      await workbench.picture("40-nothing-yet");
      await workbench.openByName("fan-in.agentgraph.json");
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("is optimized").waitFor({ timeout: 60_000 });
      await workbench.clearToasts();
      const [node] = world.accepted();
      assert.ok(node);
      await workbench.row("Proposals", node).waitFor();
      for (const theme of THEMES) await themed(world, theme, node);
    },
  },
];

async function themed({ workbench, vscode }: World, theme: string, node: string): Promise<void> {
  const name = (surface: string) => `50-${theme.toLowerCase().replaceAll(" ", "-")}-${surface}`;
  vscode.set({ "workbench.colorTheme": theme });
  await workbench.page.waitForTimeout(500);
  await workbench.openByName("fan-in.agentgraph.json");
  await workbench.lens("✓").waitFor();
  await workbench.picture(name("graph-file"));
  await workbench.row("Proposals", node).click();
  await workbench.tab(`${node}: accepted`).waitFor();
  await workbench.insertedLine().waitFor();
  await workbench.expand("Proposals", node);
  await workbench.picture(name("diff"));
  await workbench.command("AgentGraph: Review all proposals");
  await workbench.tab("Proposals: ").waitFor();
  await workbench.lens("✓").waitFor();
  await workbench.page.waitForTimeout(500);
  await workbench.picture(name("review-all"));
  await workbench.openByName("fan-in.agentgraph.json");
  await workbench.command("AgentGraph: Show graph");
  await workbench.page.waitForTimeout(2500);
  await workbench.picture(name("graph"));
  await workbench.command("View: Close All Editors");
}
