// node scripts/ts.mjs test/e2e/pictures.ts: takes the README's pictures anew, docs/*.png, from out/agentgraph.vsix in a real VS Code.
import assert from "node:assert/strict";
import path from "node:path";
import { Stage, type World } from "./world.ts";

/** What has nothing to do with the extension is out of the picture. */
const DEFAULT_PARAMS = {
  "agentgraph.provider": "simulated",
  "editor.minimap.enabled": false,
  "window.commandCenter": false,
  "workbench.colorTheme": "Light Modern",
  "workbench.layoutControl.enabled": false,
  "workbench.statusBar.visible": false,
};

const vsix = path.resolve("out/agentgraph.vsix");
const stage = new Stage(vsix);
const size = { width: 1280, height: 800 };
await stage.play({ name: "pictures of the review", settings: DEFAULT_PARAMS, size, play: review });
await stage.play({
  name: "pictures of the graph",
  example: "examples/fan-in",
  settings: { ...DEFAULT_PARAMS, "workbench.colorTheme": "Dark Modern" },
  size,
  play: graph,
});
await stage.close();
process.exit(0);

async function review(world: World): Promise<void> {
  const { workbench } = world;
  await optimized(world, "chain.agentgraph.json");
  const [node] = world.accepted();
  assert.ok(node, "the run accepted a proposal");
  await workbench.row("Proposals", node).click();
  await workbench.insertedLine().waitFor();
  await workbench.lens("Accepted by the gate").waitFor();
  await workbench.expand("Proposals", node);
  await workbench.pressLens("Why");
  await workbench.graphText("What the feedback asks for").waitFor();
  await picture(world, "review");
  await workbench.closeEditors();
  await workbench.menuOn(workbench.row("Runs", "Word problems"), "Show report");
  await workbench.graphText("Before you rely on this").waitFor();
  await workbench.command("View: Close Primary Side Bar");
  await picture(world, "report");
}

async function graph(world: World): Promise<void> {
  const { workbench } = world;
  await optimized(world, "fan-in.agentgraph.json");
  await workbench.lens("Accepted by the gate").waitFor();
  await workbench.command("AgentGraph: Show graph");
  await workbench.graphText("Done").waitFor();
  await workbench.command("View: Close Primary Side Bar");
  await picture(world, "graph");
}

async function optimized({ workbench }: World, file: string): Promise<void> {
  await workbench.openByName(file);
  await workbench.openSideBar();
  await workbench.command("AgentGraph: Optimize graph");
  await workbench.decide("Optimize “", "Start");
  await workbench.toast("Optimized").waitFor({ timeout: 60_000 });
  await workbench.clearToasts();
}

/** When all has come to rest and nothing stands under the mouse. */
async function picture({ workbench: { page } }: World, name: string): Promise<void> {
  await page.mouse.move(640, 4);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `docs/${name}.png` });
}
