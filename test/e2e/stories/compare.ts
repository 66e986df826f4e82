import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import type { Story, World } from "../world.ts";
import { inTheme } from "./steps.ts";

const GRAPH = "chain.agentgraph.json";
const LOADED = { timeout: 120_000 };

export const compareStories: readonly Story[] = [
  {
    name: "compare methods from the palette, ablate one by right-click, and save the page",
    shares: true,
    rows: 10,
    settings: { "agentgraph.provider": "simulated" },
    async play(world) {
      const { workbench, folder } = world;
      // The estimate and the runs are the same with fewer iterations, and over sooner.
      const graph = JSON.parse(world.read(GRAPH));
      graph.optimize = { ...graph.optimize, iterations: 2, textgrad: { iterations: 2 }, gepa: { metricCalls: 60 } };
      world.write(GRAPH, JSON.stringify(graph, null, 2));

      await workbench.command("AgentGraph: Compare methods");
      await workbench.quickTitle("Which methods?").waitFor();
      await workbench.picture("90-which-methods");
      assert.deepEqual(await checked(world), ["semantic", "textgrad", "gepa"]);
      await workbench.page.keyboard.press("Enter");
      await workbench.pick("How many runs of each method?", "Quick check");
      await workbench.dialog("Compare ").waitFor();
      await workbench.picture("91-compare-cost");
      const said = await workbench.decide("Compare ", "Compare");
      assert.match(said, /Compare semantic, textgrad, gepa on “Word problems”\?/);
      assert.match(
        said,
        /Calls of all runs: semantic ≈\s[\d,]+, textgrad ≈\s[\d,]+, gepa ≈\s[\d,]+, scoring the test samples ≈\s[\d,]+\./,
      );
      await workbench.graphText("Held-out scores").waitFor(LOADED);
      for (const baseline of ["the original graph", "chain of thought"]) await workbench.graphText(baseline).waitFor();
      const page = path.join(folder, "methods.html");
      await workbench.pressOnToast("The comparison of methods on “Word problems” is complete.", "Save As");
      await workbench.answerPath(page);
      await world.until(() => readFileSync(page, "utf8").includes("sign-flip"));
      await workbench.clearToasts();
      await pictures(world, "92-methods");

      await workbench.openExplorer();
      await workbench.menuOn(workbench.file(GRAPH), "Ablate a method");
      await workbench.quickTitle("Which options of “semantic” should be changed").waitFor();
      await workbench.picture("93-which-options");
      await uncheckAllBut(world, "neighbors");
      await workbench.page.keyboard.press("Enter");
      await workbench.pick("How many runs of each method?", "Quick check");
      await workbench.decide("Ablate “semantic”", "Ablate");
      await workbench.graphText("neighbors off").waitFor(LOADED);
      await pictures(world, "94-ablation");
      assert.deepEqual(await workbench.errors(), []);
    },
  },
];

function items({ workbench: { page } }: World): Locator {
  return page.locator(".quick-input-list .monaco-list-row:has(input[type=checkbox], .monaco-checkbox)");
}

async function labelOf(item: Locator): Promise<string> {
  return (await item.locator(".label-name, .monaco-highlighted-label").first().textContent()) ?? "";
}

async function isChecked(item: Locator): Promise<boolean> {
  return (await item.locator("[aria-checked=true], input:checked").count()) > 0;
}

/** Labels of the entries of a list that are checked. */
async function checked(world: World): Promise<string[]> {
  const labels: string[] = [];
  for (const item of await items(world).all()) if (await isChecked(item)) labels.push(await labelOf(item));
  return labels;
}

async function uncheckAllBut(world: World, kept: string): Promise<void> {
  for (const item of await items(world).all()) {
    if ((await isChecked(item)) && (await labelOf(item)) !== kept) await item.click();
  }
}

/** The page in each kind of theme, and in a narrow window. */
async function pictures(world: World, name: string): Promise<void> {
  const { workbench } = world;
  const size = workbench.page.viewportSize();
  for (const theme of ["Light Modern", "Default High Contrast", "Dark Modern"]) {
    await inTheme(world, theme);
    await workbench.picture(`${name}-${theme.toLowerCase().replaceAll(" ", "-")}`);
  }
  await workbench.page.setViewportSize({ width: 720, height: 800 });
  await workbench.page.waitForTimeout(500);
  await workbench.picture(`${name}-narrow`);
  if (size) await workbench.page.setViewportSize(size);
}
