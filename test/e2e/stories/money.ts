import assert from "node:assert/strict";
import type { Story } from "../world.ts";
import { chooseServer } from "./steps.ts";

export const moneyStories: readonly Story[] = [
  {
    name: "a budget in money asks what a model costs before anything is sent, and only once",
    async play(world) {
      const { workbench, models, read, write } = world;
      const file = "chain.agentgraph.json";
      const graph = JSON.parse(read(file));
      graph.nodes.plan.model = { model: "house-model" };
      write(file, JSON.stringify({ ...graph, optimize: { ...graph.optimize, budget: { usd: 2 } } }, null, 2));
      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await chooseServer(world);
      await workbench.quickTitle("What does house-model cost?").waitFor();
      await workbench.page.keyboard.press("Escape");
      assert.equal(models.requests(), 0, "without a price nothing is sent");

      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.quickTitle("What does house-model cost?").waitFor();
      await workbench.page.keyboard.type("cheap");
      await workbench.picture("80-price");
      await workbench.page.keyboard.press("Control+A");
      await workbench.answer("What does house-model cost?", "0.5, 1.5");
      await workbench.dialog("Optimize “").waitFor();
      await workbench.picture("81-budget-in-money");
      const said = await workbench.decide("Optimize “", "Start");
      assert.match(said, /At most: .*\$2\.00/);
      await workbench.toast("is optimized").waitFor({ timeout: 60_000 });

      await workbench.menuOn(workbench.file(".agentgraph.json"), "Optimize graph");
      await workbench.dialog("Optimize “").waitFor();
    },
  },
];
