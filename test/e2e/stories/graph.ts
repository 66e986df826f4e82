import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Story } from "../world.ts";
import { chooseServer } from "./steps.ts";

export const graphStories: readonly Story[] = [
  {
    name: "the graph beside its text: live during a run, synchronized both ways, kept over a reload",
    shares: true,
    rows: 10,
    example: "examples/diamond",
    size: { width: 1600, height: 1000 },
    settings: { "workbench.colorTheme": "Default Dark Modern" },
    // Slow enough to be seen while it runs.
    server: { latency: 100 },
    async play(world) {
      const { workbench, git, until } = world;
      const { page } = workbench;
      const refused: string[] = [];
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) refused.push(message.text());
      });
      const graph = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      const node = (id: string) => graph.locator(`svg.graph g.node[data-id="${id}"]`);

      await workbench.openByName("diamond.agentgraph.json");
      await workbench.command("AgentGraph: Show graph");
      await node("answer").waitFor();
      assert.equal(await graph.locator("svg.graph g.node").count(), 5);
      await node("answer").getByText("gpt-6-luna").waitFor();
      await workbench.picture("60-graph-untouched");

      await node("prices").click();
      await graph.locator(".panel h2", { hasText: "prices" }).waitFor();
      await page.locator(".line-numbers.active-line-number", { hasText: "20" }).waitFor();
      await workbench.picture("61-graph-node");

      await workbench.command("View: Focus First Editor Group");
      await page.locator(".editor-instance .monaco-editor.focused").first().waitFor();
      await page.keyboard.press("Control+G");
      await page.keyboard.type("15");
      await page.keyboard.press("Enter");
      await graph.locator('svg.graph g.node.cursor[data-id="amounts"]').waitFor();

      await page.keyboard.press("Control+Home");
      await page.keyboard.type(",");
      await graph.locator(".faults", { hasText: "last valid graph" }).waitFor();
      assert.equal(await graph.locator("svg.graph g.node").count(), 5);
      await workbench.picture("62-graph-broken");
      await page.keyboard.press("Control+Z");
      await graph.locator(".faults").waitFor({ state: "hidden" });
      // VS Code may have saved the broken text by itself: a run reads what is on disk.
      await page.keyboard.press("Control+S");
      await until(() => git("status", "--porcelain").trim() === "");

      await workbench.command("AgentGraph: Optimize graph");
      await chooseServer(world);
      await workbench.decide("Optimize “", "Start");
      await node("answer").getByText("simulated").waitFor();
      await graph.locator(".run .status.running").waitFor();
      await workbench.picture("63-graph-live");
      await workbench.toast("Optimized").waitFor();
      await workbench.clearToasts();
      await graph.locator(".run .status.done").waitFor();
      await graph.locator("svg.graph g.node.accepted").first().waitFor();

      await graph.locator(".panel nav button").click();
      await graph.locator("button.sample").first().click();
      // The details took their room from the drawing, which stays where a node was clicked in it.
      await graph.locator('vscode-button[aria-label^="Fit the graph"]').click();
      await node("answer").click();
      await graph.locator(".compare dt", { hasText: "Expected" }).waitFor();
      await graph.locator("summary", { hasText: "Prompt sent" }).waitFor();
      await workbench.picture("64-graph-sample");

      await graph.getByText("Review change").click();
      await workbench.tab("answer: ").waitFor();
      await workbench.picture("65-graph-review");
      assert.ok(refused.length <= 2, `refused by the page's policy: ${refused.join("\n")}`);

      await page.waitForTimeout(2000);
      await page.reload();
      await node("answer").waitFor();
      await graph.locator(".run .status.done").waitFor();
      await workbench.picture("66-graph-reloaded");
    },
  },
  {
    name: "a click on a node shows it in the graph file while the file of its text is closed",
    shares: true,
    example: "examples/chain",
    async play({ workbench }) {
      const { page } = workbench;
      const graph = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      await workbench.openByName("chain.agentgraph.json");
      await workbench.command("AgentGraph: Show graph");
      await graph.locator('svg.graph g.node[data-id="solve"]').click();
      await page.locator(".line-numbers.active-line-number", { hasText: "17" }).waitFor();
      await graph.locator('svg.graph g.node[data-id="plan"]').click();
      await page.locator(".line-numbers.active-line-number", { hasText: /^7$/ }).waitFor();
    },
  },
  {
    name: "the graph as an editor of its own",
    shares: true,
    // VS Code opens a file as it was opened before: this one no other story opens.
    files: { "own.agentgraph.json": readFileSync("examples/chain/chain.agentgraph.json", "utf8") },
    settings: {
      "agentgraph.provider": "simulated",
      "workbench.editorAssociations": { "*.agentgraph.json": "agentgraph.graph" },
    },
    async play({ workbench }) {
      const { page } = workbench;
      const graph = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      const first = graph.locator("svg.graph g.node").first();
      await workbench.openByName("own.agentgraph.json");
      await first.waitFor();
      const ids = await graph
        .locator("svg.graph g.node.llm")
        .evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-id")));
      assert.ok(ids.length >= 2);
      await graph.locator("svg.graph g.node.llm").first().dblclick();
      await workbench.editorText("").waitFor();
      await workbench.picture("67-graph-editor");
    },
  },
];
