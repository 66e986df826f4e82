import assert from "node:assert/strict";
import type { Story, World } from "../world.ts";
import { inTheme } from "./steps.ts";

const THEMES = ["Light Modern", "Dark Modern", "Default High Contrast", "Default High Contrast Light"] as const;

/** Not tests so much as pictures to be looked at: each surface, in each theme, wide and narrow. */
export const surfaceStories: readonly Story[] = [
  {
    name: "a file with errors opens with squiggles, and does not run",
    shares: true,
    async play(world) {
      const { workbench } = world;
      const file = "chain.agentgraph.json";
      world.write(file, world.read(file).replace('"plan", "style"]', '"plam", "style"]'));
      await workbench.openSideBar();
      await workbench.row("Graphs", "error").waitFor();
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.toast("can't run").waitFor();
      await workbench.page.locator(".squiggly-error").first().waitFor();
      await workbench.pressOnToast("can't run", "Show problems");
      await workbench.page.locator(".markers-panel .monaco-list-row", { hasText: "plam" }).first().waitFor();
      await workbench.picture("41-faults");
    },
  },
  {
    name: "activation, as VS Code itself reports it",
    shares: true,
    isFirst: true,
    leavesNoTrace: true,
    async play({ workbench }) {
      await workbench.command("Developer: Show Running Extensions");
      const row = workbench.page.locator(".runtime-extensions-editor .extension", { hasText: "AgentGraph" }).first();
      await workbench.page.locator(".runtime-extensions-editor .monaco-list-row").first().hover();
      for (let turn = 0; turn < 60 && (await row.count()) === 0; turn++) {
        await workbench.page.mouse.wheel(0, 100);
        await workbench.page.waitForTimeout(50);
      }
      console.log(`    ${await row.locator(".activation-time").textContent()}`);
    },
  },
  {
    name: "every surface in four themes",
    shares: true,
    rows: 10,
    example: "examples/fan-in",
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench } = world;
      await workbench.openSideBar();
      await workbench.row("Graphs", "Shipping labels").waitFor();
      await workbench.picture("40-nothing-yet");
      await workbench.openByName("fan-in.agentgraph.json");
      await workbench.command("AgentGraph: Optimize graph");
      await workbench.decide("Optimize “", "Start");
      await workbench.toast("Optimized").waitFor();
      await workbench.clearToasts();
      const [node] = world.accepted();
      assert.ok(node);
      await workbench.row("Proposals", node).waitFor();
      for (const theme of THEMES) await themed(world, theme, node);
      await narrow(world, node);
    },
  },
];

async function themed(world: World, theme: string, node: string): Promise<void> {
  const { workbench } = world;
  const name = (surface: string) => `50-${theme.toLowerCase().replaceAll(" ", "-")}-${surface}`;
  await inTheme(world, theme);
  await workbench.openByName("fan-in.agentgraph.json");
  await workbench.lens("✓").waitFor();
  await workbench.picture(name("graph-file"));
  await workbench.row("Proposals", node).click();
  await workbench.tab(`${node}: accepted`).waitFor();
  await workbench.insertedLine().waitFor();
  await workbench.lens("Accepted by the gate").waitFor();
  await workbench.expand("Proposals", node);
  await workbench.picture(name("diff"));
  await workbench.command("AgentGraph: Review all proposals");
  await workbench.tab("Proposals: ").waitFor();
  await workbench.lens("✓").waitFor();
  await workbench.picture(name("review-all"));
  await workbench.openByName("fan-in.agentgraph.json");
  await workbench.command("AgentGraph: Show graph");
  await workbench.graphText("Done").waitFor();
  await workbench.page.waitForTimeout(300);
  await workbench.picture(name("graph"));
  await workbench.closeEditors();
}

/** A side bar of about 200 pixels beside a narrow editor. */
async function narrow(world: World, node: string): Promise<void> {
  const { workbench } = world;
  await world.set({ "workbench.colorTheme": "Dark Modern" });
  await workbench.page.setViewportSize({ width: 640, height: 800 });
  await workbench.page.mouse.move(350, 600);
  await workbench.page.mouse.down();
  await workbench.page.mouse.move(250, 600, { steps: 10 });
  await workbench.page.mouse.up();
  await workbench.row("Proposals", node).click();
  await workbench.tab(`${node}: accepted`).waitFor();
  await workbench.insertedLine().waitFor();
  await workbench.lens("✓").waitFor();
  await workbench.picture("51-narrow-diff");
  await workbench.command("AgentGraph: Show graph");
  await workbench.graphText("Done").waitFor();
  await workbench.page.waitForTimeout(300);
  await workbench.picture("51-narrow-graph");
}
